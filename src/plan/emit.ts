/**
 * Emission: the programs of a run as lists of kernel calls over tensors that have no place yet. Gather, forward, loss, backward, norm
 * and update stand here in the order in which they run.
 */
import type { Model } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, SlotOptions, Tensor } from '../ops/emitter.ts';
import { augmentImage, augmentNoise, gatherBytes, gatherFloats } from '../ops/gather.ts';
import { sumChunk } from '../ops/kernel.ts';
import type { Constants, Kernel, Params } from '../ops/kernel.ts';
import { softmaxCrossEntropy, squaredError } from '../ops/losses.ts';
import { adam, momentum, rmsprop, sgd } from '../ops/optimizers.ts';
import { batchMetrics, chunkSums, gradientSquares, penaltySquares } from '../ops/sums.ts';
import type { Recipe } from '../recipe/schema.ts';

export interface EmittedCall {
  readonly kernel: Kernel;
  readonly layer: string;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly params: Params;
  readonly constants: Constants;
}

/** A piece of the resident dataset that fits one binding. */
export interface Shard {
  readonly buffer: string;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** What emission must know of the run besides the model. */
export interface EmitContext {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly population: number;
  readonly dataPopulation: number;
  readonly chunkRows: number;
  readonly indexStride: number;
  readonly inputs: 'bytes' | 'floats';
  readonly shards: readonly Shard[];
  readonly tables: Readonly<Record<string, Tensor>>;
}

/** Update kernel of each optimizer, with its constants and the arenas that it keeps. */
export function optimizerKernel(recipe: Recipe): { kernel: Kernel; constants: Constants; state: readonly string[] } {
  const { optimizer } = recipe;
  switch (optimizer.type) {
    case 'sgd':
      return { kernel: sgd, constants: {}, state: [] };
    case 'momentum': {
      const constants = { NESTEROV: optimizer.nesterov ? 1 : 0, RATE_INSIDE: optimizer.rateInside ? 1 : 0 };
      return { kernel: momentum, constants, state: ['b'] };
    }
    case 'rmsprop':
      return { kernel: rmsprop, constants: {}, state: ['v'] };
    case 'adam':
    case 'adamw':
      return { kernel: adam, constants: {}, state: ['m', 'v'] };
    default:
      return optimizer satisfies never;
  }
}

interface Program extends Emitter {
  readonly calls: EmittedCall[];
  inLayer(name: string): void;
}

function openProgram(context: EmitContext, batch: number): Program {
  const { model, population, tables } = context;
  const calls: EmittedCall[] = [];
  let layer = '';
  const block = (buffer: string, name: string): Tensor => {
    const found = model.blocks.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`layer ${name} has no parameters`);
    const shape = [population, found.elements];
    return { name: `${name}.${buffer}`, dtype: 'f32', shape, role: 'arena', buffer, elementOffset: found.arenaOffset };
  };
  const table = (name: string): Tensor => {
    const found = tables[name];
    if (found === undefined) throw new Error(`the plan has no table ${name}`);
    return found;
  };
  return {
    population,
    batch,
    memberStride: model.memberStride,
    calls,
    inLayer(name) {
      layer = name;
    },
    slot: (name: string, shape: readonly number[], options: SlotOptions = {}) => {
      const activation = options.activation === 'linear' ? undefined : options.activation;
      return { name, shape, role: 'slot', dtype: options.dtype ?? 'f32', ...options, activation };
    },
    parameters: (name) => block('parameters', name),
    gradients: (name) => block('gradients', name),
    table,
    call(kernel, tensors, params, constants = {}) {
      calls.push({ kernel, layer, tensors, params, constants });
    },
  };
}

/** Gather, augment, forward, loss, backward, update: one step of training. */
export function emitTrain(context: EmitContext, batch: number): EmittedCall[] {
  const program = openProgram(context, batch);
  const x = emitAugmentation(program, context, emitInputs(program, context));
  const passes = [];
  let y = x;
  for (const layer of context.model.layers) {
    program.inLayer(layer.name);
    const forward = layer.forward(program, y, true);
    passes.push({ layer, forward });
    y = forward.y;
  }
  let dy: Tensor | undefined = emitLoss(program, context, y);
  for (const [index, { layer, forward }] of [...passes.entries()].reverse()) {
    if (dy === undefined) break;
    program.inLayer(layer.name);
    const wantsInput = passes.slice(0, index).some((pass) => pass.layer.block !== undefined);
    dy = forward.backward(dy, wantsInput);
  }
  emitUpdate(program, context);
  return program.calls;
}

/** Gather, forward and, with labels, the loss; the last layer's output goes to the table `outputs`. */
export function emitEvaluate(context: EmitContext, batch: number, withLoss: boolean): EmittedCall[] {
  const program = openProgram(context, batch);
  let y = emitInputs(program, context);
  for (const layer of context.model.layers) {
    program.inLayer(layer.name);
    y = layer.forward(program, y, false).y;
  }
  if (withLoss) emitLoss(program, context, y);
  const outputs = program.table('outputs');
  return program.calls.map((call) => ({
    ...call,
    tensors: Object.fromEntries(
      Object.entries(call.tensors).map(([binding, tensor]) => [binding, tensor === y ? outputs : tensor]),
    ),
  }));
}

/** The sum of squared weights of each member, into `penaltySums`. */
export function emitPenalty(context: EmitContext): EmittedCall[] {
  const program = openProgram(context, 0);
  const { population, model } = context;
  const w = program.table('parameters');
  program.inLayer('penalty');
  emitSums(program, 'penalty', model.memberStride, program.table('penaltySums'), (sums) => {
    const params = { count: model.memberStride, population };
    program.call(penaltySquares, { w, penalised: program.table('penalised'), sums }, params);
  });
  return program.calls;
}

function emitInputs(program: Program, context: EmitContext): Tensor {
  const features = elementCount(context.model.inputShape);
  const { dataPopulation, indexStride } = context;
  program.inLayer('data');
  const x = program.slot('x', [dataPopulation, program.batch, features]);
  const indices = program.table('indices');
  for (const { buffer, firstRow, rowCount } of context.shards) {
    const shard = program.table(buffer);
    const params = { batch: program.batch, features, indexStride, firstRow, rowCount, members: dataPopulation };
    if (context.inputs === 'bytes')
      program.call(gatherBytes, { shard, indices, affine: program.table('affine'), x }, params);
    else program.call(gatherFloats, { shard, indices, x }, params);
  }
  return x;
}

function emitAugmentation(program: Program, context: EmitContext, gathered: Tensor): Tensor {
  const { augmentation } = context.recipe;
  const { batch } = program;
  const { dataPopulation: members } = context;
  const seeds = program.table('seeds');
  let x = gathered;
  if (augmentation.horizontalFlip || augmentation.shiftPixels > 0) {
    const [height = 1, width = 1, channels = 1] = context.model.inputShape;
    const params = {
      batch,
      height,
      width,
      channels,
      flip: augmentation.horizontalFlip ? 1 : 0,
      shift: augmentation.shiftPixels,
      members,
    };
    const y = program.slot('augmented', x.shape);
    program.call(augmentImage, { x, seeds, y }, params);
    x = y;
  }
  const { noise } = augmentation;
  if (noise !== undefined && noise.fraction > 0) {
    const features = elementCount(context.model.inputShape);
    const threshold = Math.min(0xffff_ffff, Math.round(noise.fraction * 2 ** 32));
    const deviation = Math.fround(noise.standardDeviation);
    const params = { batch, features, deviation, threshold, everyRow: noise.fraction === 1 ? 1 : 0, members };
    const y = program.slot('noisy', x.shape);
    program.call(augmentNoise, { x, seeds, y }, params);
    x = y;
  }
  return x;
}

/** Loss and its gradient with respect to the last layer's output; the sums of the batches go to `metrics`. */
function emitLoss(program: Program, context: EmitContext, y: Tensor): Tensor {
  const { recipe, model, population, dataPopulation } = context;
  const { batch } = program;
  const outputs = model.outputCount;
  program.inLayer('loss');
  const dy = program.slot('dloss', y.shape);
  const rows = program.table('rows');
  const indices = program.table('indices');
  const indexStride = dataPopulation === 1 ? 0 : context.indexStride;
  if (recipe.loss === 'crossEntropy') {
    const params = {
      batch,
      classes: outputs,
      indexStride,
      inverseBatch: Math.fround(1 / batch),
      population,
    };
    const labels = program.table('labels');
    program.call(softmaxCrossEntropy, { logits: y, labels, indices, dlogits: dy, rows }, params);
  } else {
    const mean = recipe.loss === 'mse';
    const params = {
      batch,
      outputs,
      indexStride,
      lossScale: Math.fround(mean ? 1 / outputs : 0.5),
      gradientScale: Math.fround(mean ? 2 / (batch * outputs) : 1 / batch),
      population,
    };
    program.call(squaredError, { y, targets: program.table('targets'), indices, dy, rows }, params);
  }
  program.call(batchMetrics, { rows, metrics: program.table('metrics') }, { batch, population });
  return dy;
}

function emitUpdate(program: Program, context: EmitContext): void {
  const { recipe, population, model } = context;
  const { kernel, constants, state } = optimizerKernel(recipe);
  const clip = recipe.clipNorm > 0;
  const table = (name: string) => program.table(name);
  const w = table('parameters');
  const dw = table('gradients');
  const count = model.memberStride;
  program.inLayer('update');
  if (clip) {
    emitSums(program, 'norm', count, table('normSquares'), (sums) => {
      const tensors = { dw, w, penalised: table('penalised'), hyper: table('hyper'), sums };
      program.call(gradientSquares, tensors, { count, population });
    });
  }
  const members = table('members');
  const tensors = {
    dw,
    hyper: table('hyper'),
    penalised: table('penalised'),
    members,
    normSquares: table('normSquares'),
    w,
    ...Object.fromEntries(state.map((name) => [name, table(name)])),
  };
  const params = { count, columns: members.shape[1] ?? 0, population };
  program.call(kernel, tensors, params, { ...constants, CLIP: clip ? 1 : 0 });
}

/** The rule for sums over `count` elements: `first` writes the chunk sums, then one call per level, the last into `result`. */
function emitSums(program: Program, name: string, count: number, result: Tensor, first: (sums: Tensor) => void): void {
  const { population } = program;
  let remaining = Math.ceil(count / sumChunk);
  const target = (size: number, level: number) =>
    size === 1 ? result : program.slot(`${name}.sums${level}`, [population, size]);
  let sums = target(remaining, 0);
  first(sums);
  for (let level = 1; remaining > 1; level++) {
    const next = target(Math.ceil(remaining / sumChunk), level);
    program.call(chunkSums, { values: sums, sums: next }, { count: remaining, population });
    sums = next;
    remaining = Math.ceil(remaining / sumChunk);
  }
}
