/** Chunks grow to the time budget, and the first one, whose steps may be long, is a single step. */
import { expect, test, vi } from 'vitest';
import type { Executor } from '../../src/plan/executor.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { createChunks, createPace } from '../../src/train/chunks.ts';
import type { Feed } from '../../src/train/session.ts';

/** Chunk sizes where each step takes so many milliseconds. */
function sizes(stepMilliseconds: number, count: number): number[] {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const pace = createPace(100, 64);
  let clock = 0;
  const taken = Array.from({ length: count }, () => {
    const steps = pace.steps();
    clock += steps * stepMilliseconds;
    now.mockReturnValue(clock);
    pace.finished(steps);
    return steps;
  });
  now.mockRestore();
  return taken;
}

test('slow steps stay alone, quick ones double up to the budget or the largest chunk', () => {
  expect(sizes(2000, 4)).toEqual([1, 1, 1, 1]);
  expect(sizes(10, 6)).toEqual([1, 2, 4, 8, 10, 10]);
  expect(sizes(0.01, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
});

test('a budget that changes is asked before each chunk', () => {
  let budget = 100;
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const pace = createPace(() => budget, 64);
  now.mockReturnValue(10);
  pace.finished(1);
  budget = 5;
  now.mockReturnValue(20);
  pace.finished(2);
  now.mockRestore();
  expect(pace.steps()).toBe(1);
});

test('a chunk counts as timed once it is done', () => {
  const pace = createPace(100, 64);
  expect(pace.isTimed()).toBe(false);
  pace.finished(pace.steps());
  expect(pace.isTimed()).toBe(true);
});

test('nothing waits behind a chunk before one has been timed, and then no more than may', async () => {
  const chunks = createChunks({
    executor: { run: () => undefined, read: async () => new Float32Array() } as unknown as Executor,
    feed: { loadTraining: () => [] } as unknown as Feed,
    plan: { chunkRows: 64, population: 1 } as Plan,
    budgetMilliseconds: 100,
    kind: 'gpu',
  });
  expect(chunks.mayQueue()).toBe(true);
  await chunks.submit(0, 10, [1]);
  expect(chunks.mayQueue()).toBe(false);
  expect(await chunks.take()).toMatchObject({ firstStep: 0, count: 1 });
  await chunks.submit(1, 10, [1]);
  expect(chunks.mayQueue()).toBe(true);
  await chunks.submit(3, 10, [1]);
  expect([chunks.inFlight(), chunks.mayQueue()]).toEqual([2, false]);
});
