/**
 * The model: layers in order, with names, shapes and the layout of their parameters in the arena. Blocks start at multiples of 64
 * elements, because storage bindings start at multiples of 256 bytes.
 */
import { ShapeError } from '../errors.ts';
import { createLayer } from '../layers/index.ts';
import type { Layer, ParameterBlock, ParameterTensor } from '../layers/layer.ts';
import { elementCount } from '../formats/shape.ts';
import type { Recipe } from '../recipe/schema.ts';

const blockAlignment = 64;

export interface PlacedBlock extends ParameterBlock {
  /** Element offset in a member's share of the arena. */
  readonly arenaOffset: number;
}

export interface Model {
  readonly layers: readonly Layer[];
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  readonly blocks: readonly PlacedBlock[];
  /** Elements of one member in every arena, padding included. */
  readonly memberStride: number;
  readonly parameterCount: number;
  /** Multiply-adds of one row's forward pass. */
  readonly multiplyAdds: number;
}

/** What a model must fit: input [features] or [height, width, channels], and outputs: classes, or numbers of a regression. */
export interface ModelFit {
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  readonly task: 'classification' | 'regression';
}

/** Builds the layers and checks that they fit the data. Throws ShapeError naming the layer and the cure. */
export function buildModel(recipe: Recipe, fit: ModelFit): Model {
  const counts = new Map<string, number>();
  const used = new Set<string>();
  const layers: Layer[] = [];
  let shape = fit.inputShape;
  for (const [index, layer] of recipe.model.layers.entries()) {
    const number = (counts.get(layer.type) ?? 0) + 1;
    counts.set(layer.type, number);
    const name = layer.name ?? `${layer.type}${number}`;
    if (!/^[A-Za-z][\w-]*$/.test(name) || used.has(name)) {
      const fault = used.has(name)
        ? 'is taken by another layer'
        : 'is not a letter followed by letters, digits, _ or -';
      throw new ShapeError(`model.layers[${index}].name`, `"${name}" ${fault}.`);
    }
    used.add(name);
    const created = createLayer(layer, { name, inputShape: shape, dropoutIndex: (counts.get('dropout') ?? 1) - 1 });
    layers.push(created);
    shape = created.outputShape;
  }
  checkOutput(recipe, layers, fit);
  const blocks: PlacedBlock[] = [];
  let arenaOffset = 0;
  for (const { block } of layers) {
    if (block === undefined) continue;
    blocks.push({ ...block, arenaOffset });
    arenaOffset += Math.ceil(block.elements / blockAlignment) * blockAlignment;
  }
  return {
    layers,
    inputShape: fit.inputShape,
    outputCount: fit.outputCount,
    blocks,
    memberStride: arenaOffset,
    parameterCount: blocks.reduce((sum, block) => sum + block.elements, 0),
    multiplyAdds: layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
  };
}

/** Every named tensor of a member with its offset in the member's share of the arena, in file order. */
export function parameterTensors(model: Model): readonly (ParameterTensor & { readonly arenaOffset: number })[] {
  return model.blocks.flatMap((block) =>
    block.tensors.map((tensor) => ({ ...tensor, arenaOffset: block.arenaOffset + tensor.offset })),
  );
}

function checkOutput(recipe: Recipe, layers: readonly Layer[], { outputCount, task }: ModelFit): void {
  const classifies = recipe.loss === 'crossEntropy';
  if (classifies && task === 'regression') {
    throw new ShapeError('loss', '"crossEntropy" needs class labels, but the data is a regression. Use "mse".');
  }
  const last = layers.at(-1);
  const units = elementCount(last?.outputShape ?? []);
  if (last === undefined || last.type !== 'dense') {
    throw new ShapeError(
      `model.layers[${layers.length - 1}]`,
      `the last layer is "${last?.type}"; end with a dense layer of ${outputCount} units.`,
    );
  }
  if (units !== outputCount) {
    const outputs = task === 'classification' ? `${outputCount} classes` : `${outputCount} target columns`;
    throw new ShapeError(
      `model.layers[${layers.length - 1}] "${last.name}"`,
      `the last layer has ${units} units, but the data has ${outputs}. Set units to ${outputCount}.`,
    );
  }
}
