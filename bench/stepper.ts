/**
 * Trains steps of a workload as the trainer does, in its chunks. Nothing but the steps is in it: no evaluation, no checkpoint, no event.
 */
import { lossColumns } from '../src/ops/tables.ts';
import { createChunks } from '../src/train/chunks.ts';
import { createExecutor, maxBindingBytes } from '../src/train/device.ts';
import type { Device } from '../src/train/device.ts';
import type { Executor } from '../src/plan/executor.ts';
import { createFeed, initialArena, prepare, uploadData } from '../src/train/session.ts';
import { openObserver } from '../src/train/observe.ts';
import type { ObserveOptions } from '../src/train/observe.ts';
import type { StepScalars } from '../src/ops/kernel.ts';
import type { Feed, Prepared } from '../src/train/session.ts';
import type { TrainingWorkload } from './workloads.ts';

export interface Stepper extends Disposable {
  readonly prepared: Prepared;
  readonly executor: Executor;
  readonly feed: Feed;
  /** One for each member: what reduce-on-plateau would have done to the rate. */
  readonly plateaus: readonly number[];
  /** Observations so far. */
  observations(): number;
  /** Trains so many steps on; the mean loss of each step and member [steps, members], once all are done. */
  train(steps: number): Promise<Float64Array>;
}

export interface StepperOptions {
  readonly chunkMilliseconds?: number;
  readonly observations?: ObserveOptions;
}

/** Makes everything resident. `train` of it allocates only what it returns. */
export async function openStepper(
  device: Device,
  { recipe, createDataset }: Pick<TrainingWorkload, 'recipe' | 'createDataset'>,
  { chunkMilliseconds = 100, observations }: StepperOptions = {},
): Promise<Stepper> {
  const observe = observations !== undefined;
  const prepared = prepare(recipe, createDataset(), { maxBindingBytes: maxBindingBytes(device), observe });
  const { plan, members, duration } = prepared;
  const executor = await createExecutor(device, plan);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  const feed = createFeed(prepared);
  const chunks = createChunks({ executor, feed, plan, budgetMilliseconds: chunkMilliseconds, kind: device.kind });
  const plateaus = members.map(() => 1);
  const observer = observations && openObserver(plan, executor, observations, duration);
  const run = observer && ((steps: readonly StepScalars[]) => observer.run(steps, trainSteps));
  const trainSteps = (steps: readonly StepScalars[]): void => executor.run('train', { steps });
  let finished = 0;
  let observed = 0;

  return {
    prepared,
    executor,
    feed,
    plateaus,
    observations: () => observed,
    async train(steps) {
      const losses = new Float64Array(steps * plan.population);
      const first = finished;
      let submitted = first;
      chunks.resume();
      while (finished < first + steps) {
        while (submitted < first + steps && chunks.mayQueue()) {
          submitted = await chunks.submit(submitted, first + steps, plateaus, run);
        }
        const chunk = await chunks.take();
        if (chunk === undefined) break;
        const offset = (finished - first) * plan.population;
        for (let index = 0; index < chunk.table.length / lossColumns; index++) {
          losses[offset + index] = (chunk.table[lossColumns * index] ?? 0) / plan.batch;
        }
        finished += chunk.count;
        if ((await observer?.take(finished, () => false)) !== undefined) observed++;
      }
      return losses;
    },
    [Symbol.dispose]: () => executor[Symbol.dispose](),
  };
}
