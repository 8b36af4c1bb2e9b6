// What the command line does with an adapter: training to the CPU path's bits, verification, the list of devices.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openTestAdapter } from '../device.ts';
import { descent, temporaryFolder } from './run-cli.ts';

async function chosen(): Promise<readonly string[]> {
  const { description } = await openTestAdapter();
  return ['--adapter', description.name];
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await descent([...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('train names the adapter, and on an exact one ends with the weights of the CPU path', async () => {
  const { description } = await openTestAdapter();
  const part = description.name.slice(0, 6).toUpperCase();
  const short = ['train', 'spirals', '--epochs', '3'];
  const gpu = await json(...short, '--device', 'gpu', '--adapter', part, '--out', join(temporaryFolder(), 'run'));
  const cpu = await json(...short, '--device', 'cpu', '--out', join(temporaryFolder(), 'run'));
  expect(gpu).toMatchObject({ adapter: description.name, device: 'gpu' });
  const { adapters } = await json('devices');
  const { arithmetic } = (adapters as { name: string; arithmetic: { exact: boolean } }[]).find(
    ({ name }) => name === description.name,
  )!;
  if (arithmetic.exact) expect(gpu['weightsSha256']).toBe(cpu['weightsSha256']);
  else expect(gpu['steps']).toBe(cpu['steps']);
});

test('an interrupted run goes on on the adapter to the same bits', async () => {
  const folder = join(temporaryFolder(), 'run');
  const args = ['train', 'spirals', '--epochs', '4', ...(await chosen())];
  const whole = await json(...args, '--out', join(temporaryFolder(), 'run'));
  let interrupt = (): void => undefined;
  const stopped = await descent([...args, '--out', folder], {
    stderr: (text) => (text.startsWith('Run folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  const resumed = await json(...args, '--out', folder, '--resume');
  expect(resumed['weightsSha256']).toBe(whole['weightsSha256']);
});

test('an adapter that is found but gives no device: `auto` says so and takes the CPU path, `gpu` exits with 3', async () => {
  const { adapter } = await openTestAdapter();
  const prototype = Object.getPrototypeOf(adapter) as GPUAdapter;
  const refusing = vi.spyOn(prototype, 'requestDevice').mockRejectedValue(new Error('out of memory'));
  try {
    const short = ['train', 'spirals', '--epochs', '1', '--json'];
    const fallback = await descent([...short, '--out', join(temporaryFolder(), 'run')]);
    expect(fallback.code, fallback.stderr).toBe(0);
    expect(fallback.stderr).toMatch(/gives no device \(Error: out of memory\).*\nGoing on with the CPU path\.\n/);
    expect(JSON.parse(fallback.stdout)).toMatchObject({ device: 'cpu', adapter: 'CPU path' });
    const strict = await descent([...short, '--out', join(temporaryFolder(), 'run'), '--device', 'gpu']);
    expect(strict).toMatchObject({ code: 3, stdout: '' });
  } finally {
    refusing.mockRestore();
  }
});

test('an adapter that is not there exits with 3 and lists those that are', async () => {
  const out = join(temporaryFolder(), 'run');
  const { code, stdout, stderr } = await descent(['train', 'spirals', '--adapter', 'no such adapter', '--out', out]);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^descent: no adapter fits "no such adapter"; there is ".*\n$/);
});

test('verify prints one row per kernel of the plan, within the bound', async () => {
  const { adapter, kernels } = await json('verify', 'digits', '--steps', '2', ...(await chosen()));
  expect(adapter).toBe((await openTestAdapter()).description.name);
  const rows = kernels as { name: string; elements: number; bitEqual: number; maxUlp: number; bound: number }[];
  expect(rows.map(({ name }) => name)).toContain('dense_backward_weight');
  for (const { elements, bitEqual, maxUlp, bound } of rows) {
    expect(elements).toBeGreaterThan(0);
    expect(bitEqual).toBeLessThanOrEqual(1);
    expect(maxUlp).toBeLessThanOrEqual(bound);
  }
  const { stdout } = await descent(['verify', 'digits', '--steps', '1', ...(await chosen())]);
  expect(stdout).toMatch(/^kernel +elements +bit-equal +max ulp +bound +first difference$/m);
});

test('devices lists limits, features and arithmetic of each adapter, and the CPU path', async () => {
  const { adapters } = await json('devices');
  expect(adapters).toContainEqual(
    expect.objectContaining({
      name: (await openTestAdapter()).description.name,
      features: expect.any(Array),
      limits: expect.objectContaining({ maxStorageBufferBindingSize: expect.any(Number) }),
      arithmetic: expect.objectContaining({ exact: expect.any(Boolean), contracts: expect.any(Boolean) }),
    }),
  );
  const { stdout } = await descent(['devices']);
  expect(stdout).toContain('CPU path');
});
