// `descent bench`, on the CPU path: its table, its JSON lines, and what it refuses.
import { expect, test } from 'vitest';
import { descent } from './run-cli.ts';

test('bench prints a table of steps and kernels, and names the device', async () => {
  const { code, stdout, stderr } = await descent(['bench', 'W3', '--device', 'cpu', '--rounds', '1', '--kernels']);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^CPU path\n\nstep +ms +min\.\.max +samples\/s +GFLOP\/s +dispatches/);
  expect(stdout).toMatch(/^W3 +[\d.]+ +[\d.]+\.\.[\d.]+ +[\d,]+ +[\d.]+ +\d+ .*1-80-80-1 sigmoid/m);
  expect(stdout).toMatch(/^ {2}dense_backward_weight +dense2 .* \d+\.\d % +[\d.]+$/m);
  expect(stdout).toMatch(/^ {2}together .* % products$/m);
});

test('bench --json prints one object a line and nothing else', async () => {
  const { code, stdout, stderr } = await descent(['bench', 'w3', '--device', 'cpu', '--rounds', '2', '--json']);
  expect(code, stderr).toBe(0);
  const figures = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const place = { workload: 'W3', adapter: 'CPU path', rounds: 2 };
  const ms = {
    median: expect.any(Number) as number,
    min: expect.any(Number) as number,
    max: expect.any(Number) as number,
  };
  expect(figures).toMatchObject([
    { figure: 'step', ...place, ms, samplesPerSecond: expect.any(Number) as number },
    { figure: 'first step', ...place, ms },
  ]);
});

test('bench --observe says what observations cost', async () => {
  const { code, stdout, stderr } = await descent(['bench', 'W3', '--device', 'cpu', '--rounds', '1', '--observe']);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^observed +more time +min\.\.max +a second +ms each$/m);
  expect(stdout).toMatch(/^W3 +-?\d+\.\d % +\S+ % +\d+\.\d +-?[\d.]+$/m);
});

test('bench refuses an unknown workload and an adapter for the CPU path', async () => {
  expect(await descent(['bench', 'W7', '--device', 'cpu'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('descent: W7: is no workload.') as string,
  });
  const { code } = await descent(['bench', 'W3', '--device', 'cpu', '--adapter', 'llvmpipe']);
  expect(code).toBe(2);
});
