/** Answers calls about the runs that the browser keeps. What was deleted last stays in memory, so that it can be brought back. */
import { parseJson } from '../../src/recipe/json.ts';
import { observationOf, parseObservationLine } from '../../src/train/observation-lines.ts';
import type { Observation } from '../../src/train/observe.ts';
import { parseEvaluationLine } from '../../src/train/result-json.ts';
import { parseResult, wholeLines } from '../../src/train/run-files.ts';
import type { Handlers } from '../protocol/calls.ts';
import type { RunsCalls, StoredRun } from '../protocol/runs.ts';
import type { Database, RunEntry } from '../storage/database.ts';
import { withRunLock } from '../storage/run-lock.ts';
import { deleteRun, listRuns, putRun, readEntry, readRecipe, readRunFiles, renameRun } from '../storage/runs.ts';
import { exportRun, importRun } from '../storage/zip.ts';
import { decode } from '../storage/text.ts';
import type { Workplace } from './workplace.ts';

interface DeletedRun {
  readonly entry: RunEntry;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export function runsHandlers({ database }: Workplace): Handlers<RunsCalls> {
  let deleted: DeletedRun[] = [];
  return {
    async listRuns() {
      const opened = await database();
      const { memoryOnly } = opened;
      return { runs: await listRuns(opened), ...(memoryOnly !== undefined && { memoryOnly }) };
    },
    readRun: async ({ id }) => readRun(await database(), id),
    renameRun: async ({ id, name }) => renameRun(await database(), id, name),
    async deleteRuns({ ids }) {
      const opened = await database();
      // One that is being trained is refused before any is deleted.
      for (const id of ids) {
        const { name } = await readEntry(opened, id);
        await withRunLock(id, name, async () => undefined);
      }
      deleted = [];
      for (const id of ids) {
        const entry = await readEntry(opened, id);
        const files = await readRunFiles(opened, id);
        await deleteRun(opened, id);
        deleted.push({ entry, files });
      }
    },
    async restoreRuns() {
      const opened = await database();
      for (const { entry, files } of deleted) await putRun(opened, entry, files);
      deleted = [];
    },
    exportRun: async ({ id }) => exportRun(await database(), id),
    readObservations: async ({ id, most }) => readObservations(await database(), id, most),
    importRun: async ({ fileName, bytes }) => importRun(await database(), fileName, bytes),
  };
}

async function readRun(database: Database, id: string): Promise<StoredRun> {
  const entry = await readEntry(database, id);
  const recipe = await readRecipe(database, id);
  // Checkpoints are left where they are: a run that is compared while it is trained is read every few seconds.
  const [metrics, result] = await Promise.all(
    ['metrics.jsonl', 'result.json'].map(async (path) => decode(await database.get('files', [id, path]))),
  );
  const place = `${entry.name}/result.json`;
  const population = recipe.members?.length ?? 1;
  return {
    entry,
    recipe,
    evaluations: wholeLines(metrics ?? '').map((line) => parseEvaluationLine(line, population)),
    ...(result !== undefined && result !== '' && { result: parseResult(parseJson(result, place), place) }),
  };
}

async function readObservations(database: Database, id: string, most: number): Promise<Observation[]> {
  const { name } = await readEntry(database, id);
  const lines = wholeLines(decode(await database.get('files', [id, 'observations.jsonl'])));
  const stride = Math.max(1, lines.length / most);
  const wanted = Array.from({ length: Math.min(most, lines.length) }, (_, index) =>
    Math.min(lines.length - 1, Math.round((index + 1) * stride) - 1),
  );
  return wanted.map((line) =>
    observationOf(parseObservationLine(lines[line] ?? '', `${name}/observations.jsonl`, line + 1)),
  );
}
