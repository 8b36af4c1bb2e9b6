/**
 * Emission: the programs of a run as lists of kernel calls over tensors that have no place yet. Gather, forward, loss, backward, norm
 * and update stand here in the order in which they run.
 */
import { dataInput } from '../model/model.ts';
import type { Model, ModelLayer, PlacedBlock } from '../model/model.ts';
import type { Forward, Inputs } from '../layers/layer.ts';
import { addForward } from '../ops/add.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, SlotOptions, Tensor } from '../ops/emitter.ts';
import { augmentImage, augmentNoise, gatherBytes, gatherFloats } from '../ops/gather.ts';
import { sumChunk } from '../ops/kernel.ts';
import type { Constants, Kernel, Params } from '../ops/kernel.ts';
import { regressionKinds, regressionLoss, softmaxCrossEntropy } from '../ops/losses.ts';
import { adam, momentum, rmsprop, sgd } from '../ops/optimizers.ts';
import { batchMetrics, chunkSums, gradientSquares, penaltySquares } from '../ops/sums.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Observer } from './observe.ts';

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
  const slotNames = new Set<string>();
  let layer = '';
  const block = (title: string, buffer: string, blocks: readonly PlacedBlock[], name: string): Tensor => {
    const found = blocks.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`layer ${name} has no ${title}`);
    const shape = [population, found.elements];
    return { name: `${name}.${title}`, dtype: 'f32', shape, role: 'arena', buffer, elementOffset: found.arenaOffset };
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
      if (slotNames.has(name)) throw new Error(`two tensors of a program are called ${name}`);
      slotNames.add(name);
      const activation = options.activation === 'linear' ? undefined : options.activation;
      return { name, shape, role: 'slot', dtype: options.dtype ?? 'f32', ...options, activation };
    },
    parameters: (name) => block('parameters', 'parameters', model.blocks, name),
    gradients: (name) => block('gradients', 'gradients', model.blocks, name),
    statistics: (name) => block('statistics', 'parameters', model.statistics, name),
    table,
    call(kernel, tensors, params, constants = {}) {
      calls.push({ kernel, layer, tensors, params, constants });
    },
  };
}

/** Gather, augment, forward, loss, backward, update: one step of training, and what looks at it. */
export function emitTrain(context: EmitContext, batch: number, observer?: Observer): EmittedCall[] {
  const program = openProgram(context, batch);
  const x = emitAugmentation(program, context, emitInputs(program, context));
  const passes = emitForward(program, context.model, x, true, observer);
  emitBackward(program, context.model, passes, emitLoss(program, context, outputOf(passes)));
  program.inLayer('update');
  observer?.gradientsDone(program);
  emitUpdate(program, context);
  observer?.updateDone(program);
  return program.calls;
}

/** What evaluation emits: its calls, and the output of each layer. */
export interface EmittedEvaluation {
  readonly calls: readonly EmittedCall[];
  readonly outputs: readonly Tensor[];
}

/** Gather, forward and, with labels, the loss; the last layer's output goes to the table `outputs`. */
export function emitEvaluate(context: EmitContext, batch: number, withLoss: boolean): EmittedEvaluation {
  const program = openProgram(context, batch);
  const passes = emitForward(program, context.model, emitInputs(program, context), false);
  const y = outputOf(passes);
  if (withLoss) emitLoss(program, context, y);
  const placed = (tensor: Tensor): Tensor => (tensor.name === y.name ? program.table('outputs') : tensor);
  return {
    calls: program.calls.map((call) => ({
      ...call,
      tensors: Object.fromEntries(Object.entries(call.tensors).map(([binding, tensor]) => [binding, placed(tensor)])),
    })),
    outputs: passes.map((pass) => placed(pass.y)),
  };
}

/** The layers in order, each on the outputs of its inputs. */
function emitForward(
  program: Program,
  { layers }: Model,
  x: Tensor,
  training: boolean,
  observer?: Observer,
): readonly Forward[] {
  const passes: Forward[] = [];
  for (const [index, layer] of layers.entries()) {
    program.inLayer(layer.name);
    const inputs = layer.inputs.map((position) => {
      if (position === dataInput) return x;
      const { y } = passes[position]!;
      // A gradient that is the sum of several cannot have the slope of the activation in one of them.
      return useCount(layers, position) === 1 ? y : { ...y, activation: undefined };
    });
    const forward = layer.forward(program, inputs as unknown as Inputs, training);
    observer?.layerDone(program, index, inputs, forward.y);
    passes.push(forward);
  }
  return passes;
}

function outputOf(passes: readonly Forward[]): Tensor {
  const last = passes.at(-1);
  if (last === undefined) throw new Error('a model without layers');
  return last.y;
}

/** How many layers take a layer's output; what is only flattened counts as what follows. */
function useCount(layers: readonly ModelLayer[], position: number): number {
  return layers.reduce((sum, { type, inputs }, index) => {
    const uses = inputs.filter((input) => input === position).length;
    return sum + (uses > 0 && type === 'flatten' ? useCount(layers, index) : uses);
  }, 0);
}

/** The layers in reverse, each once the gradients of all that take its output are there. */
function emitBackward(program: Program, { layers }: Model, passes: readonly Forward[], dloss: Tensor): void {
  const isTrained: boolean[] = [];
  for (const { block, inputs } of layers) {
    isTrained.push(block !== undefined || inputs.some((position) => isTrained[position] === true));
  }
  const gradients: Tensor[][] = layers.map(() => []);
  gradients.at(-1)?.push(dloss);
  for (const [index, layer] of [...layers.entries()].reverse()) {
    if (isTrained[index] !== true) continue;
    program.inLayer(layer.name);
    const dy = emitGradientSum(program, `${layer.name}.dy`, gradients[index]!);
    const wanted = layer.inputs.filter((position) => isTrained[position] === true);
    const dx = passes[index]!.backward(dy, wanted.length > 0);
    if (dx !== undefined) for (const position of wanted) gradients[position]?.push(dx);
  }
}

/** The sum of the gradients that a tensor gets from those that take it, in the order in which they come. */
function emitGradientSum(program: Program, name: string, gradients: readonly Tensor[]): Tensor {
  const { population } = program;
  return gradients.reduce((a, b, index) => {
    const y = program.slot(`${name}${index}`, a.shape);
    const count = elementCount(a.shape) / population;
    program.call(addForward, { a, b, y }, { count, aStride: count, bStride: count, population }, { ACTIVATION: 0 });
    return y;
  });
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

/** The first field of the recipe that asks for a change of images, if there is one. */
export function imageAugmentation({ augmentation }: Recipe): string | undefined {
  const fields = ['horizontalFlip', 'cropPadding', 'contrast', 'brightness', 'cutout'] as const;
  return fields.find((field) => augmentation[field] !== false && augmentation[field] !== 0);
}

function emitAugmentation(program: Program, context: EmitContext, gathered: Tensor): Tensor {
  const { augmentation } = context.recipe;
  const { batch } = program;
  const { dataPopulation: members } = context;
  const seeds = program.table('seeds');
  let x = gathered;
  if (imageAugmentation(context.recipe) !== undefined) {
    const [height = 1, width = 1, channels = 1] = context.model.inputShape;
    const params = {
      batch,
      height,
      width,
      channels,
      flip: augmentation.horizontalFlip ? 1 : 0,
      padding: augmentation.cropPadding,
      cutout: augmentation.cutout,
      brightness: Math.fround(augmentation.brightness),
      contrast: Math.fround(augmentation.contrast),
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
    const members = program.table('members');
    const params = {
      batch,
      classes: outputs,
      indexStride,
      weightStride: dataPopulation === 1 ? 0 : outputs,
      columns: members.shape[1] ?? 0,
      topK: recipe.evaluation.topK ?? 0,
      inverseBatch: Math.fround(1 / batch),
      population,
    };
    const [labels, classWeights] = [program.table('labels'), program.table('classWeights')];
    program.call(softmaxCrossEntropy, { logits: y, labels, indices, members, classWeights, dlogits: dy, rows }, params);
  } else {
    const { kind, lossScale, gradientScale } = regressionForm(recipe.loss, batch, outputs);
    const params = {
      batch,
      outputs,
      indexStride,
      lossScale: Math.fround(lossScale),
      gradientScale: Math.fround(gradientScale),
      delta: Math.fround(recipe.huberDelta),
      population,
    };
    const tensors = { y, targets: program.table('targets'), indices, dy, rows };
    program.call(regressionLoss, tensors, params, { KIND: regressionKinds[kind] });
  }
  program.call(batchMetrics, { rows, metrics: program.table('metrics') }, { batch, population });
  return dy;
}

interface RegressionForm {
  readonly kind: keyof typeof regressionKinds;
  readonly lossScale: number;
  readonly gradientScale: number;
}

/** What a regression loss does with the differences, and the scales of its terms and of their slopes. */
function regressionForm(loss: Exclude<Recipe['loss'], 'crossEntropy'>, batch: number, outputs: number): RegressionForm {
  switch (loss) {
    case 'mse':
      return { kind: 'squared', lossScale: 1 / outputs, gradientScale: 2 / (batch * outputs) };
    case 'quadratic':
      return { kind: 'squared', lossScale: 1 / 2, gradientScale: 1 / batch };
    case 'mae':
      return { kind: 'absolute', lossScale: 1 / outputs, gradientScale: 1 / (batch * outputs) };
    case 'huber':
      return { kind: 'huber', lossScale: 1 / outputs, gradientScale: 1 / (batch * outputs) };
    default:
      return loss satisfies never;
  }
}

function emitUpdate(program: Program, context: EmitContext): void {
  const { recipe, population, model } = context;
  const { kernel, constants, state } = optimizerKernel(recipe);
  const clip = recipe.clipNorm > 0;
  const table = (name: string) => program.table(name);
  const w = table('parameters');
  const dw = table('gradients');
  const count = model.memberStride;
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
  const params = { count: model.trainedElements, stride: count, columns: members.shape[1] ?? 0, population };
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
