/**
 * Trains steps of a workload as the trainer does: chunks that fill a time budget, two of them in flight, the losses of a chunk read while
 * the next one runs. Nothing but the steps is in it: no evaluation, no checkpoint, no event.
 */
import { createChunks } from '../src/train/chunks.ts';
import { createExecutor, maxBindingBytes } from '../src/train/device.ts';
import type { Device } from '../src/train/device.ts';
import type { Executor } from '../src/plan/executor.ts';
import { createFeed, initialArena, prepare, uploadData } from '../src/train/session.ts';
import type { Feed, Prepared } from '../src/train/session.ts';
import type { TrainingWorkload } from './workloads.ts';

export interface Stepper extends Disposable {
  readonly prepared: Prepared;
  readonly executor: Executor;
  readonly feed: Feed;
  /** One for each member: what reduce-on-plateau would have done to the rate. */
  readonly plateaus: readonly number[];
  /** Trains so many steps on; the mean loss of each step and member [steps, members], once all are done. */
  train(steps: number): Promise<Float64Array>;
}

const chunkMilliseconds = 100;

/** Makes everything resident. `train` of it allocates only what it returns. */
export async function openStepper(device: Device, { recipe, createDataset }: TrainingWorkload): Promise<Stepper> {
  const prepared = prepare(recipe, createDataset(), { maxBindingBytes: maxBindingBytes(device) });
  const { plan, members } = prepared;
  const executor = await createExecutor(device, plan);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  const feed = createFeed(prepared);
  const chunks = createChunks(chunkMilliseconds, plan.chunkRows);
  const plateaus = members.map(() => 1);
  const mostInFlight = device.kind === 'gpu' ? 2 : 1;
  let finished = 0;

  return {
    prepared,
    executor,
    feed,
    plateaus,
    async train(steps) {
      const losses = new Float64Array(steps * plan.population);
      const first = finished;
      const inFlight: { count: number; table: Promise<ArrayLike<number>> }[] = [];
      let submitted = first;
      chunks.resume();
      while (finished < first + steps) {
        const most = chunks.timed() ? mostInFlight : 1;
        while (submitted < first + steps && inFlight.length < most) {
          const count = Math.min(chunks.steps(), first + steps - submitted);
          executor.run('train', { steps: feed.loadTraining(executor, submitted, count, plateaus) });
          const table = executor.read('metrics', 0, count * plan.population * 2);
          // Handled where it is awaited.
          table.catch(() => undefined);
          inFlight.push({ count, table });
          submitted += count;
        }
        const chunk = inFlight.shift();
        if (chunk === undefined) break;
        const table = await chunk.table;
        chunks.finished(chunk.count);
        const offset = (finished - first) * plan.population;
        for (let index = 0; index < table.length / 2; index++) {
          losses[offset + index] = (table[2 * index] ?? 0) / plan.batch;
        }
        finished += chunk.count;
      }
      return losses;
    },
    [Symbol.dispose]: () => executor[Symbol.dispose](),
  };
}
