/**
 * Emission: the programs of a run as lists of kernel calls over tensors that have no place yet. Gather, forward, loss, backward, norm
 * and update stand here in the order in which they run.
 */
import { dataInput } from '../model/model.ts';
import type { Model, ModelLayer } from '../model/model.ts';
import type { Forward, Inputs } from '../layers/layer.ts';
import { addForward } from '../ops/add.ts';
import { elementCount } from '../formats/shape.ts';
import type { Tensor } from '../ops/emitter.ts';
import type { Constants, Kernel } from '../ops/kernel.ts';
import { adam, momentum, rmsprop, sgd } from '../ops/optimizers.ts';
import { gradientSquares, penaltySquares } from '../ops/sums.ts';
import type { Recipe } from '../recipe/schema.ts';
import { emitAugmentation, emitInputs } from './emit-data.ts';
import { emitLoss } from './emit-loss.ts';
import type { Observer } from './observe.ts';
import { emitSums, openProgram } from './program.ts';
import type { EmitContext, EmittedCall, Program } from './program.ts';

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
