/**
 * Naming the first layer that shows NaN or infinity: the run is repeated from its last good state, and its last step (or evaluation)
 * call by call. Determinism makes the repetition exact.
 */
import { NonFiniteError } from '../errors.ts';
import { parameterTensors } from '../model/model.ts';
import { elementType } from '../ops/kernel.ts';
import type { StepScalars } from '../ops/kernel.ts';
import { lossColumns } from '../ops/tables.ts';
import type { Executor } from '../plan/executor.ts';
import type { Call, PlacedTensor, Plan, ProgramName } from '../plan/plan.ts';
import type { Feed, Prepared } from './session.ts';

/** State of a step after which no decision of the host has changed the course; an arena that is left out is all zeros. */
export interface GoodState {
  readonly step: number;
  readonly arenas: Readonly<Record<string, Float32Array>>;
}

/** What is not finite: the loss of a training step, or an evaluation after so many steps. */
export interface Fault {
  readonly step: number;
  readonly during: 'training' | 'evaluation';
}

/** Carries the step out of the accounting; becomes a NonFiniteError once the layer is found. */
export class NonFiniteLoss extends Error implements Fault {
  constructor(
    readonly step: number,
    readonly during: Fault['during'],
  ) {
    super(`loss not finite at step ${step}`);
  }
}

/** Returns the error for a loss that is not finite; leaves the executor's state behind as it was found broken. */
export async function locateNonFinite(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  good: GoodState,
  { step, during }: Fault,
  plateaus: readonly number[],
): Promise<NonFiniteError> {
  const { plan } = prepared;
  // What the broken steps left in other places must not be taken for new.
  for (const { name, dtype, kind, elements } of plan.buffers) {
    if (dtype !== 'f32' || kind === 'data') continue;
    executor.write(name, good.arenas[name] ?? new Float32Array(elements));
  }
  for (let next = good.step; next < step;) {
    const count = Math.min(plan.chunkRows, step - next);
    executor.run('train', { steps: feed.loadTraining(executor, next, count, plateaus) });
    next += count;
  }
  for (const [program, steps] of suspects(prepared, executor, feed, { step, during }, plateaus)) {
    for (const [index, call] of plan.programs[program].entries()) {
      executor.run(program, { steps, firstCall: index, callCount: 1 });
      const fault = await firstFault(plan, executor, call);
      if (fault !== undefined) return describe(step, call, fault);
    }
  }
  return new NonFiniteError(step, 'loss', `the loss is not finite at step ${step}. Lower the learning rate.`);
}

/** The programs that may show the fault, in order, each of one step and loaded when it is taken. */
function* suspects(
  { views }: Prepared,
  executor: Executor,
  feed: Feed,
  { step, during }: Fault,
  plateaus: readonly number[],
): Generator<readonly [ProgramName, readonly StepScalars[]]> {
  if (during === 'training') {
    yield ['train', feed.loadTraining(executor, step, 1, plateaus)];
    return;
  }
  for (const name of ['validation', 'train', 'test'] as const) {
    const rows = views.map(({ split }) => split[name]);
    for (let row = 0; row < (rows[0]?.length ?? 0);) {
      const { steps, nextRow } = feed.loadRows(executor, rows, row);
      for (const scalars of steps) yield ['evaluate', [scalars]];
      row = nextRow;
    }
  }
  yield ['penalty', [{ step: 0, row: 0, validRows: 0 }]];
}

/** What a call has written that is not finite, and the layer it belongs to. */
interface Finding {
  readonly what: 'the loss is not' | 'the training is no longer';
  readonly layer: string;
  readonly text: string;
}

async function firstFault(plan: Plan, executor: Executor, call: Call): Promise<Finding | undefined> {
  for (const [binding, type] of Object.entries(call.kernel.writes)) {
    const place = call.tensors[binding];
    if (elementType(type) !== 'f32' || place === undefined) continue;
    const values = await executor.read(place.buffer, place.elementOffset, place.elements);
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index < 0) continue;
    const member = plan.population === 1 ? '' : ` of member ${memberAt(plan, call, place, index)}`;
    const parameter = place.name in stateTitles ? parameterAt(plan, index) : undefined;
    const where = parameter === undefined ? place.name : `${stateTitles[place.name]}${parameter.tensor}`;
    const text = `${Number.isNaN(values[index]) ? 'NaN' : 'infinity'} in ${where}${member}`;
    // Of an update the loss may not know yet.
    if (parameter !== undefined) return { what: 'the training is no longer', layer: parameter.layer, text };
    return { what: 'the loss is not', layer: call.layer, text };
  }
  return undefined;
}

/** What an update writes of every layer at once: weights, moments, momentum. */
const stateTitles: Readonly<Record<string, string>> = {
  parameters: '',
  m: 'the first moment of ',
  v: 'the second moment of ',
  b: 'the momentum of ',
};

/** The layer and the tensor to which an element of an arena belongs. */
function parameterAt({ model }: Plan, index: number): { readonly layer: string; readonly tensor: string } | undefined {
  const offset = index % model.memberStride;
  const block = [...model.blocks, ...model.statistics].findLast(({ arenaOffset }) => arenaOffset <= offset);
  const tensor = parameterTensors(model).findLast(({ arenaOffset }) => arenaOffset <= offset);
  return block && tensor && { layer: block.name, tensor: tensor.name };
}

/** The member to which an element of a written tensor belongs. */
function memberAt({ population, model, buffers }: Plan, { params }: Call, place: PlacedTensor, index: number): number {
  if (place.buffer === 'metrics') return Math.floor(index / lossColumns) % population;
  if (place.buffer === 'rows') return Math.floor(index / lossColumns / (params.batch ?? 1)) % population;
  const inArena = buffers.some(({ name, kind }) => name === place.buffer && kind === 'arena');
  return Math.floor(index / (inArena ? model.memberStride : place.elements / population));
}

function describe(step: number, { kernel }: Call, { what, layer, text }: Finding): NonFiniteError {
  const cure = 'Lower the learning rate, or set clipNorm.';
  return new NonFiniteError(
    step,
    layer,
    `${what} finite at step ${step}: "${layer}" shows it first (${text}, kernel ${kernel.name}). ${cure}`,
  );
}
