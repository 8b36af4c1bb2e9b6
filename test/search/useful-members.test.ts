// How large a population pays, beyond what fits the memory.
import { expect, test } from 'vitest';
import { mostUsefulMembers } from '../../src/search/useful-members.ts';
import { cpuDevice } from '../../src/train/device.ts';

test('a real GPU takes all that fit, a processor a few dozen', () => {
  expect(mostUsefulMembers({ kind: 'gpu', software: false })).toBe(Infinity);
  expect(mostUsefulMembers({ kind: 'gpu', software: true })).toBe(32);
  expect(mostUsefulMembers(cpuDevice())).toBe(32);
});
