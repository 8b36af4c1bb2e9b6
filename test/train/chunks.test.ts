/** Chunks grow to the time budget, and the first one, whose steps may be long, is a single step. */
import { expect, test, vi } from 'vitest';
import { createPace } from '../../src/train/chunks.ts';

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

test('a chunk counts as timed once it is done', () => {
  const pace = createPace(100, 64);
  expect(pace.isTimed()).toBe(false);
  pace.finished(pace.steps());
  expect(pace.isTimed()).toBe(true);
});
