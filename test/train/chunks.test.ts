/** Chunks grow to the time budget, and the first one, whose steps may be long, is a single step. */
import { expect, test, vi } from 'vitest';
import { createChunks } from '../../src/train/chunks.ts';

/** Chunk sizes where each step takes so many milliseconds. */
function sizes(stepMilliseconds: number, count: number): number[] {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const chunks = createChunks(100, 64);
  let clock = 0;
  const taken = Array.from({ length: count }, () => {
    const steps = chunks.steps();
    clock += steps * stepMilliseconds;
    now.mockReturnValue(clock);
    chunks.finished(steps);
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

test('nothing waits behind a chunk before one has been timed', () => {
  const chunks = createChunks(100, 64);
  expect(chunks.timed()).toBe(false);
  chunks.finished(chunks.steps());
  expect(chunks.timed()).toBe(true);
});
