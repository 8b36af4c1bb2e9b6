/**
 * The device of the GPU tests: the adapter that the command line would take, opened once and shared by all test files,
 * since they run in one process. Without an adapter it throws; it never skips.
 */
import { openAdapter } from '../node/adapters.ts';
import { deviceDescriptor } from '../src/gpu/limits.ts';

let shared: Promise<GPUDevice> | undefined;

/** The shared device. A test that destroys it or loses it makes the next call open another. */
export function openTestDevice(): Promise<GPUDevice> {
  shared ??= openDevice();
  return shared;
}

async function openDevice(): Promise<GPUDevice> {
  const { adapter } = await openAdapter();
  const device = await adapter.requestDevice(deviceDescriptor(adapter, 'test device'));
  void device.lost.then(() => {
    shared = undefined;
  });
  return device;
}
