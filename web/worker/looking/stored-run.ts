/** The model of a run that the browser keeps: as of its newest checkpoint, or with its final weights. */
import { DataError } from '../../../src/errors.ts';
import { readWeights } from '../../../src/train/checkpoint.ts';
import { maxBindingBytes } from '../../../src/train/device.ts';
import { newestCheckpoint, wholeLines } from '../../../src/train/run-files.ts';
import { prepare } from '../../../src/train/session.ts';
import { readEntry, readRecipe, readRunFiles } from '../../storage/runs.ts';
import { decode } from '../../storage/text.ts';
import type { Snapshot } from '../live-model.ts';
import type { Workplace } from '../workplace.ts';

const folder = 'checkpoints/';

/** Throws DataError for a run that is not there or has no weights yet. */
export async function readSnapshot(workplace: Workplace, runId: string): Promise<Snapshot> {
  const database = await workplace.database();
  const { name, step } = await readEntry(database, runId);
  const recipe = await readRecipe(database, runId);
  const files = await readRunFiles(database, runId);
  const dataset = await workplace.dataset(recipe.data);
  const prepared = prepare(recipe, dataset, { maxBindingBytes: maxBindingBytes(await workplace.devices.current()) });
  const { plan } = prepared;
  const final = files.get('final.safetensors');
  if (final !== undefined) {
    return { runId, prepared, step, parameters: readWeights(final, name, plan.model, plan.population) };
  }
  const { checkpoint } = newestCheckpoint(
    Array.from(files.keys()).flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])),
    (file) => files.get(folder + file) ?? new Uint8Array(),
    `${name}/checkpoints`,
    plan,
    wholeLines(decode(files.get('metrics.jsonl'))).length,
  );
  const parameters = checkpoint?.arenas['parameters'];
  if (checkpoint === undefined || parameters === undefined) {
    throw new DataError(name, 'has no weights yet. Train a step first.');
  }
  return { runId, prepared, step: checkpoint.counters.step, parameters };
}
