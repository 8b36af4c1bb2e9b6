/**
 * The model: layers in order, with names, shapes and the layout of their parameters in the arena. Blocks start at multiples of 64
 * elements, because storage bindings start at multiples of 256 bytes.
 */
import { ShapeError } from '../errors.ts';
import { createLayer } from '../layers/index.ts';
import type { Layer, ParameterBlock, ParameterTensor } from '../layers/layer.ts';
import { elementCount } from '../formats/shape.ts';
import type { LayerRecipe, Recipe } from '../recipe/schema.ts';

const blockAlignment = 64;

export interface PlacedBlock extends ParameterBlock {
  /** Element offset in a member's share of the arena. */
  readonly arenaOffset: number;
}

/** A layer in its place: `inputs` are the positions of the layers that it takes, `dataInput` for the data. */
export interface ModelLayer extends Layer {
  readonly inputs: readonly number[];
}
export const dataInput = -1;

export interface Model {
  /** In an order in which each comes after its inputs; the last one gives the outputs. */
  readonly layers: readonly ModelLayer[];
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  /** What the optimizer trains, from the start of a member's share on. */
  readonly blocks: readonly PlacedBlock[];
  /** Running statistics, behind the blocks. */
  readonly statistics: readonly PlacedBlock[];
  /** Elements of one member in every arena, padding included. */
  readonly memberStride: number;
  /** Elements of them that the optimizer updates: those of `blocks`, padding included. */
  readonly trainedElements: number;
  /** Trained numbers of one member. */
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

/** What is no layer has a name too, in tables and messages. */
const reservedNames: readonly string[] = ['data', 'loss', 'update', 'penalty'];

/** Builds the layers and checks that they fit the data. Throws ShapeError naming the layer and the cure. */
export function buildModel(recipe: Recipe, fit: ModelFit): Model {
  const counts = new Map<string, number>();
  const layers: ModelLayer[] = [];
  for (const [index, layer] of recipe.model.layers.entries()) {
    const number = (counts.get(layer.type) ?? 0) + 1;
    counts.set(layer.type, number);
    const name = layer.name ?? `${layer.type}${number}`;
    checkName(index, name, layers);
    const inputs = inputPositions(index, layer, layers);
    const sources = inputs.map((position) => {
      const source = layers[position];
      return source === undefined
        ? { name: 'data', shape: fit.inputShape }
        : { name: source.name, shape: source.outputShape };
    });
    const place = {
      name,
      where: `model.layers[${index}] "${name}"`,
      inputs: sources,
      inputShape: sources[0]?.shape ?? [],
      index,
      dropoutIndex: (counts.get('dropout') ?? 1) - 1,
    };
    layers.push({ ...createLayer(layer, place), inputs });
  }
  checkAllUsed(layers);
  checkOutput(recipe, layers, fit);
  let arenaOffset = 0;
  const place = (block: ParameterBlock | undefined): PlacedBlock[] => {
    if (block === undefined) return [];
    const placed = { ...block, arenaOffset };
    arenaOffset += Math.ceil(block.elements / blockAlignment) * blockAlignment;
    return [placed];
  };
  const blocks = layers.flatMap(({ block }) => place(block));
  const trainedElements = arenaOffset;
  const statistics = layers.flatMap((layer) => place(layer.statistics));
  return {
    layers,
    inputShape: fit.inputShape,
    outputCount: fit.outputCount,
    blocks,
    statistics,
    memberStride: arenaOffset,
    trainedElements,
    parameterCount: blocks.reduce((sum, block) => sum + block.elements, 0),
    multiplyAdds: layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
  };
}

/** A named tensor with its offset in a member's share of the arena. */
export interface PlacedParameters extends ParameterTensor {
  readonly arenaOffset: number;
}

/** Every trained tensor of a member, in file order. */
export function trainedTensors(model: Model): readonly PlacedParameters[] {
  return tensorsOf(model.blocks);
}

/** Every named tensor of a member in file order: what is trained, then running statistics. */
export function parameterTensors(model: Model): readonly PlacedParameters[] {
  return tensorsOf([...model.blocks, ...model.statistics]);
}

function tensorsOf(blocks: readonly PlacedBlock[]): readonly PlacedParameters[] {
  return blocks.flatMap((block) =>
    block.tensors.map((tensor) => ({ ...tensor, arenaOffset: block.arenaOffset + tensor.offset })),
  );
}

function checkName(index: number, name: string, before: readonly Layer[]): void {
  const fault = before.some((layer) => layer.name === name)
    ? 'is taken by another layer'
    : reservedNames.includes(name)
      ? `is no name for a layer (nor are ${reservedNames.filter((other) => other !== name).join(', ')})`
      : /^[A-Za-z][\w-]*$/.test(name)
        ? undefined
        : 'is not a letter followed by letters, digits, _ or -';
  if (fault !== undefined) throw new ShapeError(`model.layers[${index}].name`, `"${name}" ${fault}.`);
}

/** Positions of the layers that a layer takes its inputs from: those it names, else the one before it. */
function inputPositions(index: number, layer: LayerRecipe, before: readonly Layer[]): readonly number[] {
  if (layer.type !== 'add' && layer.input === undefined) return [index - 1];
  const names = layer.type === 'add' ? layer.inputs : [layer.input ?? ''];
  return names.map((name, which) => {
    if (name === 'data') return dataInput;
    const position = before.findIndex((candidate) => candidate.name === name);
    if (position >= 0) return position;
    const field = layer.type === 'add' ? `inputs[${which}]` : 'input';
    const known = ['data', ...before.map((candidate) => candidate.name)].join(', ');
    throw new ShapeError(`model.layers[${index}].${field}`, `"${name}" is no layer before this one. Known: ${known}.`);
  });
}

function checkAllUsed(layers: readonly ModelLayer[]): void {
  const used = new Set(layers.flatMap(({ inputs }) => inputs));
  const unused = layers.findIndex((_, index) => index < layers.length - 1 && !used.has(index));
  if (unused < 0) return;
  throw new ShapeError(
    `model.layers[${unused}] "${layers[unused]?.name}"`,
    'no later layer takes its output. Remove it, or name it as the input of another.',
  );
}

function checkOutput(recipe: Recipe, layers: readonly Layer[], { outputCount, task }: ModelFit): void {
  if (recipe.loss === 'crossEntropy' && task === 'regression') {
    throw new ShapeError('loss', '"crossEntropy" needs class labels, but the data is a regression. Use "mse".');
  }
  const last = layers.at(-1);
  const where = `model.layers[${layers.length - 1}]`;
  const computing = layers.findLast(({ type }) => type !== 'flatten');
  if (last === undefined || computing === undefined || ['dropout', 'gaussianNoise'].includes(computing.type)) {
    const { type } = computing ?? last ?? {};
    throw new ShapeError(where, `the last layer is "${type}"; end with a dense layer of ${outputCount} units.`);
  }
  if (layers.every(({ block }) => block === undefined)) {
    throw new ShapeError('model.layers', `none of them can be trained. Add a dense layer of ${outputCount} units.`);
  }
  const count = elementCount(last.outputShape);
  if (count === outputCount) return;
  const outputs = task === 'classification' ? `${outputCount} classes` : `${outputCount} target columns`;
  // Maps of as many channels need only be averaged.
  const isMaps = last.outputShape.length === 3 && last.outputShape[2] === outputCount;
  const pooled = isMaps ? ', or with a globalAveragePool2d' : '';
  const [came, cure] =
    last.type === 'dense'
      ? [`has ${count} units`, `Set units to ${outputCount}`]
      : [`gives ${last.outputShape.join('x')} numbers`, `End with a dense layer of ${outputCount} units${pooled}`];
  throw new ShapeError(`${where} "${last.name}"`, `the last layer ${came}, but the data has ${outputs}. ${cure}.`);
}
