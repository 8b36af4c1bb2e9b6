// The commands that say what there is: plan, recipes, datasets, help; and `gradcheck`, which needs no adapter.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { descent, readText, temporaryFolder, writeFashion, writeFile } from './run-cli.ts';

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await descent([...args, '--json']);
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('plan lists every kernel with shapes, bytes and multiply-adds, and the memory before the first step', async () => {
  const plan = await json('plan', 'digits');
  expect(plan).toMatchObject({ recipe: 'digits', steps: 1320, stepsPerEpoch: 44, parameters: 9610, batch: 32 });
  const programs = plan['programs'] as Record<string, { kernel: string; multiplyAdds: number; reads: object[] }[]>;
  expect(Object.keys(programs)).toEqual(['train', 'evaluate', 'predict', 'penalty', 'observe']);
  expect(programs['observe']!.length).toBeGreaterThan(programs['train']!.length);
  const bytes = plan['activationBytes'] as { shared: number; live: number; unshared: number };
  expect(bytes.live).toBeLessThanOrEqual(bytes.shared);
  expect(bytes.shared).toBeLessThan(bytes.unshared);
  const forward = programs['train']?.find(({ kernel }) => kernel === 'dense_forward');
  expect(forward).toMatchObject({ layer: 'dense1', multiplyAdds: 32 * 64 * 128 });
  expect(forward?.reads).toContainEqual({
    binding: 'x',
    tensor: 'x',
    shape: [1, 32, 64],
    buffer: expect.stringMatching(/^slot\d+$/),
  });
  const buffers = plan['buffers'] as { bytes: number }[];
  expect(buffers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(plan['peakDeviceBytes']);
  const run = join(temporaryFolder(), 'run');
  const { stdout } = await descent(['train', 'digits', '--device', 'cpu', '--epochs', '1', '--out', run, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ peakDeviceBytes: plan['peakDeviceBytes'] });
});

test('plan shows people aligned tables', async () => {
  const { code, stdout } = await descent(['plan', 'spirals', '--epochs', '3']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^spirals: 48 steps of 50 rows for 1 model of 1,218 parameters/);
  expect(stdout).toMatch(/^ {2}dense_forward +dense1 +[\d.]+ KiB +3,200 +y 1x50x32 @slot\d/m);
  expect(stdout).toMatch(/^ {2}peak +[\d.]+ MiB$/m);
  expect(stdout).toMatch(
    /^activations and their gradients take [\d.]+ [KM]iB; at most [\d.]+ [KM]iB of them live at once/m,
  );
  expect(stdout).toMatch(/^observe: train with \d+ calls between its own/m);
  const without = await descent(['plan', 'spirals', '--observations', '0']);
  expect(without.stdout).not.toContain('observe');
  // The device writes it.
  expect(stdout).toMatch(/^ {2}metrics +table +exchanged with the host/m);
});

test('plan keeps the limits of a device that is named, and without one those of every adapter', async () => {
  const large = ['--set', 'model.layers.0.units=500000'];
  expect((await descent(['plan', 'digits', ...large])).code).toBe(2);
  expect(await json('plan', 'digits', ...large, '--device', 'cpu')).toMatchObject({
    adapter: 'CPU path',
    parameters: 37_500_010,
  });
  expect(await json('plan', 'digits')).not.toHaveProperty('adapter');
  const { stdout } = await descent(['plan', 'digits', '--device', 'cpu']);
  expect(stdout.split('\n')[0]).toMatch(/; on CPU path$/);
});

test('recipes lists what is built in, and prints one to copy and change', async () => {
  const { recipes } = await json('recipes');
  expect((recipes as { name: string }[]).map(({ name }) => name)).toEqual(Object.keys(builtInRecipes));
  const { stdout } = await descent(['recipes', 'digits']);
  expect(JSON.parse(stdout)).toEqual(builtInRecipes['digits']);
  const copy = writeFile(temporaryFolder(), 'mine.json', stdout);
  expect(await json('plan', copy)).toMatchObject({ parameters: 9610 });
});

test('datasets says what there is and where it was found', async () => {
  const folder = temporaryFolder();
  await writeFashion(folder);
  const { datasets } = await json('datasets', '--data', folder);
  expect(datasets).toContainEqual(expect.objectContaining({ name: 'fashion-mnist', found: folder, licence: 'MIT' }));
  expect(datasets).toContainEqual(expect.not.objectContaining({ found: expect.anything() }));
  const { stdout } = await descent(['datasets', '--data', folder]);
  expect(stdout).toMatch(/^cifar10 .*not here; descent datasets fetch cifar10 \(162\.2 MiB\)$/m);
});

test('datasets fetch refuses what cannot be fetched, and tells a server that cannot be reached', async () => {
  expect(await descent(['datasets', 'fetch', 'digits'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'descent: digits: needs no download (embedded). Can be fetched: fashion-mnist, cifar10.\n',
  });
  const unknown = await descent(['datasets', 'fetch', 'fashion']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('is no data set.');
  const before = { ...process.env };
  process.env['XDG_CACHE_HOME'] = temporaryFolder();
  process.env['DESCENT_MIRROR'] = 'http://127.0.0.1:9';
  try {
    const { code, stderr } = await descent(['datasets', 'fetch', 'cifar10']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^descent: http:\/\/127\.0\.0\.1:9\/.*cannot be reached/);
  } finally {
    process.env = before;
  }
});

test('help and version go to standard output and exit with 0, no command at all exits with 2', async () => {
  const help = await descent(['train', '--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const option of [
    '--set',
    '--data',
    '--device',
    '--adapter',
    '--seed',
    '--epochs',
    '--out',
    '--init',
    '--resume',
    '--json',
    'cifar-10-batches-bin/',
  ]) {
    expect(help.stdout).toContain(option);
  }
  expect(help.stdout).not.toContain('expand-data');
  const { version } = JSON.parse(readText(import.meta.dirname, '../../package.json')) as { version: string };
  expect(await descent(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(await descent([])).toMatchObject({ code: 2, stdout: '' });
});

test('gradcheck gives every tensor within 1e-7', async () => {
  const { tensors } = await json('gradcheck', 'spirals');
  const fields = { relativeError: expect.any(Number), meanDifference: expect.any(Number), redrawn: expect.any(Number) };
  expect(tensors).toHaveLength(6);
  for (const row of tensors as { relativeError: number }[]) {
    expect(row).toMatchObject({ name: expect.stringMatching(/^dense\d\.(weight|bias)$/), ...fields });
    expect(row.relativeError).toBeLessThan(1e-7);
  }
  const { stdout } = await descent(['gradcheck', 'spirals']);
  expect(stdout).toMatch(/^dense1\.weight +64 of 64 +\d\.\d\de-\d+/m);
});

test('gradcheck --overfit passes a sound model and exits with 1 for one that is too small', async () => {
  const sound = await descent(['gradcheck', 'digits', '--overfit', '--device', 'cpu', '--json']);
  expect(sound.code, sound.stderr).toBe(0);
  expect(JSON.parse(sound.stdout)).toMatchObject({ examples: 100, passed: true });
  const small = ['--set', 'model.layers=[{"type":"dense","units":1},{"type":"dense","units":10}]'];
  const { code, stdout, stderr } = await descent(['gradcheck', 'digits', '--overfit', '--device', 'cpu', ...small]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^loss \d/);
  expect(stderr).toMatch(/descent: the loss on 100 examples stays at .*\n$/);
});
