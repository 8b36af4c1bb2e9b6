/**
 * What the benchmark runs, as data: recipes over synthetic rows that every machine draws alike. The W's measure steps with the rows in
 * file order, so that every library can take the same batches; the E's measure a shuffled epoch; the P's steps of populations of several
 * sizes, and the S's a search: whole runs as one population.
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

/** Recipes of which several are trained together: member k is the same in a population of any size. */
interface Population {
  readonly name: string;
  readonly title: string;
  /** A member without what distinguishes it. */
  readonly recipe: Recipe;
  /** What distinguishes member k. */
  readonly createMember: (index: number) => MemberOverrides;
  readonly createDataset: () => Dataset;
}

/** Steps of populations of several sizes, held against the smallest. */
export interface PopulationWorkload extends Population {
  readonly kind: 'population';
  /** The smallest first. */
  readonly sizes: readonly number[];
}

/** Whole runs as one population, held against the same runs one after the other. */
export interface RunsWorkload extends Population {
  readonly kind: 'runs';
  readonly population: number;
}

export type ComparedWorkload = TrainingWorkload | ProductWorkload;
export type Workload = ComparedWorkload | PopulationWorkload | RunsWorkload;

type MemberOverrides = Readonly<Record<string, number>>;

/** The first so many members as one recipe. */
export function populationRecipe({ recipe, createMember }: Population, population: number): Recipe {
  return parseRecipe({ ...recipe, members: Array.from({ length: population }, (_, index) => createMember(index)) });
}

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

function createRecipe({ layers, batch, fields }: Network, data: object = {}, epochs = 1): Recipe {
  return parseRecipe({
    // The rows are handed in with the recipe; no file is read.
    data: { source: 'csv', file: 'synthetic', test: 0, shuffleSplit: false, shuffle: false, ...data },
    model: { layers },
    batch,
    epochs,
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

/** One input and one output, as in curve fitting, where a step is hardly any arithmetic. */
const curve: Network = {
  layers: [hidden(100), hidden(100), { type: 'dense', units: 1 }],
  batch: 25,
  fields: { loss: 'mse', optimizer: { type: 'adam', learningRate: 1e-3 } },
};

/** Members of a search that share their rows, and those that draw rows of their own, as folds do. */
const sharedRows = (index: number): MemberOverrides => ({ l2: 1e-4 * (index + 1), seed: index });
const ownRows = (index: number): MemberOverrides => ({ ...sharedRows(index), 'data.seed': index });

function imagePopulation(
  name: string,
  title: string,
  network: Network,
  sizes: readonly number[],
  createMember = sharedRows,
): PopulationWorkload {
  // An evaluation's batch of every member has to fit one binding, too.
  const fields = { ...network.fields, evaluation: { batch: network.batch } };
  const recipe = createRecipe({ ...network, fields }, { normalize: 'unit', shuffle: true });
  const createDataset = (): Dataset => drawImages(stepRows, flatShape);
  return { name, kind: 'population', title, recipe, sizes, createMember, createDataset };
}

function curvePopulation(name: string, title: string, network: Network, sizes: readonly number[]): PopulationWorkload {
  const recipe = createRecipe(network, { task: 'regression', shuffle: true, normalize: 'none' });
  const createDataset = (): Dataset => drawCurve(stepRows);
  return { name, kind: 'population', title, recipe, sizes, createMember: ownRows, createDataset };
}

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
  imagePopulation('P1', 'W1 in populations, rows shared', small, [1, 4, 16, 64]),
  imagePopulation('P2', 'W1 in populations, rows of their own', small, [1, 4, 16, 64], ownRows),
  imagePopulation('P3', 'W2 in populations, rows shared', deep, [1, 2, 4, 8]),
  curvePopulation('P4', '1-100-100-1, MSE, Adam, batch 25 in populations, rows of their own', curve, [1, 9, 27, 54]),
  curvePopulation('P5', 'P4 with batch 10', { ...curve, batch: 10 }, [1, 9, 27, 54]),
  {
    name: 'S1',
    kind: 'runs',
    title: 'sixteen runs of W1, an epoch of 10,000 rows, validated and tested on 1,000 each',
    population: 16,
    recipe: createRecipe(small, { normalize: 'unit', shuffle: true, validation: 1000, test: 1000 }),
    createMember: sharedRows,
    createDataset: () => drawImages(epochRows + 2000, flatShape),
  },
  {
    name: 'S2',
    kind: 'runs',
    title: '27 runs of 1-100-100-1, batch 25, ten epochs of 1,000 rows, each validated on 200 rows of its own',
    population: 27,
    recipe: createRecipe(curve, { task: 'regression', shuffle: true, shuffleSplit: true, validation: 200 }, 10),
    createMember: ownRows,
    createDataset: () => drawCurve(1200),
  },
];

/** What other libraries are held against too: they have no populations. */
export const comparedWorkloads: readonly ComparedWorkload[] = workloads.filter(
  (workload): workload is ComparedWorkload => workload.kind !== 'population' && workload.kind !== 'runs',
);

/** The workloads of these names, in either case; all of those there are where none is named. Throws RecipeError for a name that is none. */
export function chooseWorkloads(names: readonly string[]): readonly Workload[];
export function chooseWorkloads<W extends Workload>(names: readonly string[], among: readonly W[]): readonly W[];
export function chooseWorkloads(names: readonly string[], among: readonly Workload[] = workloads): readonly Workload[] {
  if (names.length === 0) return among;
  const known = among.map(({ name }) => name);
  return [...new Set(names.map((name) => name.toUpperCase()))].map((name) => {
    const found = among.find((workload) => workload.name === name);
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
