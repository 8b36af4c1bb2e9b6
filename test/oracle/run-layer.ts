/**
 * Runs one layer by itself on the CPU: its kernels' twins run as the layer emits them, without a plan. Every slot starts as NaN, so that
 * whatever a kernel leaves out is seen.
 */
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { elementCount } from '../../src/formats/shape.ts';
import { createLayer } from '../../src/layers/index.ts';
import type { Layer, ParameterBlock } from '../../src/layers/layer.ts';
import type { Emitter, Tensor } from '../../src/ops/emitter.ts';
import type { Values } from '../../src/ops/kernel.ts';
import { memberColumns } from '../../src/ops/tables.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { NamedValues } from './follow.ts';

export interface LayerInput {
  /** As in a recipe; where there are several inputs, without their names. */
  readonly recipe: { readonly type: string };
  readonly rows: number;
  readonly inShape: readonly number[];
  /** Each input [rows, ...inShape], flat. */
  readonly x: readonly ArrayLike<number>[];
  /** Parameters and running statistics before the pass, by their last name. */
  readonly initial: NamedValues;
  /** Gradient of the output. */
  readonly dy: ArrayLike<number>;
}

export interface LayerResult {
  readonly outShape: readonly number[];
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  readonly gradients: NamedValues;
  /** After the pass. */
  readonly statistics: NamedValues;
  /** Output of evaluation, with these statistics. */
  readonly evaluated: ArrayLike<number>;
}

const layerName = 'layer';

/** Forward and backward of a training step, then forward in evaluation. */
export function runLayer(input: LayerInput, math: Arithmetic): LayerResult {
  const { rows, inShape, x, initial, dy } = input;
  const layer = buildLayer(input);
  const { block, statistics } = layer;
  const trainedElements = block?.elements ?? 0;
  const memberStride = trainedElements + (statistics?.elements ?? 0);
  const parameters = math.array(memberStride);
  const gradients = math.array(memberStride);
  const offsets = [...offsetsOf(block, 0), ...offsetsOf(statistics, trainedElements)];
  for (const [name, offset] of offsets) parameters.set(initial[name]!, offset);

  /** By role and name, as a plan places them. */
  const contents = new Map<string, Values>();
  const keep = (name: string, shape: readonly number[], values: Values, options: Partial<Tensor> = {}): Tensor => {
    const tensor: Tensor = { dtype: 'f32', role: 'slot', ...options, name, shape };
    contents.set(keyOf(tensor), values);
    return tensor;
  };
  const filled = (values: ArrayLike<number>): Values => math.array(values.length).map((_, index) => values[index]!);
  const inArena = (name: string, values: Values, start: number, end: number): Tensor =>
    keep(`${layerName}.${name}`, [1, end - start], values.subarray(start, end), { role: 'arena' });
  const emitter: Emitter = {
    population: 1,
    batch: rows,
    memberStride,
    slot(name, shape, options = {}) {
      const count = elementCount(shape);
      const values = options.dtype === 'u32' ? new Uint32Array(count).fill(2 ** 32 - 1) : math.array(count).fill(NaN);
      // A linear activation is none, as in a plan.
      const { activation, ...rest } = options;
      return keep(name, shape, values, activation === 'linear' ? rest : options);
    },
    parameters: () => inArena('parameters', parameters, 0, trainedElements),
    gradients: () => inArena('gradients', gradients, 0, trainedElements),
    statistics: () => inArena('statistics', parameters, trainedElements, memberStride),
    table(name) {
      if (name !== 'members') throw new Error(`a layer by itself has no table ${name}`);
      const members = new Uint32Array(memberColumns.first);
      members[memberColumns.active] = 1;
      return keep(name, [1, members.length], members, { role: 'table' });
    },
    call(kernel, tensors, params, constants = {}) {
      const bound = Object.fromEntries(
        Object.entries(tensors).map(([binding, tensor]) => [binding, contents.get(keyOf(tensor))!]),
      );
      kernel.twin(bound, params, { math, constants, step: { step: 0, row: 0, validRows: rows }, stepCount: 1 });
    },
  };
  const [first, ...others] = x.map((values, index) => keep(`x${index}`, [1, rows, ...inShape], filled(values)));
  const { y, backward } = layer.forward(emitter, [first!, ...others], true);
  // A gradient may take its place.
  const output = contents.get(keyOf(y))!.slice();
  const dx = backward(keep('dy', [1, rows, ...layer.outputShape], filled(dy)), true);
  const select = (chosen: ParameterBlock | undefined, values: Values, start: number): NamedValues =>
    Object.fromEntries(
      (chosen?.tensors ?? []).map(({ name, offset, shape }) => [
        lastName(name),
        values.slice(start + offset, start + offset + elementCount(shape)),
      ]),
    );
  const trained = { y: output, dx: contents.get(keyOf(dx!))! };
  const evaluated = layer.forward(emitter, [first!, ...others], false).y;
  return {
    ...trained,
    outShape: layer.outputShape,
    gradients: select(block, gradients, 0),
    statistics: select(statistics, parameters, trainedElements),
    evaluated: contents.get(keyOf(evaluated))!,
  };
}

function keyOf({ role, name }: Tensor): string {
  return `${role} ${name}`;
}

function buildLayer({ recipe, inShape, x }: LayerInput): Layer {
  const names = x.map((_, index) => `input${index}`);
  const described = recipe.type === 'add' ? { ...recipe, inputs: names } : recipe;
  const { model } = parseRecipe({
    data: { source: 'csv', file: 'recorded' },
    model: { layers: [described] },
    epochs: 1,
  });
  return createLayer(model.layers[0]!, {
    name: layerName,
    where: `model.layers[0] "${layerName}"`,
    inputs: names.map((name) => ({ name, shape: inShape })),
    inputShape: inShape,
    index: 0,
    dropoutIndex: 0,
  });
}

function offsetsOf(block: ParameterBlock | undefined, start: number): (readonly [name: string, offset: number])[] {
  return (block?.tensors ?? []).map(({ name, offset }) => [lastName(name), start + offset]);
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
