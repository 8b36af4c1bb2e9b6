/** Runs as zip files: what is exported here the command line unpacks, and the other way round. */
import { planDuration } from '../../src/train/duration.ts';
import { checkpointNames, folderName, wholeLines } from '../../src/train/run-files.ts';
import { parseEvaluationLine } from '../../src/train/result-json.ts';
import { packRun, unpackRun } from '../../src/train/run-zip.ts';
import type { UnpackedRun } from '../../src/train/run-zip.ts';
import type { Database, RunEntry } from './database.ts';
import { newId } from './new-id.ts';
import { putRun, readEntry, readRunFiles, summary } from './runs.ts';
import { decode } from './text.ts';

/** A run as a zip file, and a name for that. */
export async function exportRun(
  database: Database,
  id: string,
): Promise<{ readonly fileName: string; readonly bytes: Uint8Array }> {
  const { name } = await readEntry(database, id);
  return { fileName: `${folderName(name)}.zip`, bytes: packRun(name, await readRunFiles(database, id)) };
}

/** Keeps the run of a zip file as a new one. Throws DataError for a file without a sound run. */
export async function importRun(database: Database, fileName: string, bytes: Uint8Array): Promise<RunEntry> {
  const run = unpackRun(bytes, fileName);
  const entry = describeRun(run);
  await putRun(database, entry, run.files);
  return entry;
}

function describeRun({ name, recipe, model, result, files }: UnpackedRun): RunEntry {
  const now = new Date().toISOString();
  const step = result === undefined ? newestStep([...files.keys()]) : Math.max(...[result.steps].flat());
  const steps = model.trainRows === undefined ? step : planDuration(recipe, model.trainRows).steps;
  const lines = wholeLines(decode(files.get('metrics.jsonl')));
  const lastLine = lines.at(-1);
  const [member] = lastLine === undefined ? [] : parseEvaluationLine(lastLine, recipe.members?.length ?? 1).members;
  return {
    id: newId(),
    name,
    created: now,
    updated: now,
    kind: 'run',
    state: result === undefined ? 'paused' : 'finished',
    step,
    steps,
    recipeName: recipe.name,
    dataset: recipe.data.source,
    ...(result && { device: result.device, adapter: result.adapter, seconds: result.seconds.train }),
    ...summary(result ?? member ?? {}),
  };
}

function newestStep(paths: readonly string[]): number {
  const names = paths.map((path) => path.replace('checkpoints/', ''));
  return Number(/\d+/.exec(checkpointNames(names).at(-1) ?? '')?.[0] ?? 0);
}
