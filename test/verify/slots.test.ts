// Shared memory: what is dead holds NaN, and nobody reads it; a slot given away too early is found.

import { expect, test } from 'vitest';
import type { Call, PlacedTensor, Plan } from '../../src/plan/plan.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import { verifySlots } from '../../src/verify/slots.ts';
import { denseLayers, tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const [first, second, last] = denseLayers(['relu', 'gelu', 'linear'], [9, 9, tinyOutputs]);
const recipe = tinyRecipe({
  model: {
    layers: [
      { ...first, name: 'one' },
      { type: 'dropout', rate: 0.3 },
      { ...second, name: 'two' },
      { type: 'add', inputs: ['one', 'two'], activation: 'relu' },
      last,
    ],
  },
  augmentation: { noise: { standardDeviation: 0.1 } },
  clipNorm: 0.5,
  l2: 0.01,
  members: [{ seed: 1 }, { seed: 2 }],
});
const dataset = tinyDataset();

test('no kernel reads a slot that holds nothing', async () => {
  const { failed, kernels, steps } = await verifySlots(recipe, { device: cpuDevice(), dataset });
  expect(failed).toBeUndefined();
  expect(steps).toBe(2);
  expect(kernels.every(({ elements, equalElements }) => elements > 0 && equalElements === elements)).toBe(true);
});

/** The plan with one tensor of the training program in another place. */
function moved(plan: Plan, tensor: string, to: Pick<PlacedTensor, 'buffer' | 'elementOffset'>): Plan {
  const place = (one: PlacedTensor): PlacedTensor => (one.name === tensor ? { ...one, ...to } : one);
  const train = plan.programs.train.map((call): Call => {
    const tensors = Object.fromEntries(Object.entries(call.tensors).map(([name, one]) => [name, place(one)]));
    return { ...call, tensors };
  });
  return { ...plan, programs: { ...plan.programs, train } };
}

test('a place that is given away while its tensor is still needed is found where it is read', async () => {
  const { plan } = prepare(recipe, dataset);
  const { buffer, elementOffset } = plan.programs.train
    .flatMap(({ tensors }) => Object.values(tensors))
    .find(({ name }) => name === 'one.y')!;
  // The sum takes the outputs of both layers: the second one's must not lie on the first one's.
  const faulty = moved(plan, 'two.y', { buffer, elementOffset });
  const { failed } = await verifySlots(recipe, { device: cpuDevice(), dataset, plan: faulty });
  expect(failed).toMatchObject({ name: 'add_forward', firstDifference: { tensor: 'add1.y' } });
  expect(failed!.firstDifference!.where).toContain('("add1")');
});

test('a kernel that reads what nothing was written to finds NaN', async () => {
  const { plan } = prepare(recipe, dataset);
  const train = [...plan.programs.train];
  const index = train.findIndex(({ kernel }) => kernel.name === 'add_forward');
  const { a, b, y } = train[index]!.tensors;
  const unused = { name: 'slot99', dtype: 'f32', elements: b!.elements, kind: 'slot', readBack: false } as const;
  const nothing = { ...b!, buffer: unused.name, elementOffset: 0 };
  train[index] = { ...train[index]!, tensors: { a: a!, b: nothing, y: y! } };
  const faulty = { ...plan, buffers: [...plan.buffers, unused], programs: { ...plan.programs, train } };
  const { failed } = await verifySlots(recipe, { device: cpuDevice(), dataset, plan: faulty });
  expect(failed).toMatchObject({ name: 'add_forward', firstDifference: { gpu: Number.NaN } });
});
