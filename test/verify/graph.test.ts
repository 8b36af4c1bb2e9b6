// Models that are no chain: gradients of tensors that several layers take, and what the plan makes of them.

import { expect, test } from 'vitest';
import { activationNames } from '../../src/recipe/schema.ts';
import { prepare } from '../../src/train/session.ts';
import { gradcheck, gradientTolerance } from '../../src/verify/gradcheck.ts';
import { tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const hidden = (name: string, activation: string, input?: string) => ({
  type: 'dense',
  units: 6,
  name,
  activation,
  ...(input !== undefined && { input }),
});
const last = { type: 'dense', units: tinyOutputs };

function withLayers(...layers: readonly object[]) {
  return tinyRecipe({ model: { layers } });
}

async function expectRight(recipe: ReturnType<typeof withLayers>, inputShape = [5]): Promise<void> {
  const { tensors, passed } = await gradcheck(recipe, { dataset: tinyDataset({ inputShape }) });
  for (const { name, relativeError } of tensors)
    expect([name, relativeError < gradientTolerance]).toEqual([name, true]);
  expect(passed).toBe(true);
}

test.each(activationNames)(
  'a layer with %s that two others take has the sum of their gradients',
  async (activation) => {
    const add = { type: 'add', inputs: ['trunk', 'branch'], activation };
    await expectRight(withLayers(hidden('trunk', activation), hidden('branch', activation), add, last));
  },
);

test('a layer that is added to itself counts twice, and sums may have more than two terms', async () => {
  const layers = [hidden('one', 'relu'), hidden('two', 'tanh', 'one'), hidden('three', 'sigmoid', 'one')];
  await expectRight(withLayers(...layers, { type: 'add', inputs: ['one', 'two', 'one', 'three'] }, last));
});

test('what is flattened is taken by those that take the flattened', async () => {
  const branches = [hidden('left', 'relu', 'flat'), hidden('right', 'relu', 'flat')];
  const sum = { type: 'add', inputs: ['left', 'right'], activation: 'relu' };
  await expectRight(withLayers(hidden('trunk', 'relu'), { type: 'flatten', name: 'flat' }, ...branches, sum, last));
});

test('the data may be taken by several layers, and dropout may stand in a branch', async () => {
  const layers = [hidden('left', 'relu', 'data'), { type: 'dropout', rate: 0.3, name: 'dropped' }];
  const right = hidden('right', 'sigmoid', 'data');
  await expectRight(withLayers(...layers, right, { type: 'add', inputs: ['dropped', 'right'] }, last));
});

test('a chain of sums, each of which goes on from the one before', async () => {
  const block = (index: number, input: string) => [
    hidden(`inner${index}`, 'relu', input),
    hidden(`outer${index}`, 'linear'),
    { type: 'add', name: `sum${index}`, inputs: [input, `outer${index}`], activation: 'relu' },
  ];
  await expectRight(withLayers(hidden('start', 'relu'), ...block(1, 'start'), ...block(2, 'sum1'), last));
});

test('the slope of an activation is fused where one layer takes it, and a kernel of its own where two do', () => {
  const kernels = (...layers: readonly object[]) =>
    prepare(withLayers(...layers), tinyDataset()).plan.programs.train.map(({ kernel }) => kernel.name);
  const chain = kernels(hidden('one', 'relu'), hidden('two', 'relu'), last);
  expect(chain).not.toContain('activation_backward');
  expect(chain).not.toContain('add_forward');
  const graph = kernels(hidden('one', 'relu'), hidden('two', 'relu'), { type: 'add', inputs: ['one', 'two'] }, last);
  expect(graph.filter((name) => name === 'activation_backward')).toHaveLength(2);
  // The sum itself, and that of the two gradients of the first layer.
  expect(graph.filter((name) => name === 'add_forward')).toHaveLength(2);
});

test.each([
  [
    'an input that comes later',
    [hidden('one', 'relu', 'two'), hidden('two', 'relu'), last],
    'model.layers[0].input: "two" is no layer before this one. Known: data.',
  ],
  [
    'an unknown input of a sum',
    [hidden('one', 'relu'), { type: 'add', inputs: ['one', 'tow'] }, last],
    'model.layers[1].inputs[1]: "tow" is no layer before this one. Known: data, one.',
  ],
  [
    'an output that nobody takes',
    [hidden('one', 'relu'), hidden('two', 'relu', 'data'), last],
    'model.layers[0] "one": no later layer takes its output. Remove it, or name it as the input of another.',
  ],
  [
    'a name that means something else',
    [hidden('loss', 'relu'), last],
    'model.layers[0].name: "loss" is no name for a layer (nor are data, update, penalty).',
  ],
  [
    'a sum of different shapes',
    [hidden('one', 'relu'), { type: 'dense', units: 4, name: 'two' }, { type: 'add', inputs: ['one', 'two'] }, last],
    'model.layers[2] "add1": "one" gives 6 numbers and "two" 4. Bring them to one shape, such as by a conv2d with kernel 1 and the same stride on the way past.',
  ],
  [
    'an end in another shape',
    [hidden('one', 'relu'), { type: 'flatten' }],
    'model.layers[1] "flatten1": the last layer gives 6 numbers, but the data has 3 classes. End with a dense layer of 3 units.',
  ],
])('%s is refused with the place and the cure', (_, layers, message) => {
  expect(() => prepare(withLayers(...layers), tinyDataset())).toThrow(message);
});
