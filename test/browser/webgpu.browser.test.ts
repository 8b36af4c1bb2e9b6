// The browser that the page tests rest on: it has WebGPU, and the arithmetic that equal bits need.

import { expect, test } from 'vitest';
import { deviceDescriptor } from '../../src/gpu/limits.ts';
import { probeArithmetic } from '../../src/gpu/probe.ts';

test('a page has a WebGPU adapter that computes exactly', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('this browser gives no WebGPU adapter');
  console.log(`browser tests on: ${adapter.info.vendor} ${adapter.info.architecture}, ${navigator.userAgent}`);
  const device = await adapter.requestDevice(deviceDescriptor(adapter, 'browser test'));
  const probe = await probeArithmetic(device);
  expect(probe).toMatchObject({ contracts: false, divideExact: true, sqrtExact: true, exact: true });
  device.destroy();
});
