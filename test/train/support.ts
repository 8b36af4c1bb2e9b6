/** Small data and runs for the tests of training; sets come from the project's own counter-based draws, so nothing is stored. */
import type { Dataset } from '../../src/data/dataset.ts';
import { InterruptedError } from '../../src/errors.ts';
import { drawBits, normals } from '../../src/random/draws.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe, RecipeInput } from '../../src/recipe/schema.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { EvaluationEvent, TrainEvent, TrainResult } from '../../src/train/events.ts';
import { train } from '../../src/train/trainer.ts';
import type { TrainOptions } from '../../src/train/trainer.ts';

/** Classes as overlapping clouds: float inputs, or `bytes` as small images of one channel. */
export function clouds({ rowCount = 90, features = 6, classes = 3, bytes = false } = {}): Dataset {
  const draws = normals(rowCount * features, { seed: 41, stream: 8, step: 0, salt: 0 });
  const labels = Uint32Array.from({ length: rowCount }, (_, row) => drawBits(42, 8, 0, 0, row) % classes);
  const value = (index: number) => {
    const label = labels[Math.floor(index / features)]!;
    return draws[index]! + ((index % features) % classes === label ? 1 : 0);
  };
  const inputs = bytes
    ? Uint8Array.from(draws, (_, index) => Math.min(255, Math.max(0, Math.round(100 + 40 * value(index)))))
    : Float64Array.from(draws, (_, index) => value(index));
  return {
    name: 'clouds',
    task: 'classification',
    rowCount,
    inputShape: bytes ? [features / 2, 2, 1] : [features],
    inputs,
    labels,
    outputCount: classes,
    parts: {},
    notes: [],
  };
}

/** Two smooth functions of the inputs. */
export function curves(rowCount = 64): Dataset {
  const inputs = normals(rowCount * 3, { seed: 43, stream: 8, step: 0, salt: 0 });
  const targets = new Float32Array(rowCount * 2);
  for (let row = 0; row < rowCount; row++) {
    const [a = 0, b = 0, c = 0] = inputs.subarray(row * 3, row * 3 + 3);
    targets.set([a * b - c, a + c * c * 0.5], row * 2);
  }
  return {
    name: 'curves',
    task: 'regression',
    rowCount,
    inputShape: [3],
    inputs,
    targets,
    outputCount: 2,
    parts: {},
    notes: [],
  };
}

/** The same as images of 6x6 with two channels. */
export function cloudImages(): Dataset {
  return { ...clouds({ features: 72 }), inputShape: [6, 6, 2] };
}

/** A model with every kind of layer, for `cloudImages`. */
export const everyLayer: readonly object[] = [
  { type: 'conv2d', filters: 3, padding: 'same', bias: false },
  { type: 'batchNorm', activation: 'relu', name: 'start' },
  { type: 'conv2d', filters: 3, padding: 'same', activation: 'relu', name: 'branch' },
  { type: 'add', inputs: ['start', 'branch'], activation: 'relu' },
  { type: 'maxPool2d' },
  { type: 'gaussianNoise', standardDeviation: 0.1 },
  { type: 'conv2d', filters: 4, kernel: 2, stride: 2, padding: 'same' },
  { type: 'layerNorm', activation: 'gelu' },
  { type: 'averagePool2d', size: 2, stride: 1 },
  { type: 'flatten' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 3 },
];

/** A recipe for `clouds`: two layers, a third of the rows for validation; `fields` change it. */
export function smallRecipe(fields: object = {}): Recipe {
  return parseRecipe({
    data: { source: 'csv', file: 'in memory', validation: 30, normalize: 'feature' },
    model: {
      layers: [
        { type: 'dense', units: 12, activation: 'tanh' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'adam', learningRate: 0.02 },
    batch: 10,
    ...('steps' in fields || 'cycles' in fields ? {} : { epochs: 6 }),
    ...fields,
  });
}

export interface Finished {
  readonly events: readonly TrainEvent[];
  readonly evaluations: readonly EvaluationEvent[];
  readonly checkpoints: readonly Checkpoint[];
  readonly result: TrainResult;
}

type Options = Omit<TrainOptions, 'device'> & Partial<Pick<TrainOptions, 'device'>>;

function gather(events: readonly TrainEvent[]): Omit<Finished, 'result'> {
  return {
    events,
    evaluations: events.filter((event) => event.type === 'evaluation'),
    checkpoints: events.flatMap((event) => (event.type === 'checkpoint' ? [event.checkpoint] : [])),
  };
}

/** Trains on the CPU path (unless told otherwise) to the end and keeps every event. */
export async function trainAll(recipe: Recipe | RecipeInput, options: Options = {}): Promise<Finished> {
  using cpu = cpuDevice();
  const run = train(recipe, { device: cpu, dataset: clouds(), ...options });
  const events: TrainEvent[] = [];
  for await (const event of run) events.push(event);
  return { ...gather(events), result: await run.result };
}

/** Trains until the run fails and keeps what came before; fails itself if the run does not. */
export async function trainToFailure(
  recipe: Recipe | RecipeInput,
  options: Options = {},
): Promise<Omit<Finished, 'result'> & { readonly error: unknown }> {
  using cpu = cpuDevice();
  const events: TrainEvent[] = [];
  try {
    for await (const event of train(recipe, { device: cpu, dataset: clouds(), ...options })) events.push(event);
  } catch (error) {
    return { ...gather(events), error };
  }
  throw new Error('the run came to its end');
}

/** Trains in chunks of a few steps and asks to stop once `step` is done. */
export async function trainUntil(
  recipe: Recipe | RecipeInput,
  step: number,
  options: Options = {},
): Promise<Omit<Finished, 'result'>> {
  using cpu = cpuDevice();
  const controller = new AbortController();
  const events: TrainEvent[] = [];
  try {
    const { signal } = controller;
    const run = train(recipe, { device: cpu, dataset: clouds(), chunkMilliseconds: 0, ...options, signal });
    for await (const event of run) {
      events.push(event);
      if (event.type === 'progress' && event.step >= step) controller.abort();
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    return gather(events);
  }
  throw new Error(`the run ended before it was stopped at step ${step}`);
}

export const hashes = ({ result }: Finished): readonly (string | undefined)[] =>
  result.members.map((member) => member.weightsSha256);
