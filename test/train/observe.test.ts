// Observations: taken at steps that are known from the start, equal to what the weights say, and without a bit changed in training.
import { expect, test } from 'vitest';
import type { TrainOptions } from '../../src/train/trainer.ts';
import { observationLine, observationStep, observedSteps } from '../../src/train/observe.ts';
import type { MemberObservation, Observation } from '../../src/train/observe.ts';
import { observationOf, parseObservationLine } from '../../src/train/observation-lines.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, hashes, smallRecipe, trainAll, trainToFailure, trainUntil } from './support.ts';
import type { Finished } from './support.ts';

/** 12 relu units behind a dropout, batch 10, 36 steps of 6 per epoch. */
const fields = {
  model: {
    layers: [
      { type: 'dense', units: 12, activation: 'relu' },
      { type: 'dropout', rate: 0.2 },
      { type: 'flatten' },
      { type: 'dense', units: 3 },
    ],
  },
  l2: 0.1,
};
const recipe = smallRecipe(fields);

function observationsOf({ events }: Pick<Finished, 'events'>): Observation[] {
  return events.flatMap((event) => (event.type === 'observation' ? [event.observation] : []));
}

function tensorOf({ tensors }: MemberObservation, kind: string, name: string) {
  const found = tensors.filter((tensor) => tensor.kind === kind && tensor.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
}

const observed = (count: number, options: Omit<TrainOptions, 'device'> = {}) =>
  trainAll(recipe, { observations: { count }, ...options });

test('a run that is observed ends with the same bits, events and losses as one that is not', async () => {
  const plain = await trainAll(recipe);
  for (const count of [1, 5, 100]) {
    const one = await observed(count);
    expect(hashes(one)).toEqual(hashes(plain));
    expect(one.evaluations).toEqual(plain.evaluations);
  }
});

test('observations come evenly from the first step to the last, at most every other one', async () => {
  expect(observedSteps(0, 36)).toEqual([]);
  expect(observedSteps(1, 36)).toEqual([35]);
  expect(observedSteps(3, 5)).toEqual([0, 2, 4]);
  expect([1, 2, 3, 4].map((steps) => observedSteps(60, steps))).toEqual([[0], [1], [0, 2], [0, 3]]);
  expect(observedSteps(60, 100_000)).toHaveLength(60);
  const run = await observed(5);
  expect(observationsOf(run).map(({ step }) => step)).toEqual(observedSteps(5, 36).map((step) => step + 1));
  expect(observationsOf(run).at(-1)).toMatchObject({ step: 36, epoch: 6 });
  const last = run.events.findLastIndex(({ type }) => type === 'observation');
  expect(run.events[last - 1]).toMatchObject({ type: 'progress', step: 36 });
});

test('weights, updates and dead units are those that the run has', async () => {
  const run = await observed(100);
  const [member] = observationsOf(run).at(-1)!.members;
  const weights = run.result.weights[0]!;
  const before = (await trainUntil(recipe, 35)).checkpoints.at(-1)!;
  expect(before.counters.step).toBe(35);
  const { plan } = prepare(recipe, clouds());
  for (const { name: layer, arenaOffset, tensors } of plan.model.blocks) {
    for (const { name, offset, shape } of tensors) {
      const values = [...weights[name]!.data];
      const start = arenaOffset + offset;
      const change = values.map((value, i) => Math.fround(value - before.arenas['parameters']![start + i]!));
      expect(values).toHaveLength(shape.reduce((product, size) => product * size));
      for (const [kind, expected] of [
        ['weight', values],
        ['update', change],
      ] as const) {
        const found = tensorOf(member!, kind, name);
        expect(found).toMatchObject({ layer, min: Math.min(...expected), max: Math.max(...expected) });
        const rms = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
        expect(found.rms / rms).toBeCloseTo(1, 5);
        expect(found.bins.reduce((sum, each) => sum + each)).toBe(expected.length);
      }
    }
  }
  expect(member!.deadUnits.map(({ layer }) => layer)).toEqual(['dense1']);
  const activations = member!.tensors.filter(({ kind }) => kind === 'activation');
  expect(activations.map(({ name }) => name)).toEqual(['dense1', 'dropout1', 'dense2']);
  expect(activations[0]!.min).toBe(0);
  expect(activations[0]!.zeros).toBeGreaterThan(0.1);
  expect(activations[1]!.zeros).toBeGreaterThan(activations[0]!.zeros);
});

test('gradients are those of the loss, without the penalty', async () => {
  // A plain step of sgd with the rate 1 and no penalty takes away the gradient.
  const sgd = { ...fields, l2: 0, optimizer: { type: 'sgd', learningRate: 1 }, epochs: undefined, steps: 1 };
  const take = async (more: object) =>
    observationsOf(await trainAll(smallRecipe({ ...sgd, ...more }), { observations: { count: 1 } }))[0]!.members[0]!;
  const member = await take({});
  for (const name of ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias']) {
    const [gradient, update] = [tensorOf(member, 'gradient', name), tensorOf(member, 'update', name)];
    expect(gradient.rms / update.rms).toBeCloseTo(1, 4);
    expect(gradient.min).toBeCloseTo(-update.max, 6);
  }
  const penalised = await take({ l2: 1, clipNorm: 1e-3 });
  expect(tensorOf(penalised, 'gradient', 'dense1.weight')).toEqual(tensorOf(member, 'gradient', 'dense1.weight'));
  expect(tensorOf(penalised, 'update', 'dense1.weight')).not.toEqual(tensorOf(member, 'update', 'dense1.weight'));
});

test('the parameters come along if they are asked for, as they are after the step, and no line of a file holds them', async () => {
  const run = await trainAll(recipe, { observations: { count: 3, parameters: true } });
  const [first, , last] = observationsOf(run);
  expect(last?.parameters).toEqual(run.checkpoints.at(-1)?.arenas['parameters']);
  expect(first?.parameters).not.toEqual(last?.parameters);
  expect(observationLine(last!)).not.toContain('parameters');
});

test('units that the biases hold below zero are dead', async () => {
  const { plan } = prepare(recipe, clouds());
  const parameters = new Float32Array(plan.model.memberStride);
  const bias = plan.model.blocks[0]!.tensors.find(({ name }) => name === 'dense1.bias')!;
  parameters.fill(-100, bias.offset, bias.offset + 9);
  parameters.fill(1, bias.offset + 9, bias.offset + 12);
  const run = await observed(1, { parameters: () => parameters });
  expect(observationsOf(run)[0]!.members[0]!.deadUnits).toEqual([{ layer: 'dense1', share: 9 / 12 }]);
});

test('each member of a population is observed as the same run alone', async () => {
  const members = [{ seed: 3 }, { seed: 4, l2: 0 }];
  const together = observationsOf(await trainAll(smallRecipe({ ...fields, members }), { observations: { count: 4 } }));
  for (const [index, member] of members.entries()) {
    const alone = observationsOf(await trainAll(smallRecipe({ ...fields, ...member }), { observations: { count: 4 } }));
    expect(together.map((each) => ({ ...each, members: [each.members[index]] }))).toEqual(alone);
  }
});

test('every layer of a network of images is observed, members together as each alone', async () => {
  const images = {
    data: { source: 'csv', file: 'in memory', validation: 30, normalize: 'channel' },
    model: {
      layers: [
        { type: 'maxPool2d', size: [2, 1], name: 'pool' },
        { type: 'conv2d', filters: 5, name: 'conv', activation: 'relu', kernel: 1 },
        { type: 'batchNorm', name: 'norm', activation: 'relu' },
        { type: 'add', name: 'sum', inputs: ['conv', 'norm'], activation: 'relu' },
        { type: 'flatten' },
        { type: 'dense', units: 3 },
      ],
    },
    epochs: 1,
  };
  const options = { dataset: clouds({ bytes: true, features: 12 }), observations: { count: 2 } };
  const members = [{ seed: 3 }, { seed: 4 }];
  const together = await trainAll(smallRecipe({ ...images, members }), options);
  const plain = await trainAll(smallRecipe({ ...images, members }), { dataset: options.dataset });
  expect(hashes(together)).toEqual(hashes(plain));
  const [first] = observationsOf(together)[1]!.members;
  const activations = first!.tensors.filter(({ kind }) => kind === 'activation').map(({ name }) => name);
  expect(activations).toEqual(['pool', 'conv', 'norm', 'sum', 'dense1']);
  expect(first!.deadUnits.map(({ layer }) => layer)).toEqual(['conv', 'norm', 'sum']);
  for (const [index, member] of members.entries()) {
    const alone = observationsOf(await trainAll(smallRecipe({ ...images, ...member }), options));
    expect(observationsOf(together).map((each) => ({ ...each, members: [each.members[index]] }))).toEqual(alone);
  }
});

test('a run that is interrupted and resumed makes the same observations', async () => {
  const options = { observations: { count: 7 } };
  const whole = observationsOf(await trainAll(recipe, options));
  for (const step of [1, 6, 7, 20]) {
    const first = await trainUntil(recipe, step, options);
    const checkpoint = first.checkpoints.at(-1)!;
    const before = observationsOf(first);
    expect(before.every((each) => each.step <= checkpoint.counters.step)).toBe(true);
    const after = observationsOf(await trainAll(recipe, { ...options, checkpoint }));
    expect([...before, ...after]).toEqual(whole);
  }
});

test('observations and a profile go together', async () => {
  for (const steps of [2, 3, 40]) {
    const short = smallRecipe({ ...fields, steps });
    const both = await trainAll(short, { observations: { count: 60 }, profile: true });
    expect(hashes(both)).toEqual(hashes(await trainAll(short)));
    expect(observationsOf(both)).toHaveLength(Math.ceil(steps / 2));
    const timed = new Set(both.result.profile!.spans.map(({ step }) => step));
    expect(timed.size).toBeGreaterThan(0);
    for (const step of observedSteps(60, steps)) expect(timed).not.toContain(step);
  }
});

test('observations by the clock come at chunks, as often as was asked', async () => {
  const always = await trainAll(recipe, { observations: { everySeconds: 0 }, chunkMilliseconds: 0 });
  expect(observationsOf(always)).toHaveLength(36);
  const once = await trainAll(recipe, { observations: { everySeconds: 1e6 }, chunkMilliseconds: 0 });
  expect(observationsOf(once)).toHaveLength(1);
  expect(hashes(always)).toEqual(hashes(once));
});

test('a member that has diverged has no numbers, and its line has null in their place', async () => {
  const members = [{}, { 'optimizer.learningRate': 1e30 }];
  const sgd = { ...fields, optimizer: { type: 'sgd', learningRate: 0.01 } };
  const run = await trainAll(smallRecipe({ ...sgd, members }), { observations: { count: 3 } });
  const last = observationsOf(run).at(-1)!;
  expect(run.result.members[1]!.divergedAt).toBeDefined();
  expect(last.members[0]!.tensors.every(({ rms, bins }) => Number.isFinite(rms) && bins.length === 64)).toBe(true);
  expect(last.members[1]!.tensors.every(({ rms, bins }) => Number.isNaN(rms) && bins.length === 0)).toBe(true);
  const line = observationLine(last);
  const read = JSON.parse(line) as Observation;
  expect(read.members[1]!.tensors[0]).toMatchObject({ mean: null, rms: null, min: null, max: null, zeros: null });
  expect(read.members[1]!.deadUnits).toEqual([{ layer: 'dense1', share: null }]);
  expect(read.members[0]!.tensors[0]!.rms).toBeCloseTo(last.members[0]!.tensors[0]!.rms, 6);
  expect(observationStep(line)).toBe(36);
  expect(observationStep('{"step":"12')).toBeNaN();
});

test('a plan that was prepared without it cannot be observed', async () => {
  const prepared = prepare(recipe, clouds());
  const { error } = await trainToFailure(recipe, { prepared, observations: { count: 1 } });
  expect(String(error)).toContain('observe: true');
  const { plan } = prepare(recipe, clouds(), { observe: true });
  expect(prepared.plan.programs.observe).toBeUndefined();
  expect(plan.programs.train).toEqual(prepared.plan.programs.train);
});

test('an observation comes back from its line, to the seven digits that it has; a line that is none is named', async () => {
  const [one] = observationsOf(await observed(1));
  const back = observationOf(parseObservationLine(observationLine(one!), 'observations.jsonl', 1));
  expect(back.members[0]?.tensors.map(({ name, kind, bins }) => [name, kind, bins])).toEqual(
    one!.members[0]?.tensors.map(({ name, kind, bins }) => [name, kind, bins]),
  );
  for (const [index, { rms }] of back.members[0]!.tensors.entries()) {
    expect(rms).toBeCloseTo(one!.members[0]!.tensors[index]!.rms, 6);
  }
  const spoilt = observationLine(one!).replace(/"mean":[^,]+/, '"mean":null');
  expect(observationOf(parseObservationLine(spoilt, 'x', 1)).members[0]?.tensors[0]?.mean).toBeNaN();
  expect(() => parseObservationLine('{"step":1}', 'run/observations.jsonl', 3)).toThrow(
    'run/observations.jsonl: line 3 is no observation: ',
  );
});
