/**
 * Whole runs on the adapter of the tests against the CPU path and the recorded bits. Where the adapter's arithmetic is not exact, only
 * what must hold everywhere is asked: a run repeats its own bits, and members equal plain runs.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDigits } from '../../src/data/digits.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { createGpuExecutor } from '../../src/gpu/executor.ts';
import { memberRecipes, parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import { openTestAdapter } from '../device.ts';
import { digitsPopulation, digitsRun } from '../train/digits-run.ts';
import expected from '../train/expected.json' with { type: 'json' };
import {
  cloudImages,
  clouds,
  curves,
  everyLayer,
  hashes,
  smallRecipe,
  trainAll,
  trainToFailure,
  trainUntil,
} from '../train/support.ts';

let gpu: GpuDevice;
let digits: Dataset;
beforeAll(async () => {
  const { adapter, description } = await openTestAdapter();
  const { name, kind } = description;
  gpu = await openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary });
  digits = await loadDigits();
});
afterAll(() => gpu?.[Symbol.dispose]());

/** Equal where the adapter is exact; else nothing is known about bits of another executor. */
function expectSameBits(came: unknown, wanted: unknown): void {
  if (gpu.arithmetic.exact) expect(came).toEqual(wanted);
}

test('three epochs of digits end with the recorded bits, twice', async () => {
  const first = await trainAll(digitsRun, { device: gpu, dataset: digits });
  const second = await trainAll(digitsRun, { device: gpu, dataset: digits, chunkMilliseconds: 5 });
  expect(hashes(second)).toEqual(hashes(first));
  expect(second.evaluations).toEqual(first.evaluations);
  expectSameBits(first.result.weightsSha256, expected.digits.weightsSha256);
  expectSameBits(first.result.test?.accuracy, expected.digits.testAccuracy);
  expect(first.result.test?.accuracy).toBeGreaterThan(0.87);
  expect(first.result).toMatchObject({ device: 'gpu', adapter: gpu.name });
});

test('a population of three on digits ends with the bits of plain runs', async () => {
  const recipe = parseRecipe(digitsPopulation);
  const together = await trainAll(recipe, { device: gpu, dataset: digits });
  expectSameBits(hashes(together), expected.digits.population);
  for (const [index, member] of memberRecipes(recipe).entries()) {
    const alone = await trainAll(member, { device: gpu, dataset: digits });
    expect(hashes(alone)[0]).toBe(hashes(together)[index]);
  }
});

const layers = [
  { type: 'dense', units: 12, activation: 'gelu' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 3 },
];
const images = { data: { source: 'csv', file: 'in memory', validation: 30, normalize: 'channel' } };
const augmentation = {
  noise: { standardDeviation: 0.3, fraction: 0.5 },
  horizontalFlip: true,
  cropPadding: 1,
  contrast: 0.4,
  brightness: 0.2,
  cutout: 1,
};

const cases: readonly (readonly [string, Recipe, Dataset])[] = [
  [
    'a convolutional network of every kind of layer',
    smallRecipe({ model: { layers: everyLayer }, batch: 20, epochs: 3, members: [{ seed: 1 }, { seed: 2 }] }),
    cloudImages(),
  ],
  [
    'early stopping of a population with data seeds',
    smallRecipe({
      model: { layers },
      evaluation: { everySteps: 3, topK: 2 },
      earlyStopping: { patience: 2 },
      members: [
        { 'data.seed': 1, 'optimizer.learningRate': 0.2 },
        { 'data.seed': 2, l2: 0.01, labelSmoothing: 0.1 },
      ],
      classWeights: 'balanced',
    }),
    clouds(),
  ],
  [
    'augmented images, clipped AdamW and one cycle',
    smallRecipe({
      ...images,
      model: { layers },
      augmentation,
      clipNorm: 0.5,
      optimizer: { type: 'adamw' },
      schedule: { type: 'oneCycle', etaMax: 0.05 },
    }),
    clouds({ bytes: true }),
  ],
  [
    'a regression under plateaus with RMSprop',
    smallRecipe({
      data: { source: 'csv', file: 'in memory', task: 'regression', validation: 20 },
      model: {
        layers: [
          { type: 'dense', units: 7, activation: 'sigmoid' },
          { type: 'dense', units: 2 },
        ],
      },
      loss: 'huber',
      optimizer: { type: 'rmsprop', learningRate: 0.05 },
      schedule: { type: 'plateau', patience: 0 },
    }),
    curves(),
  ],
  [
    'momentum with the rate inside, half the squares, cosine and warm-up',
    smallRecipe({
      loss: 'quadratic',
      optimizer: { type: 'momentum', learningRate: 0.05, rateInside: true, nesterov: true },
      schedule: { type: 'cosine', warmupSteps: 5 },
      l2: 0.1,
      l2Factor: '1/(2n)',
    }),
    clouds(),
  ],
];

test.each(cases)('%s: every number of the run is that of the CPU path', async (_name, recipe, dataset) => {
  const here = await trainAll(recipe, { device: gpu, dataset });
  const cpu = await trainAll(recipe, { dataset });
  expectSameBits(here.result.members, cpu.result.members);
  expectSameBits(here.evaluations, cpu.evaluations);
  expectSameBits(here.checkpoints.at(-1)!.arenas, cpu.checkpoints.at(-1)!.arenas);
  for (const [index, { train: onTrain }] of here.result.members.entries()) {
    expect(Math.abs(onTrain.loss / cpu.result.members[index]!.train.loss - 1)).toBeLessThan(0.01);
  }
});

test('a run interrupted here goes on to the same bits, here and on the CPU path', async () => {
  const recipe = parseRecipe(digitsRun);
  const whole = await trainAll(recipe, { device: gpu, dataset: digits });
  const { checkpoints } = await trainUntil(recipe, 50, { device: gpu, dataset: digits });
  const { plan } = prepare(recipe, digits);
  const checkpoint = readCheckpoint(writeCheckpoint(plan.model, checkpoints.at(-1)!, {}), 'memory', plan);
  expect(checkpoint.counters.step).toBeLessThan(100);
  expect(hashes(await trainAll(recipe, { device: gpu, dataset: digits, checkpoint }))).toEqual(hashes(whole));
  expectSameBits(hashes(await trainAll(recipe, { dataset: digits, checkpoint })), hashes(whole));
});

test('data in three shards trains to the bits of data in one', async () => {
  const { rowCount, inputs, labels } = digits;
  const dataset = {
    ...digits,
    rowCount: 3 * rowCount,
    inputs: tripled(inputs as Uint8Array),
    labels: tripled(labels!),
  };
  const data = { ...digitsRun.data, train: 1000, test: 200, validation: 200 };
  const recipe = parseRecipe({ ...digitsRun, data, evaluation: { batch: 8 } });
  const device = { ...gpu, maxBindingBytes: 128 * 1024 };
  const { plan } = prepare(recipe, dataset, device);
  expect(plan.buffers.filter(({ name }) => /^inputs\d+$/.test(name))).toHaveLength(3);
  const whole = await trainAll(recipe, { device: gpu, dataset });
  const sharded = await trainAll(recipe, { device, dataset });
  expect(hashes(sharded)).toEqual(hashes(whole));
  expect(sharded.result.test).toEqual(whole.result.test);
});

function tripled<T extends Uint8Array | Uint32Array>(values: T): T {
  const all = new (values.constructor as new (length: number) => T)(values.length * 3);
  for (let copy = 0; copy < 3; copy++) all.set(values, copy * values.length);
  return all;
}

test('an overflow is named with the step and the layer, as on the CPU path', async () => {
  const recipe = smallRecipe({
    model: {
      layers: [
        { type: 'dense', units: 12, activation: 'relu' },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'momentum', learningRate: 1e30 },
  });
  const here = await trainToFailure(recipe, { device: gpu });
  const cpu = await trainToFailure(recipe);
  expect(here.error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'dense2' });
  expectSameBits((here.error as Error).message, (cpu.error as Error).message);
});

const makers = [
  'createBuffer',
  'createBindGroup',
  'createBindGroupLayout',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createPipelineLayout',
  'createShaderModule',
  'createTexture',
] as const;

/** Counts what a device is asked to make, until it is disposed of. */
function countMaking(device: GPUDevice): { readonly counts: Record<string, number> } & Disposable {
  const counts: Record<string, number> = {};
  const target = device as unknown as Record<string, unknown>;
  for (const name of makers) {
    const original = device[name].bind(device) as (...values: unknown[]) => unknown;
    target[name] = (...values: unknown[]) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return original(...values);
    };
  }
  return {
    counts,
    [Symbol.dispose]() {
      for (const name of makers) delete target[name];
    },
  };
}

/** What a run has the device make after its first evaluation; `meddle` is called at every one. */
async function madeAfterFirstEvaluation(
  recipe: Parameters<typeof train>[0],
  meddle: () => unknown = () => undefined,
): Promise<Record<string, number>> {
  using counter = countMaking(gpu.device);
  const { counts } = counter;
  let before: Record<string, number> | undefined;
  const run = train(recipe, { device: gpu, dataset: digits, checkpointSeconds: 0, chunkMilliseconds: 20 });
  for await (const event of run) {
    if (event.type !== 'evaluation') continue;
    before ??= { ...counts };
    await meddle();
  }
  await run.result;
  expect(before?.['createBuffer']).toBeGreaterThan(10);
  const made = Object.entries(counts).map(([name, count]) => [name, count - (before?.[name] ?? 0)] as const);
  return Object.fromEntries(made.filter(([, count]) => count > 0));
}

test.each([
  ['a plain run', digitsRun],
  ['a population that stops early', { ...digitsPopulation, earlyStopping: { patience: 1 } }],
])('%s makes no buffer, bind group or pipeline after its first evaluation', async (_name, recipe) => {
  expect(await madeAfterFirstEvaluation(recipe)).toEqual({});
});

test('what is made after the first evaluation is counted', async () => {
  const { plan } = prepare(parseRecipe(digitsRun), digits);
  const made = await madeAfterFirstEvaluation(digitsRun, async () => {
    (await createGpuExecutor(gpu, plan))[Symbol.dispose]();
    gpu.device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
  });
  expect(made['createBuffer']).toBeGreaterThan(10);
  expect(made['createBindGroup']).toBeGreaterThan(10);
  expect(made['createShaderModule']).toBe(3);
});
