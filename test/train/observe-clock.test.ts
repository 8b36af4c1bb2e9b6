/** How often a run is observed by the clock. */
import { expect, test } from 'vitest';
import { openObserveClock } from '../../src/train/observe-clock.ts';
import type { ClockOptions } from '../../src/train/observe-clock.ts';

/** Trains for ten seconds; the time of a chunk of so many steps, and what an observation adds. Gives the observations of the last five. */
function observe(options: ClockOptions, chunk: { steps: number; milliseconds: number; cost: number }): number {
  let time = 0;
  const clock = openObserveClock(options, () => time);
  let count = 0;
  while (time < 10_000) {
    const isObserved = clock.isDue();
    time += chunk.milliseconds + (isObserved ? chunk.cost : 0);
    clock.finished(chunk.steps, isObserved);
    if (isObserved && time > 5000) count++;
  }
  return count;
}

const page = { everySeconds: 0.1, mostShare: 0.05 };

test('what costs little is observed ten times a second', () => {
  expect(observe(page, { steps: 20, milliseconds: 8, cost: 2 })).toBeGreaterThanOrEqual(48);
});

test.each([
  { steps: 1, milliseconds: 127, cost: 29 },
  { steps: 1, milliseconds: 8, cost: 29 },
  { steps: 40, milliseconds: 8, cost: 10 },
])('observations that add $cost ms to a chunk of $milliseconds ms take a twentieth of the time', (chunk) => {
  const count = observe(page, chunk);
  expect(count * chunk.cost).toBeLessThanOrEqual(0.05 * 5000 + chunk.cost);
  expect(count * chunk.cost).toBeGreaterThan(0.03 * 5000);
});

test('without a limit they come as often as was asked, whatever they cost', () => {
  expect(observe({ everySeconds: 0.1 }, { steps: 1, milliseconds: 8, cost: 29 })).toBeGreaterThanOrEqual(48);
});

test('neither the first observation, which compiles, nor an evaluation between two chunks counts as its cost', () => {
  let time = 0;
  const clock = openObserveClock(page, () => time);
  const chunk = (milliseconds: number): boolean => {
    const isObserved = clock.isDue();
    time += milliseconds;
    clock.finished(1, isObserved);
    return isObserved;
  };
  expect(chunk(3000)).toBe(true);
  for (let index = 0; index < 10; index++) chunk(10);
  time += 5000;
  clock.resume();
  expect(chunk(10)).toBe(true);
  const chunks = Array.from({ length: 50 }, () => chunk(10));
  expect(chunks.filter(Boolean).length).toBeGreaterThanOrEqual(4);
});
