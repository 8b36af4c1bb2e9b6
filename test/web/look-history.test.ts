/** Histograms of observations over a common range, and what a table says of the layers. */
import { expect, test } from 'vitest';
import { historyOf, rebin } from '../../web/look/rebin.ts';
import { layerNumbers } from '../../web/look/layer-numbers.ts';
import type { Observation, TensorStatistics } from '../../src/train/observe.ts';

const statistics = (fields: Partial<TensorStatistics>): TensorStatistics => ({
  name: 'dense1.weight',
  layer: 'dense1',
  kind: 'weight',
  mean: 0,
  rms: 1,
  min: 0,
  max: 1,
  zeros: 0,
  bins: [1, 3],
  ...fields,
});

test('bins of a common range hold the same shares', () => {
  expect([...rebin({ min: 0, max: 2, bins: [1, 3] }, [0, 2], 2)]).toEqual([0.25, 0.75]);
  expect([...rebin({ min: 0, max: 2, bins: [1, 3] }, [0, 4], 4)]).toEqual([0.25, 0.75, 0, 0]);
  expect([...rebin({ min: 1, max: 3, bins: [2, 2] }, [0, 4], 2)]).toEqual([0.5, 0.5]);
});

test('a bin across an edge is divided by how much of it lies on each side', () => {
  expect([...rebin({ min: 0, max: 3, bins: [4] }, [0, 4], 2)]).toEqual([2 / 3, 1 / 3]);
});

test('a tensor whose numbers are all the same is one bin', () => {
  expect([...rebin({ min: 0, max: 0, bins: [5, 0] }, [-1, 1], 4)]).toEqual([0, 0, 1, 0]);
  expect([...rebin({ min: 2, max: 2, bins: [5] }, [2, 2], 2)]).toEqual([1, 0]);
});

test('shares add up to one, however the ranges lie', () => {
  const bins = Array.from({ length: 64 }, (_, index) => (index * 7) % 11);
  const shares = rebin({ min: -0.37, max: 0.81, bins }, [-1.3, 0.9], 48);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
});

test('the history of a tensor is that of its member, its kind and its name, without what is not finite', () => {
  const observe = (step: number, tensors: TensorStatistics[]): Observation => ({
    step,
    epoch: 0,
    members: [
      { tensors: [], deadUnits: [] },
      { tensors, deadUnits: [] },
    ],
  });
  const wanted = statistics({ rms: 2 });
  const observations = [
    observe(1, [statistics({ kind: 'update' }), wanted, statistics({ name: 'dense2.weight' })]),
    observe(2, [statistics({ rms: Number.NaN, bins: [] })]),
  ];
  expect(historyOf(observations, 1, 'weight', 'dense1.weight')).toEqual([wanted]);
  expect(historyOf(observations, 0, 'weight', 'dense1.weight')).toEqual([]);
});

test('the update ratio is that of the weight itself, and layers without either are left out', () => {
  const numbers = layerNumbers({
    tensors: [
      statistics({ rms: 2 }),
      statistics({ name: 'dense1.bias', rms: 9 }),
      statistics({ name: 'dense1.bias', kind: 'update', rms: 7 }),
      statistics({ kind: 'update', rms: 0.01 }),
      statistics({ name: 'relu1', layer: 'relu1', kind: 'activation' }),
    ],
    deadUnits: [{ layer: 'activation1', share: 0.25 }],
  });
  expect(numbers).toEqual([
    { layer: 'dense1', rms: 2, updateRatio: 0.005 },
    { layer: 'activation1', dead: 0.25 },
  ]);
});
