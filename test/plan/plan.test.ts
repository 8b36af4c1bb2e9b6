/** The plan as data: every tensor has its place, shared slots never hold two living tensors, and nothing is bound both ways. */
import { expect, test } from 'vitest';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { Call, PlacedTensor, Plan } from '../../src/plan/plan.ts';
import { bufferOf, peakDeviceBytes, sizeBytes } from '../../src/plan/plan.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { createFeed, initialArena, prepare, uploadData } from '../../src/train/session.ts';
import { clouds, curves, smallRecipe } from '../train/support.ts';

const images = clouds({ rowCount: 60, features: 24, bytes: true });
const deep = [
  { type: 'dense', units: 20, activation: 'gelu' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 16, activation: 'sigmoid' },
  { type: 'dense', units: 16, activation: 'leakyRelu' },
  { type: 'dropout', rate: 0.1 },
  { type: 'dense', units: 3 },
];
const data = { source: 'csv', file: 'in memory', validation: 20, normalize: 'unit' };
const noisy = { noise: { standardDeviation: 0.2, fraction: 0.5 }, horizontalFlip: true, cropPadding: 1 };

const cases: readonly (readonly [string, Recipe, Dataset])[] = [
  ['two layers', smallRecipe(), clouds()],
  ['deep on images with augmentation', smallRecipe({ data, model: { layers: deep }, augmentation: noisy }), images],
  [
    'a clipped population with data seeds',
    smallRecipe({
      data,
      model: { layers: deep },
      clipNorm: 1,
      augmentation: noisy,
      earlyStopping: { patience: 2 },
      members: [{ 'data.seed': 1 }, { 'data.seed': 2 }],
    }),
    images,
  ],
  [
    'a regression',
    smallRecipe({
      data: { source: 'csv', file: 'in memory', task: 'regression' },
      model: {
        layers: [
          { type: 'dense', units: 300, activation: 'relu' },
          { type: 'dense', units: 2 },
        ],
      },
      loss: 'mse',
      optimizer: { type: 'momentum' },
    }),
    curves(),
  ],
  [
    'a convolutional network with a branch',
    smallRecipe({
      model: {
        layers: [
          { type: 'conv2d', filters: 4, padding: 'same', bias: false },
          { type: 'batchNorm', activation: 'relu' },
          { type: 'maxPool2d', name: 'start' },
          { type: 'conv2d', filters: 4, padding: 'same', activation: 'relu', name: 'branch' },
          { type: 'add', inputs: ['start', 'branch'], activation: 'relu' },
          { type: 'averagePool2d' },
          { type: 'layerNorm' },
          { type: 'dense', units: 3 },
        ],
      },
    }),
    { ...clouds({ features: 128 }), inputShape: [8, 8, 2] },
  ],
];

const places = (call: Call, bindings: Readonly<Record<string, unknown>>) =>
  Object.keys(bindings).map((binding) => call.tensors[binding]!);
const isSlot = (plan: Plan, { buffer }: PlacedTensor) => bufferOf(plan, buffer).kind === 'slot';

test.each(cases)(
  '%s: every tensor lies inside its buffer, at an offset that can be bound',
  (_name, recipe, dataset) => {
    const { plan } = prepare(recipe, dataset);
    for (const call of Object.values(plan.programs).flat()) {
      for (const place of Object.values(call.tensors)) {
        expect(place.elementOffset + place.elements).toBeLessThanOrEqual(bufferOf(plan, place.buffer).elements);
        expect((place.elementOffset * 4) % 256).toBe(0);
      }
    }
  },
);

function overlap(a: PlacedTensor, b: PlacedTensor): boolean {
  const [first, second] = a.elementOffset <= b.elementOffset ? [a, b] : [b, a];
  return a.buffer === b.buffer && second.elementOffset < first.elementOffset + first.elements;
}

test.each(cases)('%s: no call binds one buffer for reading and for writing', (_name, recipe, dataset) => {
  const { plan } = prepare(recipe, dataset);
  for (const call of Object.values(plan.programs).flat()) {
    const reads = places(call, call.kernel.reads).map(({ buffer }) => buffer);
    const writes = places(call, call.kernel.writes);
    expect(reads.filter((buffer) => writes.some((place) => place.buffer === buffer))).toEqual([]);
    for (const [index, place] of writes.entries()) {
      expect(writes.slice(index + 1).filter((other) => overlap(place, other))).toEqual([]);
    }
  }
});

/** The first read of a slot that holds another tensor than the one that is wanted, or nothing yet. */
function firstClash(plan: Plan, calls: readonly Call[]): string | undefined {
  let held: readonly PlacedTensor[] = [];
  for (const call of calls) {
    for (const place of places(call, call.kernel.reads).filter((tensor) => isSlot(plan, tensor))) {
      if (!held.some(({ name }) => name === place.name)) return `${call.kernel.name} reads ${place.name}`;
    }
    const written = places(call, call.kernel.writes);
    held = [...held.filter((place) => !written.some((other) => overlap(place, other))), ...written];
  }
  return undefined;
}

test.each(cases)('%s: what a call reads is what was last written there', (_name, recipe, dataset) => {
  const { plan } = prepare(recipe, dataset);
  for (const calls of Object.values(plan.programs)) expect(firstClash(plan, calls)).toBeUndefined();
});

test('a slot that is overwritten too early is noticed', () => {
  const { plan } = prepare(cases[1]![1], cases[1]![2]);
  const calls = [...plan.programs.train];
  const reader = calls.findIndex((call) => call.kernel.name === 'dense_backward_weight');
  // The same calls in another order: the backward pass of a layer after those of the layers before it.
  calls.push(...calls.splice(reader, 1));
  expect(firstClash(plan, calls)).toMatch(/^dense_backward_weight reads /);
});

async function trainedArena(recipe: Recipe, dataset: Dataset, shareSlots: boolean) {
  const prepared = prepare(recipe, dataset, { shareSlots });
  using executor = createCpuExecutor(prepared.plan);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  const plateaus = prepared.members.map(() => 1);
  executor.run('train', { steps: createFeed(prepared).loadTraining(executor, 0, 9, plateaus) });
  return { plan: prepared.plan, parameters: await executor.read('parameters') };
}

test.each(cases)(
  '%s with shared slots trains to the same bits as without, in less memory',
  async (_name, recipe, dataset) => {
    const shared = await trainedArena(recipe, dataset, true);
    const apart = await trainedArena(recipe, dataset, false);
    expect(shared.parameters).toEqual(apart.parameters);
    expect(shared.plan.model.layers.length).toBeGreaterThan(1);
    expect(peakDeviceBytes(shared.plan)).toBeLessThan(peakDeviceBytes(apart.plan));
  },
);

test('arenas have one layout, and the sizes of the model are counted', () => {
  const { plan } = prepare(smallRecipe({ model: { layers: deep }, data, earlyStopping: { patience: 1 } }), images);
  const { model } = plan;
  const arenas = plan.buffers.filter(({ kind }) => kind === 'arena');
  expect(arenas.map(({ name }) => name)).toEqual(['parameters', 'gradients', 'm', 'v', 'best']);
  expect(new Set(arenas.map(({ elements }) => elements))).toEqual(new Set([model.memberStride]));
  expect(model.parameterCount).toBe(25 * 20 + 21 * 16 + 17 * 16 + 17 * 3);
  expect(model.multiplyAdds).toBe(24 * 20 + 20 * 16 + 16 * 16 + 16 * 3);
  expect(peakDeviceBytes(plan)).toBe(plan.buffers.reduce((sum, buffer) => sum + sizeBytes(buffer), 0));
});

test('the same recipe gives the same plan, and a member field none other', () => {
  const planOf = (fields: object) => JSON.stringify(prepare(smallRecipe(fields), clouds()).plan);
  expect(planOf({})).toBe(planOf({}));
  expect(planOf({ l2: 0.1, seed: 4, schedule: { type: 'cosine' } })).toBe(planOf({}));
  expect(planOf({ batch: 11 })).not.toBe(planOf({}));
});
