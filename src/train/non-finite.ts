/**
 * Naming the first layer that shows NaN or infinity: the run is repeated from its last good state, and its last step call by call.
 * Determinism makes the repetition exact.
 */
import { NonFiniteError } from '../errors.ts';
import type { Executor } from '../plan/executor.ts';
import { bufferOf } from '../plan/plan.ts';
import type { Call } from '../plan/plan.ts';
import { stateArenas } from './checkpoint.ts';
import type { Feed, Prepared } from './session.ts';

/** State of a step from which no decision of the host has changed the course; an arena that is left out is all zeros. */
export interface GoodState {
  readonly step: number;
  readonly arenas: Readonly<Record<string, Float32Array>>;
}

/** Returns the error for a loss that is not finite at `step`; leaves the executor's state behind as it was found broken. */
export async function locateNonFinite(
  { plan }: Prepared,
  executor: Executor,
  feed: Feed,
  good: GoodState,
  step: number,
  plateaus: readonly number[],
): Promise<NonFiniteError> {
  for (const name of stateArenas(plan)) {
    executor.write(name, good.arenas[name] ?? new Float32Array(bufferOf(plan, name).elements));
  }
  for (let next = good.step; next < step;) {
    const count = Math.min(plan.chunkRows, step - next);
    executor.run('train', { steps: feed.loadTraining(executor, next, count, plateaus) });
    next += count;
  }
  const steps = feed.loadTraining(executor, step, 1, plateaus);
  for (const [index, call] of plan.programs.train.entries()) {
    executor.run('train', { steps, firstCall: index, callCount: 1 });
    const fault = await firstFault(executor, call);
    if (fault !== undefined) return describe(step, call, fault);
  }
  return new NonFiniteError(step, 'loss', `the loss is not finite at step ${step}. Lower the learning rate.`);
}

async function firstFault(executor: Executor, call: Call): Promise<string | undefined> {
  for (const [binding, dtype] of Object.entries(call.kernel.writes)) {
    const place = call.tensors[binding];
    if (dtype !== 'f32' || place === undefined) continue;
    const values = await executor.read(place.buffer, place.elementOffset, place.elements);
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) return `${Number.isNaN(values[index]) ? 'NaN' : 'infinity'} in ${place.name}`;
  }
  return undefined;
}

function describe(step: number, { layer, kernel }: Call, fault: string): NonFiniteError {
  const cure = 'Lower the learning rate, or set clipNorm.';
  return new NonFiniteError(
    step,
    layer,
    `the loss is not finite at step ${step}: "${layer}" shows it first (${fault}, kernel ${kernel.name}). ${cure}`,
  );
}
