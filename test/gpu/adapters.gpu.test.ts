// Adapters under Node: what is found, what an impossible wish is told, and that an opened device computes.

import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { listAdapters, openAdapter } from '../../node/adapters.ts';
import { findBundle } from '../../node/bundled.ts';
import { DeviceError } from '../../src/errors.ts';
import { deviceDescriptor } from '../../src/gpu/limits.ts';
import { probeArithmetic } from '../../src/gpu/probe.ts';

const driverFiles = process.env['VK_DRIVER_FILES'];
afterEach(() => {
  if (driverFiles === undefined) delete process.env['VK_DRIVER_FILES'];
  else process.env['VK_DRIVER_FILES'] = driverFiles;
});

test('every listed adapter opens by its name, computes, and gives at least the default limits', async () => {
  const adapters = await listAdapters();
  expect(adapters.length).toBeGreaterThan(0);
  for (const listed of adapters) {
    const { adapter, description } = await openAdapter({ adapter: listed.name.toUpperCase() });
    expect(description).toEqual(listed);
    const device = await adapter.requestDevice(deviceDescriptor(adapter, listed.name));
    expect(device.limits.maxBufferSize).toBe(listed.limits['maxBufferSize']);
    expect(device.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
    await probeArithmetic(device);
    device.destroy();
  }
});

test('real GPUs are listed before software adapters, and the bundled one comes last', async () => {
  const ranks = (await listAdapters()).map(({ kind, origin }) => (origin === 'bundled' ? 2 : kind === 'gpu' ? 0 : 1));
  expect(ranks).toEqual(ranks.toSorted());
  expect(ranks.includes(2)).toBe(findBundle() !== undefined && driverFiles === undefined);
});

test('an adapter that is not there is refused with the names of those that are', async () => {
  const [first] = await listAdapters();
  const opening = openAdapter({ adapter: 'no such card' });
  await expect(opening).rejects.toThrow(DeviceError);
  await expect(opening).rejects.toThrow(`no adapter fits "no such card"; there is "${first?.name}"`);
});

test('software adapters are left out on request', async () => {
  const gpus = (await listAdapters()).filter(({ kind }) => kind === 'gpu');
  const opening = openAdapter({ allowSoftware: false });
  if (gpus.length === 0) await expect(opening).rejects.toThrow('no real GPU; there is');
  else expect((await opening).description).toEqual(gpus[0]);
});

test.runIf(process.platform === 'linux')('VK_DRIVER_FILES always wins, also when nothing works with it', async () => {
  process.env['VK_DRIVER_FILES'] = '/no/such/driver.json';
  expect(existsSync('/no/such/driver.json')).toBe(false);
  expect(await listAdapters()).toEqual([]);
  await expect(openAdapter()).rejects.toThrow('VK_DRIVER_FILES=/no/such/driver.json gives no driver that works');
});
