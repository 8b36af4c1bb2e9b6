/**
 * The device of the GPU tests: on the adapter that the command line would take, or one whose name contains
 * DESCENT_TEST_ADAPTER. All test files share it, since they run in one process. Without an adapter it throws; it never
 * skips.
 */
import { openAdapter } from '../node/adapters.ts';
import type { OpenedAdapter } from '../node/adapters.ts';
import { deviceDescriptor } from '../src/gpu/limits.ts';

let shared: Promise<GPUDevice> | undefined;

/** A fresh adapter of the GPU tests, for one device. */
export function openTestAdapter(): Promise<OpenedAdapter> {
  return openAdapter({ adapter: process.env['DESCENT_TEST_ADAPTER'] });
}

/** The shared device. A test that destroys it or loses it makes the next call open another. */
export function openTestDevice(): Promise<GPUDevice> {
  shared ??= openDevice();
  return shared;
}

async function openDevice(): Promise<GPUDevice> {
  const { adapter } = await openTestAdapter();
  const device = await adapter.requestDevice(deviceDescriptor(adapter, 'test device'));
  void device.lost.then(() => {
    shared = undefined;
  });
  return device;
}
