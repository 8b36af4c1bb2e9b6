// What people do with a search folder and its populations: ask it as if it were a run, train into it, follow a trial to its member.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { lastRecords } from '../../src/search/places.ts';
import type { RunRecord } from '../../src/search/trials.ts';
import { descent, readText, temporaryFolder, writeFile } from './run-cli.ts';
import type { Outcome } from './run-cli.ts';

const base = {
  name: 'few digits',
  data: { source: 'digits', train: 100, validation: 50, test: 50, normalize: 'unit' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  optimizer: { type: 'sgd', learningRate: 0.1 },
  batch: 20,
  epochs: 8,
};
const rates = { 'optimizer.learningRate': { logUniform: [1e-2, 1] } };
const halving = { ...base, search: { space: rates, trials: 4, strategy: 'halving', factor: 2 } };

const place = temporaryFolder(afterAll);
const searched = join(place, 'halving');

function search(content: object, out: string, ...options: readonly string[]): Promise<Outcome> {
  const path = writeFile(place, 'searched.json', content);
  return descent(['search', path, '--device', 'cpu', '--out', out, ...options]);
}

function population(name: string, folder = searched): string {
  return join(folder, 'populations', name);
}

/** The one line of a command that is refused. */
async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await descent([...args, '--device', 'cpu']);
  expect(stdout).toBe('');
  expect(code, stderr).toBe(2);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr.trimEnd();
}

beforeAll(async () => {
  const { code, stderr } = await search(halving, searched);
  expect(code, stderr).toBe(0);
});

const input = writeFile(place, 'rows.csv', 'a\n1\n');

test.each([['evaluate'], ['predict', '--input', input], ['inspect', '--input', '0']])(
  '%s of a search folder names what of it is a run',
  async (command, ...options) => {
    expect(await refusal(command, searched, ...options)).toBe(
      `descent: ${searched}: holds a search, not a run. Train ${join(searched, 'best.json')}, or name one of its populations, such as ` +
        `${population('001')}.`,
    );
  },
);

test.each([[[]], [['--resume']]])('training into a search folder is refused: %j', async (options) => {
  expect(await refusal('train', 'digits', '--out', searched, ...options)).toBe(
    `descent: ${searched}: already holds a search. Go on with it by "descent search … --resume", or choose another --out.`,
  );
});

test('a population that was cut says so, and is not trained on', async () => {
  const cut = population('001');
  expect(JSON.parse(readText(cut, 'cut.json'))).toEqual({ step: 10, end: 'cut' });
  const said = `descent: ${cut}: was cut by the search at step 10: what was left went on in later populations.`;
  for (const command of [['evaluate'], ['report'], ['inspect', '--input', '0'], ['predict', '--input', input]]) {
    const [name = '', ...options] = command;
    expect(await refusal(name, cut, ...options)).toContain(said);
  }
  const names = readdirSync(cut);
  expect(await refusal('train', join(cut, 'recipe.json'), '--out', cut, '--resume')).toContain(said);
  expect(readdirSync(cut)).toEqual(names);
});

test('the population that came to its end is scored', async () => {
  const last = population('003');
  expect(existsSync(join(last, 'cut.json'))).toBe(false);
  const { code, stdout } = await descent(['evaluate', last, '--device', 'cpu', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ split: 'test' });
});

test('a population that its search has not finished is gone on with by the search alone', async () => {
  const folder = join(temporaryFolder(), 'search');
  let interrupt = (): void => undefined;
  const path = writeFile(place, 'interrupted.json', { ...base, search: { space: rates, trials: 2 } });
  const args = ['search', path, '--device', 'cpu', '--out', folder];
  const { code } = await descent(args, {
    stderr: (text) => (text.startsWith('Search folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(code).toBe(130);
  const begun = population('001', folder);
  expect(await refusal('evaluate', begun)).toContain(
    `the search in ${folder} has not trained this population to its end. Go on with it by "descent search … --resume", or name another.`,
  );
  expect(await refusal('train', join(begun, 'recipe.json'), '--out', begun, '--resume')).toContain(
    `is a population of the search in ${folder}. Go on with that by "descent search … --resume"`,
  );
  expect(await refusal('evaluate', folder)).toContain(
    'Go on with it by "descent search … --resume", or name one of its',
  );
});

test('trials.csv and the page lead from each trial to its member', () => {
  const lines = readText(searched, 'trials.jsonl').trimEnd().split('\n');
  const records = lastRecords(lines.map((line) => JSON.parse(line) as RunRecord));
  const [header = [], ...rows] = readText(searched, 'trials.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const column = header.indexOf('populations');
  const page = readText(searched, 'report.html');
  expect(rows).toHaveLength(4);
  for (const row of rows) {
    const record = records.find(({ trial }) => trial === Number(row[1]));
    const member = `${record?.population}/${record?.member}`;
    expect(row[column]).toBe(member);
    expect(page).toContain(`<td class="text">${member}</td>`);
  }
  expect(new Set(rows.map((row) => row[column])).size).toBe(4);
});

test('where every trial diverges the table, trials.csv and the page are written, and the exit code is 1', async () => {
  const folder = join(temporaryFolder(), 'search');
  const space = { 'optimizer.learningRate': { choice: [1e30, 1e35] } };
  const layers = [{ type: 'dense', units: 6 }, ...base.model.layers];
  const content = { ...base, model: { layers }, search: { space, trials: 2 } };
  const { code, stdout, stderr } = await search(content, folder);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(
    'descent: no trial has a finite loss to its end. Search smaller learning rates.',
  );
  expect(stdout.match(/diverged$/gm)).toHaveLength(2);
  expect(stdout).not.toContain('best');
  expect(readText(folder, 'trials.csv').trimEnd().split('\n')).toHaveLength(3);
  expect(existsSync(join(folder, 'best.json'))).toBe(false);
  expect(readText(folder, 'report.html')).not.toContain('best.json');
  expect((await descent(['report', folder])).code).toBe(0);
  const again = await search(content, folder, '--resume');
  expect([again.code, again.stdout]).toEqual([1, `This search is finished.\n${stdout}`]);
  expect(await refusal('evaluate', population('001', folder))).toMatch(
    /has no weights: every member has diverged by step \d+\. Name another population\.$/,
  );
});

test('values that are objects are whole in the line of the best, and told apart in the table and the plan', async () => {
  const folder = join(temporaryFolder(), 'search');
  const adam = { type: 'adam', learningRate: 0.02, beta1: 0.8, beta2: 0.99 };
  const space = { optimizer: { grid: [adam, { type: 'sgd', learningRate: 1e-6 }] } };
  const content = { ...base, search: { space } };
  const { stdout } = await search(content, folder);
  expect(stdout).toContain(`: optimizer ${JSON.stringify(adam)}\n`);
  expect(stdout).toMatch(/^ +1 +0 +[\d.]+ % +\{"type":"adam"\} /m);
  expect(readText(folder, 'report.html')).toMatch(
    /<td class="number">[\d.]+\u00a0%<\/td><td class="text">\{type: adam\}<\/td>/,
  );
  const { stdout: plan } = await search(content, join(temporaryFolder(), 'plan'), '--plan');
  expect(plan).toMatch(/^001 +\{"type":"adam"\} /m);
});

test('fewer trials than were asked for are explained', async () => {
  const space = { batch: { choice: [10, 20] } };
  const few = 'but the space has no more than 2 different ones.';
  const { stdout } = await search({ ...base, search: { space } }, 'nowhere', '--trials', '500', '--plan');
  expect(stdout).toContain(`500 draws were asked for, ${few}`);
  const grid = { 'optimizer.learningRate': { grid: [0.1, 0.2] } };
  const all = { ...base, search: { space: { ...space, ...grid } } };
  expect((await search(all, 'nowhere', '--trials', '3', '--plan')).stdout).toContain(`3 draws were asked for, ${few}`);
  expect((await search(all, 'nowhere', '--trials', '2', '--plan')).stdout).not.toContain('asked for');
  const fixed = { ...base, search: { space: grid } };
  expect((await search(fixed, 'nowhere', '--trials', '3', '--plan')).stdout).toContain('3, has no effect.');
});

test('a search by halving that goes on counts its runs once', async () => {
  const folder = join(temporaryFolder(), 'search');
  await search(halving, folder);
  rmSync(join(folder, 'result.json'));
  const lines = readFileSync(join(folder, 'trials.jsonl'), 'utf8').split('\n');
  writeFileSync(
    join(folder, 'trials.jsonl'),
    lines
      .slice(0, 6)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const { code, stderr } = await search(halving, folder, '--resume');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Going on: 6 trainings of 4 runs, from cut to cut, in 2 populations are done.');
});

/** Interrupts a command at a text, twice; returns what it wrote. */
async function interruptTwice(args: readonly string[], at: string): Promise<string> {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  onTestFinished(() => exit.mockRestore());
  let written = '';
  let interrupt = (): void => undefined;
  let isFirst = true;
  await descent(args, {
    terminalColumns: 80,
    terminalRows: 20,
    stderr(text) {
      written += text;
      if (!isFirst || !text.includes(at)) return;
      isFirst = false;
      interrupt();
      interrupt();
    },
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  return written;
}

test.each([
  ['train', 'epoch '],
  ['search', ' runs '],
])('after Ctrl-C in %s nothing is redrawn, and a second one tells how to go on', async (command, at) => {
  const out = join(temporaryFolder(), 'out');
  const path = writeFile(
    place,
    `${command}.json`,
    command === 'train' ? base : { ...base, search: { space: rates, trials: 3 } },
  );
  const written = await interruptTwice([command, path, '--device', 'cpu', '--out', out], at);
  const [, after = ''] = written.split('Stopping as soon as the work can be left (Ctrl-C again stops at once).\n');
  const cure = `Go on with: descent ${command} ${path} --device cpu --out ${out} --resume\n`;
  expect(after.startsWith(`descent: interrupted. ${cure}`)).toBe(true);
  expect(after).not.toContain('\r');
  expect(after.endsWith(cure)).toBe(true);
});
