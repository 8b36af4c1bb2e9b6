// The benchmark's workloads are what they are said to be, and the same on every machine.
import { expect, test } from 'vitest';
import { chooseWorkloads, comparedWorkloads, workloads } from '../../bench/workloads.ts';
import type { TrainingWorkload } from '../../bench/workloads.ts';
import { callMultiplyAdds } from '../../src/plan/plan.ts';
import { drawBits, streams } from '../../src/random/draws.ts';
import { prepare } from '../../src/train/session.ts';

function training(name: string): TrainingWorkload {
  const [workload] = chooseWorkloads([name], comparedWorkloads);
  if (workload === undefined || workload.kind === 'products') throw new Error(`${name} trains nothing`);
  return workload;
}

test.each([
  { name: 'W1', parameters: 154_160, batch: 100, rows: 2000, population: 1, stepsPerEpoch: 20, optimizer: 'sgd' },
  { name: 'W2', parameters: 1_738_890, batch: 128, rows: 2000, population: 1, stepsPerEpoch: 15, optimizer: 'adam' },
  { name: 'W3', parameters: 6_721, batch: 25, rows: 2000, population: 1, stepsPerEpoch: 80, optimizer: 'momentum' },
  { name: 'W4', parameters: 93_322, batch: 300, rows: 2000, population: 1, stepsPerEpoch: 6, optimizer: 'adam' },
  { name: 'W5', parameters: 154_160, batch: 100, rows: 2000, population: 16, stepsPerEpoch: 20, optimizer: 'sgd' },
  { name: 'E1', parameters: 154_160, batch: 100, rows: 10_000, population: 1, stepsPerEpoch: 100, optimizer: 'sgd' },
  { name: 'E2', parameters: 1_738_890, batch: 128, rows: 10_000, population: 1, stepsPerEpoch: 78, optimizer: 'adam' },
])('$name has $parameters parameters and batches of $batch', (expected) => {
  const { recipe, createDataset } = training(expected.name);
  const { plan, duration, dataset, members, views } = prepare(recipe, createDataset());
  expect({
    name: expected.name,
    parameters: plan.model.parameterCount,
    batch: plan.batch,
    rows: dataset.rowCount,
    population: plan.population,
    stepsPerEpoch: duration.stepsPerEpoch,
    optimizer: recipe.optimizer.type,
  }).toEqual(expected);
  // The members share the rows, and with them the left side of the first product.
  expect(plan.dataPopulation).toBe(1);
  expect(new Set(members.map(({ l2 }) => l2)).size).toBe(expected.population);
  // Every row trains, in file order except in an epoch.
  expect(views[0]?.split.train).toEqual(Uint32Array.from({ length: expected.rows }, (_, row) => row));
  expect(recipe.data.shuffle).toBe(expected.name.startsWith('E'));
});

test('the rows are the same on every machine', () => {
  const { inputs: images, labels } = training('W1').createDataset();
  for (const index of [0, 1, 6, 3071, 3072, 2000 * 3072 - 1]) {
    const word = drawBits(0, streams.synthetic, 0, 0, index >>> 2);
    expect(images[index]).toBe((word >>> (8 * (index & 3))) & 255);
  }
  expect(labels?.length).toBe(2000);
  for (const row of [0, 3, 1999]) expect(labels?.[row]).toBe(drawBits(0, streams.synthetic, 0, 1, row) % 10);
  const { inputs, targets } = training('W3').createDataset();
  expect(Math.max(...inputs)).toBeLessThan(1);
  expect(Math.min(...inputs)).toBeGreaterThan(-1);
  for (const row of [0, 7, 1999]) expect(targets?.[row]).toBeCloseTo((inputs[row] ?? 0) ** 3 - (inputs[row] ?? 0), 6);
});

test('a step of W4 is 16.4 million operations a sample', () => {
  const { recipe, createDataset } = training('W4');
  const { plan, dataset } = prepare(recipe, createDataset());
  expect(dataset.inputShape).toEqual([28, 28, 1]);
  expect(plan.model.layers.map(({ outputShape }) => outputShape.join('x'))).toEqual([
    '26x26x32',
    '13x13x32',
    '11x11x64',
    '5x5x64',
    '3x3x64',
    '64',
    '10',
  ]);
  const multiplyAdds = plan.programs.train.reduce((sum, call) => sum + callMultiplyAdds(call), 0);
  expect((2e-6 * multiplyAdds) / plan.batch).toBeCloseTo(16.4, 1);
});

test('W6 holds the cubes and every product of a step of W1 and W2', () => {
  const [products] = chooseWorkloads(['W6']);
  if (products?.kind !== 'products') throw new Error('W6 is no set of products');
  const lines = products.shapes.map(({ kind, m, n, k }) => `${kind} ${m} ${n} ${k}`);
  expect(lines.slice(0, 8)).toEqual([
    'forward 256 256 256',
    'forward 512 512 512',
    'forward 1024 1024 1024',
    'forward 100 50 3072',
    'weight 3072 50 100',
    'forward 100 10 50',
    'input 100 50 10',
    'weight 50 10 100',
  ]);
  expect(lines).toHaveLength(3 + 5 + 11);
  // The multiply-adds of the plans themselves.
  for (const name of ['W1', 'W2']) {
    const { recipe, createDataset } = training(name);
    for (const { kernel, params } of prepare(recipe, createDataset()).plan.programs.train) {
      const { batch, inSize, outSize } = params;
      if (kernel.name === 'dense_forward') expect(lines).toContain(`forward ${batch} ${outSize} ${inSize}`);
      if (kernel.name === 'dense_backward_input') expect(lines).toContain(`input ${batch} ${inSize} ${outSize}`);
      if (kernel.name === 'dense_backward_weight') expect(lines).toContain(`weight ${inSize} ${outSize} ${batch}`);
    }
  }
});

test('workloads are chosen by name in either case, and an unknown name lists what there is', () => {
  expect(chooseWorkloads([])).toBe(workloads);
  expect(chooseWorkloads(['w3', 'E1']).map(({ name }) => name)).toEqual(['W3', 'E1']);
  expect(() => chooseWorkloads(['W9'])).toThrow(
    'W9: is no workload. There are W1, W2, W3, W4, W5, W6, E1, E2, P1, P2, P3, P4, P5, S1, S2.',
  );
});
