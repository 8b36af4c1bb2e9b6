// What is drawn over time follows the run, also where that goes back to its last checkpoint.
import { expect, test, vi } from 'vitest';
import type { Observation } from '../../src/train/observe.ts';

vi.mock('../../web/engine/engine.ts', () => ({ engine: {}, EngineError: class extends Error {} }));
const { recent } = await import('../../web/look/history.ts');
const { observation } = await import('../../web/state/run.ts');

const observe = (...steps: readonly number[]): void => {
  for (const step of steps) observation.value = { step, epoch: 0, members: [] } satisfies Observation;
};

test('a run that goes back to its last checkpoint has each step once, and one that is left has none', () => {
  observe(10, 20, 30, 40);
  observe(25, 35);
  expect(recent.map(({ step }) => step)).toEqual([10, 20, 25, 35]);
  observation.value = undefined;
  expect(recent).toEqual([]);
});
