// The profile of a run: what is charged to which kernel, on a planted clock, and a run that is profiled on the CPU path.
import { expect, test } from 'vitest';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { StepScalars } from '../../src/ops/kernel.ts';
import type { Executor, TimeOptions } from '../../src/plan/executor.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { profileTrace } from '../../src/train/profile.ts';
import type { Profile } from '../../src/train/profile.ts';
import { openProfiler } from '../../src/train/profiler.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, hashes, smallRecipe, trainAll, trainUntil } from './support.ts';

/** Two dense layers 6-12-3 behind a dropout of 0.2, batch 10. */
const recipe = smallRecipe({
  model: {
    layers: [
      { type: 'dense', units: 12, activation: 'tanh' },
      { type: 'dropout', rate: 0.2 },
      { type: 'dense', units: 3 },
    ],
  },
});
const { plan } = prepare(recipe, clouds());
const names = plan.programs.train.map(({ kernel, layer }) => `${kernel.name} ${layer}`);

/** An executor whose clock is made up: call c of step s begins and ends at the nanoseconds that `at` gives. */
function plantedExecutor(at: (step: number, call: number) => readonly [begin: bigint, end: bigint]): Executor & {
  readonly asked: TimeOptions[];
} {
  const asked: TimeOptions[] = [];
  return {
    ...createCpuExecutor(plan),
    asked,
    variants: () => plan.programs.train.map(({ kernel }) => Object.keys(kernel.variants).at(-1)!),
    async time(_program, options) {
      asked.push(options);
      const { steps, apart } = options;
      const last = steps.at(-1)!.step;
      if (!apart) return BigUint64Array.of(at(steps[0]!.step, 0)[0], at(last, names.length - 1)[1]);
      return BigUint64Array.from(steps.flatMap(({ step }) => names.flatMap((_, call) => at(step, call))));
    },
  };
}

const rows = (first: number, count: number): StepScalars[] =>
  Array.from({ length: count }, (_, row) => ({ step: first + row, row, validRows: 10 }));

async function profileOf(executor: Executor, stepCount: number): Promise<Profile> {
  const profiler = openProfiler(plan, executor, 'gpu', 0, stepCount);
  await profiler.run(rows(0, stepCount));
  return profiler.profile()!;
}

test('each call is charged to its own kernel and layer, in order of first use, with 2 us between any two', async () => {
  // Call c takes c + 1 us in step 0 and ten times as long in step 2; the clock does not begin at 0.
  const lasts = (step: number, call: number): number => (step === 2 ? 10 : 1 + step) * (call + 1);
  const executor = plantedExecutor((step, call) => {
    let begin = 1_790_000_000_000_000_000n + BigInt(step) * 1_000_000n;
    for (let before = 0; before < call; before++) begin += BigInt(1000 * lasts(step, before) + 2000);
    return [begin, begin + BigInt(1000 * lasts(step, call))];
  });
  const profile = await profileOf(executor, 3);
  const grouped = [...new Set(names)];
  expect(profile.kernels.map(({ kernel, layer }) => `${kernel} ${layer}`)).toEqual(grouped);
  expect(profile).toMatchObject({ clock: 'timestamps', steps: 3 });
  for (const { kernel, layer, callsPerStep, microseconds, share, variant } of profile.kernels) {
    const calls = [...names.keys()].filter((call) => names[call] === `${kernel} ${layer}`);
    expect(callsPerStep).toBe(calls.length);
    const median = calls.reduce((sum, call) => sum + lasts(1, call), 0);
    expect(microseconds).toBeCloseTo(median / calls.length, 9);
    expect(share).toBeCloseTo(median / profile.stepMicroseconds, 9);
    const { variants } = plan.programs.train[calls[0]!]!.kernel;
    expect(variant).toBe(Object.keys(variants).length > 1 ? Object.keys(variants).at(-1) : undefined);
  }
  expect(profile.kernels.find(({ kernel }) => kernel === 'dropout')).toMatchObject({ callsPerStep: 2 });
  expect(profile.gapMicroseconds).toBeCloseTo(2 * (names.length - 1), 9);
  const busy = names.reduce((sum, _, call) => sum + lasts(1, call), 0);
  expect(profile.stepMicroseconds).toBeCloseTo(busy + profile.gapMicroseconds, 9);
  expect(profile.spans.map(({ step }) => step)).toEqual([0, 1, 2].flatMap((step) => names.map(() => step)));
});

test('operations and bytes of a dense layer are those of its shapes', async () => {
  // Every call takes 1 us, so that GFLOP/s are thousands of operations and GB/s thousands of bytes.
  const executor = plantedExecutor((step, call) => {
    const begin = BigInt(step * 100 + call) * 1000n;
    return [begin, begin + 1000n];
  });
  const { kernels } = await profileOf(executor, 2);
  const find = (kernel: string, layer: string) => kernels.find((row) => row.kernel === kernel && row.layer === layer);
  const block = (6 + 1) * 12;
  const forward = find('dense_forward', 'dense1');
  expect(forward?.gigaflopsPerSecond).toBeCloseTo((2 * 10 * 6 * 12) / 1000, 9);
  expect(forward?.gigabytesPerSecond).toBeCloseTo((4 * (10 * 6 + block + 10 * 12)) / 1000, 9);
  const backward = find('dense_backward_weight', 'dense1');
  expect(backward?.gigaflopsPerSecond).toBeCloseTo((2 * 10 * (6 + 1) * 12) / 1000, 9);
  expect(backward?.gigabytesPerSecond).toBeCloseTo((4 * (10 * 6 + 10 * 12 + block)) / 1000, 9);
  // Two calls of 1 us each: twice the bytes in twice the time.
  expect(find('dropout', 'dropout1')?.gigabytesPerSecond).toBeCloseTo((4 * 2 * 10 * 12) / 1000, 9);
  expect(find('dropout', 'dropout1')?.gigaflopsPerSecond).toBeUndefined();
});

test('calls that overlap on the clock are charged one after the other, and the trace has none at once', async () => {
  // Each begins 1 us after the one before and ends 5 us later.
  const executor = plantedExecutor((step, call) => {
    const begin = BigInt(step * 100 + call) * 1000n;
    return [begin, begin + 5000n];
  });
  const profile = await profileOf(executor, 2);
  expect(profile.gapMicroseconds).toBe(0);
  expect(profile.stepMicroseconds).toBe(names.length - 1 + 5);
  const { traceEvents } = profileTrace(profile);
  const calls = traceEvents.filter(({ ph }) => ph === 'X');
  expect(calls).toHaveLength(2 * names.length);
  expect(calls.slice(0, 3).map(({ ts, dur }) => [ts, dur])).toEqual([
    [0, 5],
    [5, 1],
    [6, 1],
  ]);
});

test('chunks are timed call by call and whole in turns, fifty steps at a time, until a hundred steps are known', async () => {
  const executor = plantedExecutor((step, call) => [BigInt(step * 4000 + call), BigInt(step * 4000 + call + 1)]);
  const plain: number[] = [];
  const counting: Executor = { ...executor, run: (_, { steps }) => plain.push(steps.length) };
  const profiler = openProfiler(plan, counting, 'gpu', 7, 1000);
  expect([7, 8].map((step) => profiler.wanted(step))).toEqual([false, true]);
  await profiler.run(rows(8, 400));
  expect(executor.asked.map(({ steps, apart }) => [steps[0]!.step, steps.length, apart])).toEqual([
    [8, 50, true],
    [58, 50, false],
    [108, 50, true],
    [158, 50, false],
  ]);
  expect(plain).toEqual([50, 50, 50, 50]);
  expect(profiler.wanted(408)).toBe(false);
  // 50 steps of 4 us each, the last without what follows its calls.
  expect(profiler.profile()?.plainStepMicroseconds).toBeCloseTo((49 * 4 + names.length / 1000) / 50, 9);
});

/** Calls of each kernel and layer of a plan, in order of first use. */
function counts({ programs }: Plan): unknown[] {
  const found = new Map<string, number>();
  for (const { kernel, layer } of programs.train) {
    const name = `${kernel.name} ${layer}`;
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return [...found];
}

test('a run on the CPU path is profiled by the clock and ends with the same bits', async () => {
  const plain = await trainAll(recipe);
  const profiled = await trainAll(recipe, { profile: true });
  expect(hashes(profiled)).toEqual(hashes(plain));
  expect(profiled.evaluations).toEqual(plain.evaluations);
  expect(plain.result.profile).toBeUndefined();
  const { profile } = profiled.result;
  expect(profile?.kernels.map((row) => [`${row.kernel} ${row.layer}`, row.callsPerStep])).toEqual(counts(plan));
  expect(profile).toMatchObject({ clock: 'wall', plainStepMicroseconds: expect.any(Number) });
  expect(profile?.kernels.every(({ variant }) => variant === undefined)).toBe(true);
  expect(profile?.spans).toHaveLength(profile!.steps * names.length);
  // The first step is left out.
  expect(profile?.spans[0]?.step).toBe(1);
});

test('a profiled run that is interrupted goes on to the same bits, and is profiled from where it goes on', async () => {
  const whole = await trainAll(recipe);
  const { checkpoints } = await trainUntil(recipe, 10, { profile: true });
  const checkpoint = checkpoints.at(-1)!;
  const { step } = checkpoint.counters;
  expect(step).toBeLessThan(whole.result.steps);
  const resumed = await trainAll(recipe, { profile: true, checkpoint });
  expect(hashes(resumed)).toEqual(hashes(whole));
  expect(resumed.result.profile?.spans[0]?.step).toBe(step + 1);
});

test.each([
  [1, [0]],
  [2, [1]],
])('a run of %i steps is profiled by its last', async (steps, timed) => {
  const { result } = await trainAll({ ...recipe, epochs: undefined, steps }, { profile: true });
  expect([...new Set(result.profile?.spans.map(({ step }) => step))]).toEqual(timed);
});

test('where no step is left there is no profile', async () => {
  const { checkpoints } = await trainAll(recipe);
  const { result } = await trainAll(recipe, { profile: true, checkpoint: checkpoints.at(-1)! });
  expect(result).not.toHaveProperty('profile');
});
