/** The CPU path works in slices, so that timers and signals come in between two kernel calls; the order of what is asked stays. */
import { expect, test, vi } from 'vitest';
import { float32 } from '../../src/arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import { createFeed, initialArena, prepare, uploadData } from '../../src/train/session.ts';
import { clouds, smallRecipe } from './support.ts';

/** An executor that stands before its first steps. */
function ready(pauseMilliseconds: number) {
  const prepared = prepare(smallRecipe(), clouds());
  const executor = createCpuExecutor(prepared.plan, float32, pauseMilliseconds);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  return { executor, steps: createFeed(prepared).loadTraining(executor, 0, 4, [1]), plan: prepared.plan };
}

test('a long run lets timers in between its kernel calls, and ends with the same bits', async () => {
  const whole = ready(Infinity);
  whole.executor.run('train', { steps: whole.steps });
  const expected = await whole.executor.read('parameters');

  const { executor, steps, plan } = ready(100);
  let now = 0;
  // Every kernel call seems to take a second.
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
  try {
    let turns = 0;
    const timer = setInterval(() => turns++);
    executor.run('train', { steps });
    const parameters = await executor.read('parameters');
    clearInterval(timer);
    expect(turns).toBeGreaterThan((steps.length * plan.programs.train.length) / 2);
    expect(parameters).toEqual(expected);
  } finally {
    vi.restoreAllMocks();
  }
});

test('what comes after a run that is not done waits for it, and a read before it does not see it', async () => {
  const { executor, steps } = ready(0);
  const before = (await executor.read('parameters')).slice();
  executor.run('train', { steps });
  const trained = executor.read('parameters');
  executor.write('parameters', new Float32Array(before.length));
  executor.run('train', { steps: [] });
  expect((await executor.read('parameters')).every((value) => value === 0)).toBe(true);
  const whole = ready(Infinity);
  whole.executor.run('train', { steps: whole.steps });
  expect(await trained).toEqual(await whole.executor.read('parameters'));
  expect(await trained).not.toEqual(before);
});
