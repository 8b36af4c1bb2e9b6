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

test('the time until steps are done is unknown before a chunk was timed, and counts from the last one that was', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const pace = createPace(100, 64);
  expect(pace.isTimed()).toBe(false);
  expect(pace.expected(5)).toBe(0);
  // Shaders are compiled in the first chunk.
  now.mockReturnValue(5000);
  pace.finished(1);
  expect(pace.isTimed()).toBe(true);
  expect(pace.expected(5)).toBe(0);
  now.mockReturnValue(5020);
  pace.finished(2);
  now.mockReturnValue(5024);
  expect(pace.expected(5)).toBe(46);
  now.mockReturnValue(5100);
  expect(pace.expected(5)).toBe(0);
  now.mockRestore();
});

test('sleeping for most of what is expected does not keep steps slow', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const pace = createPace(100, 64);
  let clock = 0;
  // From the second chunk on a step takes 1 ms and no longer 50, but a chunk is seen only after 3/4 of what was expected.
  const perStep = Array.from({ length: 60 }, (_, chunk) => {
    const steps = pace.steps();
    const taken = Math.max(steps * (chunk < 2 ? 50 : 1), 0.75 * pace.expected(steps));
    now.mockReturnValue((clock += taken));
    pace.finished(steps);
    return taken / steps;
  });
  expect(perStep.at(-1)).toBe(1);
  now.mockRestore();
});
