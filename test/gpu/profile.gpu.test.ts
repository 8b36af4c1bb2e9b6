// Profiles on the adapter of the tests: the run's bits stay, the names are the plan's, and without timestamps the host's clock serves.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDigits } from '../../src/data/digits.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { createGpuExecutor } from '../../src/gpu/executor.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { profileTrace } from '../../src/train/profile.ts';
import type { Profile } from '../../src/train/profile.ts';
import { createFeed, initialArena, prepare, uploadData } from '../../src/train/session.ts';
import { openTestAdapter } from '../device.ts';
import { digitsPopulation, digitsRun } from '../train/digits-run.ts';
import { clouds, hashes, smallRecipe, trainAll, trainUntil } from '../train/support.ts';

let gpu: GpuDevice;
let blind: GpuDevice;
let digits: Dataset;
beforeAll(async () => {
  gpu = await open();
  blind = await open('timestamp-query');
  digits = await loadDigits();
});
afterAll(() => {
  gpu?.[Symbol.dispose]();
  blind?.[Symbol.dispose]();
});

/** The adapter of the tests, as if it lacked a feature. */
async function open(without?: GPUFeatureName): Promise<GpuDevice> {
  const { adapter, description } = await openTestAdapter();
  const seen = {
    limits: adapter.limits,
    info: adapter.info,
    features: new Set([...adapter.features].filter((name) => name !== without)),
    requestDevice: (descriptor: GPUDeviceDescriptor) => adapter.requestDevice(descriptor),
  } as unknown as GPUAdapter;
  const { name, kind } = description;
  return openGpuDevice({ adapter: seen, name, software: kind === 'software', shaders: shaderLibrary });
}

const recipes: readonly (readonly [string, Recipe])[] = [
  ['three epochs of digits', parseRecipe(digitsRun)],
  ['a population that stops early', parseRecipe({ ...digitsPopulation, earlyStopping: { patience: 1 } })],
];

test.each(recipes)('%s: the same bits with a profile as without, by either clock', async (_name, recipe) => {
  const plain = await trainAll(recipe, { device: gpu, dataset: digits });
  for (const device of [gpu, blind]) {
    const profiled = await trainAll(recipe, { device, dataset: digits, profile: true });
    expect(hashes(profiled)).toEqual(hashes(plain));
    expect(profiled.evaluations).toEqual(plain.evaluations);
    const expected = device.device.features.has('timestamp-query') ? 'timestamps' : 'wall';
    expect(profiled.result.profile?.clock).toBe(expected);
    checkNames(profiled.result.profile!, recipe);
    checkTrace(profiled.result.profile!);
  }
  expect(blind.device.features.has('timestamp-query')).toBe(false);
});

/** Every call of the plan's program is in one row, under its own name, and each timed step holds all of them in order. */
function checkNames({ kernels, spans, steps }: Profile, recipe: Recipe): void {
  const calls = prepare(recipe, digits).plan.programs.train;
  const name = ({ kernel, layer }: { kernel: string; layer: string }): string => `${kernel} ${layer}`;
  const names = calls.map(({ kernel, layer }) => name({ kernel: kernel.name, layer }));
  expect([...new Set(kernels.map(name))]).toEqual([...new Set(names)]);
  for (const wanted of new Set(names)) {
    const rows = kernels.filter((row) => name(row) === wanted);
    const counted = rows.reduce((sum, { callsPerStep }) => sum + callsPerStep, 0);
    expect(counted, wanted).toBe(names.filter((each) => each === wanted).length);
  }
  for (const { kernel, variant } of kernels) {
    const variants = Object.keys(calls.find((call) => call.kernel.name === kernel)!.kernel.variants);
    if (variants.length > 1) expect(variants).toContain(variant);
    else expect(variant).toBeUndefined();
  }
  expect(steps).toBeGreaterThan(3);
  expect(spans.map(name)).toEqual(Array.from({ length: steps }, () => names).flat());
}

/** Nothing overlaps, in whole nanoseconds: neither in a row nor in all. */
function checkTrace(profile: Profile): void {
  const { traceEvents } = JSON.parse(JSON.stringify(profileTrace(profile))) as ReturnType<typeof profileTrace>;
  const rowNames = new Map(traceEvents.flatMap(({ ph, tid, args }) => (ph === 'M' ? [[tid, args['name']]] : [])));
  const calls = traceEvents.filter(({ ph }) => ph === 'X');
  expect(calls).toHaveLength(profile.spans.length);
  let end = 0;
  for (const [index, { name, tid, ts, dur, args }] of calls.entries()) {
    const { kernel, layer, step } = profile.spans[index]!;
    expect([name, rowNames.get(tid), args['step']]).toEqual([kernel, layer, step]);
    expect(dur).toBeGreaterThanOrEqual(0);
    expect(Math.round(ts! * 1000)).toBeGreaterThanOrEqual(end);
    end = Math.round((ts! + dur!) * 1000);
  }
  expect(end).toBeGreaterThan(0);
}

test('a profiled run that is interrupted goes on to the same bits', async () => {
  const recipe = parseRecipe(digitsRun);
  const whole = await trainAll(recipe, { device: gpu, dataset: digits });
  const options = { device: gpu, dataset: digits, profile: true };
  const { checkpoints } = await trainUntil(recipe, 20, options);
  const checkpoint = checkpoints.at(-1)!;
  expect(checkpoint.counters.step).toBeLessThan(whole.result.steps);
  const resumed = await trainAll(recipe, { ...options, checkpoint });
  expect(hashes(resumed)).toEqual(hashes(whole));
  expect(resumed.result.profile?.spans[0]?.step).toBe(checkpoint.counters.step + 1);
});

test('more passes than one query set holds are timed in order, and compute what untimed ones do', async () => {
  const prepared = prepare(smallRecipe({ epochs: 60 }), clouds());
  const { plan } = prepared;
  const stepCount = 300;
  const passCount = stepCount * plan.programs.train.length;
  expect(passCount).toBeGreaterThan(2048);
  const trained = async (timed: boolean): Promise<{ readonly weights: unknown; readonly times: BigUint64Array }> => {
    using executor = await createGpuExecutor(gpu, plan);
    uploadData(prepared, executor);
    executor.write('parameters', initialArena(prepared));
    const steps = createFeed(prepared).loadTraining(executor, 0, stepCount, [1]);
    let times: BigUint64Array = new BigUint64Array();
    if (timed) times = await executor.time!('train', { steps, apart: true });
    else executor.run('train', { steps });
    return { weights: await executor.read('parameters'), times };
  };
  const { weights, times } = await trained(true);
  expect(weights).toEqual((await trained(false)).weights);
  expect(weights).not.toEqual(initialArena(prepared));
  expect(times).toHaveLength(2 * passCount);
  const begins = times.filter((_, index) => index % 2 === 0);
  const ends = times.filter((_, index) => index % 2 === 1);
  expect(begins).toEqual(begins.toSorted());
  expect(ends.every((end, pass) => end >= begins[pass]!)).toBe(true);
  // Not rounded to what pages get.
  expect(new Set(begins).size).toBeGreaterThan(passCount / 2);
});

test('some calls alone can be timed, and a program in one pass', async () => {
  const prepared = prepare(smallRecipe(), clouds());
  using executor = await createGpuExecutor(gpu, prepared.plan);
  uploadData(prepared, executor);
  const steps = createFeed(prepared).loadTraining(executor, 0, 3, [1]);
  const calls = { firstCall: 1, callCount: 2 };
  expect(await executor.time!('train', { steps, ...calls, apart: true })).toHaveLength(3 * 2 * 2);
  const [begin, end, ...others] = await executor.time!('train', { steps, apart: false });
  expect(others).toEqual([]);
  expect(end).toBeGreaterThan(begin!);
});
