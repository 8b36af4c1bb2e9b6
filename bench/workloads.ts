/**
 * What the benchmark runs, as data: recipes over synthetic rows that every machine draws alike. The W's measure steps with the rows in
 * file order, so that every library can take the same batches; the E's measure a shuffled epoch.
 */
import { RecipeError } from '../src/errors.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { float32 } from '../src/arithmetic/arithmetic.ts';
import { elementCount } from '../src/formats/shape.ts';
import { draw4, streams, uniforms } from '../src/random/draws.ts';
import { parseRecipe } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import type { ProductSize } from './protocol.ts';

/** A recipe that is trained: `steps` are timed one after the other, an `epoch` by the public `train`. */
export interface TrainingWorkload {
  readonly name: string;
  readonly kind: 'steps' | 'epoch';
  readonly title: string;
  readonly rows: number;
  readonly recipe: Recipe;
  readonly createDataset: () => Dataset;
}

/** Matrix products alone. */
export interface ProductWorkload {
  readonly name: string;
  readonly kind: 'products';
  readonly title: string;
  readonly shapes: readonly ProductSize[];
}

export type Workload = TrainingWorkload | ProductWorkload;

/** CIFAR-10's images as plain numbers, and Fashion-MNIST's as images. */
const flatShape = [3072];
const imageShape = [28, 28, 1];
const classCount = 10;
const stepRows = 2_000;
const epochRows = 10_000;

interface Network {
  readonly layers: readonly object[];
  readonly batch: number;
  readonly fields: object;
}

const hidden = (units: number): object => ({ type: 'dense', units, activation: 'relu' });
const classes = { type: 'dense', units: classCount };
const convolution = (filters: number): object => ({ type: 'conv2d', filters, activation: 'relu' });
const halve = { type: 'maxPool2d' };

const small: Network = {
  layers: [hidden(50), classes],
  batch: 100,
  fields: { optimizer: { type: 'sgd', learningRate: 1e-3 }, l2: 1e-3 },
};
const deep: Network = {
  layers: [hidden(512), hidden(256), hidden(128), classes],
  batch: 128,
  fields: { optimizer: { type: 'adam', learningRate: 1e-4 } },
};
/** 16.4 million operations a sample and step: 28x28 - 26x26x32 - 13x13x32 - 11x11x64 - 5x5x64 - 3x3x64 - 64 - 10. */
const convolutional: Network = {
  layers: [convolution(32), halve, convolution(64), halve, convolution(64), hidden(64), classes],
  batch: 300,
  fields: { optimizer: { type: 'adam', learningRate: 1e-3 } },
};

function createRecipe({ layers, batch, fields }: Network, data: object = {}): Recipe {
  return parseRecipe({
    // The rows are handed in with the recipe; no file is read.
    data: { source: 'csv', file: 'synthetic', test: 0, shuffleSplit: false, shuffle: false, ...data },
    model: { layers },
    batch,
    epochs: 1,
    ...fields,
  });
}

function imageWorkload(
  name: string,
  title: string,
  network: Network,
  kind: 'steps' | 'epoch',
  inputShape = flatShape,
): TrainingWorkload {
  const rows = kind === 'epoch' ? epochRows : stepRows;
  const recipe = createRecipe(network, { normalize: 'unit', shuffle: kind === 'epoch' });
  return { name, kind, title, rows, recipe, createDataset: () => drawImages(rows, inputShape) };
}

const members = Array.from({ length: 16 }, (_, index) => ({ l2: 1e-4 * (index + 1) }));

/** The products of one step of a dense network: forward and weight gradient of each layer, input gradient of all but the first. */
function productShapes(inSize: number, batch: number, widths: readonly number[]): readonly ProductSize[] {
  return widths.flatMap((outSize, index): readonly ProductSize[] => {
    const layerIn = index === 0 ? inSize : (widths[index - 1] ?? 0);
    return [
      { kind: 'forward', m: batch, n: outSize, k: layerIn },
      ...(index === 0 ? [] : [{ kind: 'input', m: batch, n: layerIn, k: outSize } as const]),
      { kind: 'weight', m: layerIn, n: outSize, k: batch },
    ];
  });
}

export const workloads: readonly Workload[] = [
  imageWorkload('W1', '3072-50-10, batch 100, SGD, l2', small, 'steps'),
  imageWorkload('W2', '3072-512-256-128-10, batch 128, Adam', deep, 'steps'),
  {
    name: 'W3',
    kind: 'steps',
    title: '1-80-80-1 sigmoid, MSE, momentum, batch 25',
    rows: stepRows,
    recipe: createRecipe(
      {
        layers: [
          { type: 'dense', units: 80, activation: 'sigmoid', init: 'glorotUniform' },
          { type: 'dense', units: 80, activation: 'sigmoid', init: 'glorotUniform' },
          { type: 'dense', units: 1, init: 'glorotUniform' },
        ],
        batch: 25,
        fields: { loss: 'mse', optimizer: { type: 'momentum', learningRate: 1e-2 } },
      },
      { task: 'regression' },
    ),
    createDataset: () => drawCurve(stepRows),
  },
  imageWorkload(
    'W4',
    '28x28x1, convolutions of 32, 64 and 64, dense 64-10, batch 300, Adam',
    convolutional,
    'steps',
    imageShape,
  ),
  imageWorkload('W5', 'sixteen W1, sixteen l2', { ...small, fields: { ...small.fields, members } }, 'steps'),
  {
    name: 'W6',
    kind: 'products',
    title: 'matrix products alone',
    shapes: [
      ...[256, 512, 1024].map((size) => ({ kind: 'forward', m: size, n: size, k: size }) as const),
      ...productShapes(elementCount(flatShape), small.batch, [50, classCount]),
      ...productShapes(elementCount(flatShape), deep.batch, [512, 256, 128, classCount]),
    ],
  },
  imageWorkload('E1', 'one epoch of W1 over 10,000 rows, shuffled', small, 'epoch'),
  imageWorkload('E2', 'one epoch of W2 over 10,000 rows, shuffled', deep, 'epoch'),
];

/** The workloads of these names, in either case; all where none is named. Throws RecipeError for a name that is none. */
export function chooseWorkloads(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return workloads;
  const known = workloads.map(({ name }) => name);
  return [...new Set(names.map((name) => name.toUpperCase()))].map((name) => {
    const found = workloads.find((workload) => workload.name === name);
    if (found !== undefined) return found;
    throw new RecipeError(name, `is no workload. There are ${known.join(', ')}.`);
  });
}

/** Images of uniform bytes [rows, ...inputShape] with labels drawn apart from them: the work of training does not depend on what is learnt. */
function drawImages(rows: number, inputShape: readonly number[]): Dataset {
  const inputs = new Uint8Array(rows * elementCount(inputShape));
  const words = drawWords(inputs.length / 4, 0);
  for (let index = 0; index < inputs.length; index++) inputs[index] = (words[index >>> 2] ?? 0) >>> (8 * (index & 3));
  return {
    ...emptyDataset(rows),
    task: 'classification',
    inputShape,
    inputs,
    labels: drawWords(rows, 1).map((bits) => bits % classCount),
    outputCount: classCount,
  };
}

/** One input in -1..1 and one smooth target, x³ - x. */
function drawCurve(rows: number): Dataset {
  const inputs = uniforms(rows, { seed: 0, stream: streams.synthetic, step: 0, salt: 0 }).map((x) => 2 * x - 1);
  return {
    ...emptyDataset(rows),
    task: 'regression',
    inputShape: [1],
    inputs,
    targets: inputs.map((x) => float32.round(x * x * x - x)),
    outputCount: 1,
  };
}

function emptyDataset(rowCount: number): Pick<Dataset, 'name' | 'rowCount' | 'parts' | 'notes'> {
  return { name: 'synthetic', rowCount, parts: {}, notes: [] };
}

function drawWords(count: number, salt: number): Uint32Array {
  const block = new Uint32Array(4);
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index += 4) {
    draw4(0, streams.synthetic, 0, salt, index >>> 2, block);
    words.set(block.subarray(0, count - index), index);
  }
  return words;
}
