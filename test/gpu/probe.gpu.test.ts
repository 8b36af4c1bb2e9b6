// The arithmetic probe on the adapter of the tests. Software adapters are known to be exact; a GPU may say otherwise.

import { expect, test } from 'vitest';
import { probeArithmetic } from '../../src/gpu/probe.ts';
import { openTestAdapter, openTestDevice } from '../device.ts';

test('the probe gives one answer, and calls software adapters exact', async () => {
  const device = await openTestDevice();
  const probe = await probeArithmetic(device);
  expect(await probeArithmetic(device)).toEqual(probe);
  const { description } = await openTestAdapter();
  if (description.kind === 'software') {
    expect(probe).toMatchObject({ contracts: false, divideExact: true, sqrtExact: true, exact: true });
    expect(probe.flushesSubnormals).toBe(description.name.startsWith('SwiftShader'));
  }
});
