// Killed at any moment or interrupted, a run goes on to the bits and the lines of one that was left alone.
import { appendFileSync, existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { builtCli, descent, readText, spawnCli, temporaryFolder, until } from './run-cli.ts';

// Dropout, early stopping and Adam: masks, best weights, counters and moments have to come back as well.
const run = (
  'train digits --device cpu --epochs 4 --json --checkpoint-seconds 0.01 --set data.validation=100 ' +
  '--set earlyStopping={"patience":30} --set evaluation.everySteps=7'
).split(' ');
const undisturbed = temporaryFolder(afterAll);
let hash = '';

beforeAll(async () => {
  builtCli();
  const { code, stdout } = await descent([...run, '--out', undisturbed]);
  expect(code).toBe(0);
  hash = hashOf(stdout);
});

function hashOf(stdout: string): string {
  return (JSON.parse(stdout) as { readonly weightsSha256: string }).weightsSha256;
}

function checkpointsIn(folder: string): string[] {
  const directory = join(folder, 'checkpoints');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => name.endsWith('.safetensors') && !name.startsWith('.')).sort();
}

function newestCheckpoint(folder: string): string {
  return join(folder, 'checkpoints', checkpointsIn(folder).at(-1) ?? 'none');
}

/** Starts or resumes the run, and kills it a while after it has written another checkpoint. */
async function goOnAndKill(folder: string, delayMs: number): Promise<void> {
  const before = checkpointsIn(folder).at(-1);
  const { child, finished } = spawnCli([...run, '--out', folder, '--resume']);
  await until(() => child.exitCode !== null || checkpointsIn(folder).at(-1) !== before);
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  child.kill('SIGKILL');
  await finished;
}

test('a run that is killed again and again ends with the same weights, metrics and observations', async () => {
  const folder = temporaryFolder();
  const delays: number[] = [];
  while (delays.length < 5 && !existsSync(join(folder, 'result.json'))) {
    delays.push(Math.random() * 30);
    await goOnAndKill(folder, delays.at(-1) ?? 0);
  }
  expect(delays.length, 'kills before the end').toBeGreaterThan(2);
  const { code, stdout, stderr } = await descent([...run, '--out', folder, '--resume']);
  expect(code, stderr).toBe(0);
  expect(hashOf(stdout), `killed after ${delays.join(', ')} ms`).toBe(hash);
  expect(readText(folder, 'metrics.jsonl')).toBe(readText(undisturbed, 'metrics.jsonl'));
  expect(readText(folder, 'observations.jsonl')).toBe(readText(undisturbed, 'observations.jsonl'));
  expect(readFileSync(join(folder, 'final.safetensors'))).toEqual(readFileSync(join(undisturbed, 'final.safetensors')));
  expect(checkpointsIn(folder)).toHaveLength(2);
});

test('a checkpoint with one changed weight ends with other weights, so that the comparison means something', async () => {
  const folder = temporaryFolder();
  await goOnAndKill(folder, 0);
  const path = newestCheckpoint(folder);
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const changed = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  const weight = changed.find(({ name }) => name === 'parameters/dense1.bias');
  weight?.data.set([(weight.data[0] ?? 0) + 2 ** -10]);
  writeFileSync(path, writeSafetensors(changed, metadata));
  const { code, stdout } = await descent([...run, '--out', folder, '--resume']);
  expect(code).toBe(0);
  expect(hashOf(stdout)).not.toBe(hash);
});

test('a broken newest checkpoint is set aside for the one before, saying so', async () => {
  const folder = temporaryFolder();
  while (checkpointsIn(folder).length < 2) await goOnAndKill(folder, 30);
  const broken = newestCheckpoint(folder);
  truncateSync(broken, 1000);
  const { code, stdout, stderr } = await descent([...run, '--out', folder, '--resume']);
  expect(code).toBe(0);
  expect(stderr).toContain(`${broken} cannot be read; going on from the checkpoint before.`);
  expect(hashOf(stdout)).toBe(hash);
  expect(readText(folder, 'metrics.jsonl')).toBe(readText(undisturbed, 'metrics.jsonl'));
});

test.each([
  ['no JSON', '{"step": 7'],
  ['incomplete', '{"step": 7}'],
])('a newest checkpoint whose counters are %s is set aside for the one before', async (_, counters) => {
  const folder = temporaryFolder();
  while (checkpointsIn(folder).length < 2) await goOnAndKill(folder, 30);
  const path = newestCheckpoint(folder);
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const state = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  writeFileSync(path, writeSafetensors(state, { ...metadata, counters }));
  const { code, stdout, stderr } = await descent([...run, '--out', folder, '--resume']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`${path} cannot be read; going on from the checkpoint before.`);
  expect(hashOf(stdout)).toBe(hash);
});

test('lines beyond the checkpoint and a torn last line are cut off metrics.jsonl', async () => {
  const folder = temporaryFolder();
  await goOnAndKill(folder, 0);
  appendFileSync(join(folder, 'metrics.jsonl'), '{"step":9999}\n{"step":10');
  const { stdout } = await descent([...run, '--out', folder, '--resume']);
  expect(hashOf(stdout)).toBe(hash);
  expect(readText(folder, 'metrics.jsonl')).toBe(readText(undisturbed, 'metrics.jsonl'));
});

test('a run without any checkpoint left starts at step 0', async () => {
  const folder = temporaryFolder();
  await goOnAndKill(folder, 0);
  for (const name of checkpointsIn(folder)) truncateSync(join(folder, 'checkpoints', name), 10);
  const { stdout, stderr } = await descent([...run, '--out', folder, '--resume']);
  expect(stderr).toContain('No checkpoint is left: the run starts at step 0.');
  expect(hashOf(stdout)).toBe(hash);
});

test('Ctrl-C once writes a checkpoint, exits with 130 and says how to resume', async () => {
  const folder = temporaryFolder();
  const slow = [...run, '--out', folder, '--checkpoint-seconds', '1000'];
  const { child, stderr, finished } = spawnCli(slow);
  await until(() => child.exitCode !== null || stderr().includes('Run folder'));
  child.kill('SIGINT');
  const outcome = await finished;
  expect(outcome.code).toBe(130);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).toContain('Stopping as soon as the work can be left');
  const last = outcome.stderr.trimEnd().split('\n').at(-1);
  expect(last).toMatch(/^descent: interrupted after step \d+\. Go on with: descent train digits .* --resume$/);
  expect(checkpointsIn(folder)).toHaveLength(1);
  const resumed = await descent([...slow, '--resume']);
  expect(hashOf(resumed.stdout)).toBe(hash);
});

test('Ctrl-C twice stops at once', async () => {
  const folder = temporaryFolder();
  // The first steps take long enough for both signals to come before they are done.
  const wide = ['--set', 'model.layers.0.units=1000', '--set', 'batch=700'];
  const { child, stderr, finished } = spawnCli([...run, ...wide, '--out', folder]);
  await until(() => child.exitCode !== null || stderr().includes('Run folder'));
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const outcome = await finished;
  expect(outcome.code).toBe(130);
  expect(outcome.stderr).not.toContain('interrupted after step');
  expect(checkpointsIn(folder)).toHaveLength(0);
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
});

test('without any adapter `auto` says so and takes the CPU path, `gpu` exits with 3', async () => {
  const environment = { VK_DRIVER_FILES: join(undisturbed, 'no-driver.json') };
  const short = ['train', 'spirals', '--epochs', '1', '--json'];
  const fallback = await spawnCli([...short, '--out', join(temporaryFolder(), 'run')], environment).finished;
  expect(fallback.code).toBe(0);
  expect(fallback.stderr).toContain('no WebGPU adapter');
  expect(fallback.stderr).toContain('Going on with the CPU path.');
  expect(JSON.parse(fallback.stdout)).toMatchObject({ device: 'cpu', adapter: 'CPU path' });
  const strict = await spawnCli([...short, '--out', join(temporaryFolder(), 'run'), '--device', 'gpu'], environment)
    .finished;
  expect(strict.code).toBe(3);
  expect(strict.stderr).toMatch(/descent: no WebGPU adapter: .*\n$/);
  expect(strict.stdout).toBe('');
});
