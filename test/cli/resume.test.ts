// Going on with a run: only with the data that it was made of, only one process at a time, and from any folder.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockRun } from '../../node/run-lock.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import type { Outcome } from './run-cli.ts';
import { descent, readText, temporaryFolder, writeFile } from './run-cli.ts';

const rows = 'a,b,kind\n1,2,0\n2,3,1\n3,1,0\n4,4,1\n';
const table = `${rows}${rows.slice(9).repeat(9)}`;
const recipe = {
  data: { source: 'csv', file: 'table.csv', test: 8 },
  model: { layers: [{ type: 'dense', units: 2 }] },
  batch: 8,
};
const cyclic = { ...recipe, schedule: { type: 'cyclic', stepSize: 10 }, cycles: 2 };

/** A folder with a table and a recipe, and the arguments that train it into `run` there. */
function tableFolder(content: object = { ...recipe, epochs: 2 }): { readonly folder: string; readonly args: string[] } {
  const folder = temporaryFolder();
  writeFile(folder, 'table.csv', table);
  const path = writeFile(folder, 'recipe.json', content);
  return { folder, args: ['train', path, '--device', 'cpu', '--json', '--out', join(folder, 'run')] };
}

/** Trains, with a Ctrl-C before the first step. */
async function interrupted(args: readonly string[]): Promise<void> {
  let interrupt = (): void => undefined;
  const { code } = await descent(args, {
    stderr: (text) => (text.startsWith('Run folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(code).toBe(130);
}

function workIn(folder: string): void {
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
}

const hashOf = ({ stdout }: Outcome): unknown => (JSON.parse(stdout) as { weightsSha256: unknown }).weightsSha256;

test('--resume refuses data that has changed, and goes on once it is back', async () => {
  const { folder, args } = tableFolder();
  const whole = await descent([...args.slice(0, -1), join(folder, 'whole'), '--data', folder]);
  await interrupted([...args, '--data', folder]);
  const changes = [
    table.replace('3,1,0', '3,1.5,0'), // an input
    table.replace('3,1,0', '3,1,1'), // a label
    table.replace('1,2,0\n2,3,1\n', '2,3,1\n1,2,0\n'), // the order of the rows
  ];
  for (const changed of changes) {
    writeFile(folder, 'table.csv', changed);
    const refused = await descent([...args, '--resume']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^descent: .*run: the run was trained on other data: its sha256 was [0-9a-f]{16}… then and is [0-9a-f]{16}… now\. Put the data back/m,
    );
  }
  writeFile(folder, 'table.csv', table);
  const resumed = await descent([...args, '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(hashOf(resumed)).toBe(hashOf(whole));
});

test.each([
  ['in epochs', { ...recipe, epochs: 2 }, []],
  ['with --epochs', cyclic, ['--epochs', '3']],
])('--resume of a finished run %s shows its result without its data', async (_, content, options) => {
  const { folder, args } = tableFolder(content);
  const first = await descent([...args, ...options, '--data', folder]);
  expect(first.code, first.stderr).toBe(0);
  rmSync(join(folder, 'table.csv'));
  expect(await descent([...args, ...options, '--resume'])).toEqual({ code: 0, stdout: first.stdout, stderr: '' });
  const people = await descent([...args.filter((word) => word !== '--json'), ...options, '--resume']);
  expect(people.stdout).toMatch(/^This run is finished\.\ntest accuracy/);
  const other = await descent([...args, '--epochs', '4', '--resume']);
  expect(other).toMatchObject({ code: 2, stdout: '' });
  expect(other.stderr).toMatch(/holds a run of another recipe: (epochs|schedule\.stepSize) is \d+ there and \d+ here/);
});

test('a run of an older version, which noted neither data nor rows, goes on', async () => {
  const { folder, args } = tableFolder();
  await interrupted([...args, '--data', folder]);
  const path = join(folder, 'run', 'model.json');
  const model = JSON.parse(readText(path)) as Record<string, unknown>;
  for (const field of ['startFolder', 'dataSha256', 'trainRows']) {
    expect(model).toHaveProperty(field);
    delete model[field];
  }
  writeFileSync(path, JSON.stringify(model));
  const resumed = await descent([...args, '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await descent([...args, '--resume'])).toMatchObject({ code: 0, stdout: resumed.stdout });
});

test('a table beside which a run was started is found from other folders, and the places are told if it is gone', async () => {
  const { folder, args } = tableFolder();
  const elsewhere = temporaryFolder();
  workIn(folder);
  const started = process.cwd();
  await interrupted(args);
  process.chdir(elsewhere);
  const resumed = await descent([...args, '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  const evaluate = ['evaluate', join(folder, 'run'), '--device', 'cpu', '--json'];
  const evaluated = await descent(evaluate);
  expect(evaluated.code, evaluated.stderr).toBe(0);
  const { test: tested } = JSON.parse(resumed.stdout) as { test: object };
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ rows: 8, ...tested });
  rmSync(join(folder, 'table.csv'));
  const lost = await descent([...evaluate, '--data', elsewhere]);
  expect(lost).toMatchObject({ code: 2, stdout: '' });
  expect(lost.stderr).toContain(`table.csv (looked in ${elsewhere}): not found`);
  expect(lost.stderr).toContain(`, nor ./table.csv (looked in ${process.cwd()} and ${started}). Correct the path`);
});

test('a second process is kept from a run folder that is being written', async () => {
  const { folder, args } = tableFolder();
  const run = join(folder, 'run');
  const second = async (options: readonly string[]): Promise<void> => {
    const before = existsSync(join(run, 'recipe.json')) ? readText(run, 'recipe.json') : undefined;
    const { code, stdout, stderr } = await descent([...args, '--data', folder, ...options]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^descent: .*run: is being written by another process \(process \d+ on .+\)\. Wait until/);
    expect(existsSync(join(run, 'run.lock'))).toBe(true);
    expect(existsSync(join(run, 'recipe.json')) ? readText(run, 'recipe.json') : undefined).toBe(before);
  };
  {
    using _lock = lockRun(run);
    await second([]);
    await second(['--resume']);
  }
  await interrupted([...args, '--data', folder]);
  {
    using _lock = lockRun(run);
    await second(['--resume']);
  }
  // Whether a process of another computer is gone only a person can tell.
  writeFileSync(join(run, 'run.lock'), `process ${process.pid} on not-${hostname()}\n`);
  await second(['--resume']);
  rmSync(join(run, 'run.lock'));
  expect((await descent([...args, '--resume'])).code).toBe(0);
});

test.each([
  ['of a process that is gone', () => spawnSync(process.execPath, ['-e', '']).pid],
  ['with the id of this process, which holds none', () => process.pid],
])('a lock %s is taken over, and taken away at the end', async (_, pid) => {
  const { folder, args } = tableFolder();
  await interrupted([...args, '--data', folder]);
  const lock = join(folder, 'run', 'run.lock');
  expect(existsSync(lock)).toBe(false);
  writeFileSync(lock, `process ${pid()} on ${hostname()}\n`);
  const resumed = await descent([...args, '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(existsSync(lock)).toBe(false);
});

test('a run that fails takes its lock away', async () => {
  const { folder, args } = tableFolder();
  const sgd = 'optimizer={"type":"sgd","learningRate":1e39}';
  expect((await descent([...args, '--data', folder, '--set', sgd])).code).toBe(1);
  expect(existsSync(join(folder, 'run', 'run.lock'))).toBe(false);
});

test('the times of a resumed run add up those of its sessions', async () => {
  const { folder, args } = tableFolder();
  await interrupted([...args, '--data', folder]);
  const path = join(folder, 'run', 'checkpoints', 'step-000000000.safetensors');
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const state = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  const before = { ...(JSON.parse(metadata['counters'] ?? '') as object), secondsTrained: 3000, secondsTotal: 5000 };
  writeFileSync(path, writeSafetensors(state, { ...metadata, counters: JSON.stringify(before) }));
  const { stdout } = await descent([...args, '--resume']);
  const result = JSON.parse(stdout) as { seconds: { train: number; total: number } };
  expect(result.seconds.train).toBeGreaterThan(3000);
  expect(result.seconds.total).toBeGreaterThan(5000);
});
