/** What a run is started from is checked before a step is made: data, weights, checkpoints, and what was prepared. */
import { expect, test, vi } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import { readCheckpoint, readWeights, writeCheckpoint, writeWeights } from '../../src/train/checkpoint.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, curves, hashes, smallRecipe, trainAll, trainToFailure } from './support.ts';

const regression = { data: { source: 'csv', file: 'in memory', task: 'regression' }, loss: 'mse' };
const { labels: _labels, ...unlabelled } = clouds();

test.each<[string, object, Dataset, string]>([
  ['inputs', {}, { ...clouds(), inputs: new Float64Array(12) }, 'has 12 inputs, but 90 rows need 540.'],
  ['labels', {}, { ...clouds(), labels: new Uint32Array(89) }, 'has 89 labels, but 90 rows need 90.'],
  ['no labels', {}, unlabelled, 'has no labels, but 90 rows need 90.'],
  ['targets', regression, { ...curves(), targets: new Float32Array(129) }, 'has 129 targets, but 64 rows need 128.'],
])('a dataset with %s of the wrong length is a DataError', async (_name, fields, dataset, sentence) => {
  const { error, events } = await trainToFailure(smallRecipe(fields), { dataset });
  expect(error).toBeInstanceOf(DataError);
  expect(String(error)).toContain(sentence);
  expect(events).toEqual([]);
});

test('parameters of the wrong length are a RecipeError', async () => {
  const { error } = await trainToFailure(smallRecipe(), { parameters: () => new Float32Array(100_000) });
  expect(error).toBeInstanceOf(RecipeError);
  expect(String(error)).toMatch(/parameters: has 100000 numbers, the model takes \d+\./);
});

test('a checkpoint of another run is a DataError', async () => {
  const recipe = smallRecipe();
  const checkpoint = (await trainAll(recipe)).checkpoints.at(-1)!;
  const { counters, arenas } = checkpoint;
  const { parameters, ...others } = arenas;
  const wrong: readonly (readonly [Checkpoint, RegExp])[] = [
    [{ counters, arenas: others }, /holds no numbers of "parameters", the run \d+\./],
    [{ counters, arenas: { ...arenas, parameters: parameters!.slice(1) } }, /holds \d+ numbers of "parameters"/],
    [{ counters, arenas: { ...arenas, best: parameters! } }, /holds \d+ numbers of "best", the run none\./],
    [{ counters: { ...counters, members: [] }, arenas }, /counts 0 members, the run has 1\./],
  ];
  for (const [bad, sentence] of wrong) {
    const { error } = await trainToFailure(recipe, { checkpoint: bad });
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(sentence);
  }
});

test.each([
  ['no JSON', '{"step":', 'its counters are no JSON.'],
  ['no object', '7', 'its counters are wrong at "the top"'],
  ['a step that is no number', '{"step":"x"}', 'its counters are wrong at "step"'],
  ['members that are none', undefined, 'its counters are wrong at "members.0.plateau"'],
])('counters that are %s are a DataError', async (_name, text, sentence) => {
  const recipe = smallRecipe();
  const { plan } = prepare(recipe, clouds());
  const checkpoint = (await trainAll(recipe)).checkpoints.at(-1)!;
  const { tensors } = readSafetensors(writeCheckpoint(plan.model, checkpoint, {}), 'memory');
  const named = Array.from(tensors, ([name, { shape, data }]) => ({ name, shape, data }));
  const members = [{ ...checkpoint.counters.members[0], plateau: null }];
  const counters = text ?? JSON.stringify({ ...checkpoint.counters, members });
  const read = () => readCheckpoint(writeSafetensors(named, { counters }), 'memory', plan);
  expect(read).toThrow(DataError);
  expect(read).toThrow(sentence);
});

test.each([NaN, Infinity])('weights with %f in them are a DataError', async (value) => {
  const recipe = smallRecipe();
  const { weights } = (await trainAll(recipe)).result;
  weights[0]!['dense2.bias']!.data[1] = value;
  const { model } = prepare(recipe, clouds()).plan;
  const read = () => readWeights(writeWeights(weights), 'memory', model, 1);
  expect(read).toThrow(DataError);
  expect(read).toThrow(`memory: "dense2.bias" holds ${value} at index 1.`);
});

test('what is prepared already trains to the same bits, and only with its own recipe', async () => {
  const recipe = smallRecipe();
  const prepared = prepare(recipe, clouds());
  using device = cpuDevice();
  const result = await train(recipe, { device, prepared }).result;
  expect(result.weightsSha256).toBe(hashes(await trainAll(recipe))[0]);
  await expect(train(smallRecipe(), { device, prepared }).result).rejects.toThrow('is not the one that was prepared');
});

test('events cannot be taken once the result is drained', async () => {
  using device = cpuDevice();
  const run = train(smallRecipe(), { device, dataset: clouds() });
  const { result } = run;
  const iterate = async () => {
    for await (const event of run) expect(event).toBeUndefined();
  };
  await expect(iterate()).rejects.toThrow('Iterate first, then read the result.');
  expect((await result).steps).toBe(36);
});

test('the result can be asked for while the events are taken', async () => {
  using device = cpuDevice();
  const run = train(smallRecipe(), { device, dataset: clouds() });
  let result: typeof run.result | undefined;
  const types: string[] = [];
  for await (const event of run) {
    types.push(event.type);
    result ??= run.result;
  }
  expect(types.filter((type) => type === 'evaluation')).toHaveLength(6);
  expect((await result)?.steps).toBe(36);
});

test('a program that the plan does not have is an error that lists the others', () => {
  using executor = createCpuExecutor(prepare(smallRecipe(), clouds()).plan);
  expect(() => executor.run('trian', { steps: [] })).toThrow(
    'the plan has no program "trian" (has: train, evaluate, predict, penalty)',
  );
});

test('a platform without sha256 trains to a result without one', async () => {
  const { subtle } = crypto;
  const missing = vi.spyOn(crypto, 'subtle', 'get').mockReturnValue(undefined as unknown as typeof subtle);
  try {
    const { result } = await trainAll(smallRecipe());
    expect(result).not.toHaveProperty('weightsSha256');
    expect(result.steps).toBe(36);
  } finally {
    missing.mockRestore();
  }
});
