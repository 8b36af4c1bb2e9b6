// `descent search`: its table, its folder, and that a search that is killed goes on to the same table.
import { appendFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { lockRun } from '../../node/run-lock.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { SearchResultJson } from '../../node/search/folder.ts';
import { builtCli, descent, readText, spawnCli, temporaryFolder, until, writeFile } from './run-cli.ts';
import { emulateTerminal } from './terminal.ts';

const base = {
  name: 'few digits',
  data: { source: 'digits', train: 200, validation: 100, test: 100, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 6, activation: 'relu' },
      { type: 'dense', units: 10 },
    ],
  },
  optimizer: { type: 'sgd', learningRate: 0.1 },
  batch: 20,
  epochs: 9,
};
/** Two populations: the units tell them apart, the rates do not. */
const space = {
  'optimizer.learningRate': { logUniform: [1e-2, 1] },
  'model.layers.0.units': { grid: [4, 8] },
};
const recipe = { ...base, search: { space, trials: 3, repeats: 2 } };
const halving = { ...base, search: { space, trials: 4, strategy: 'halving', factor: 2 } };

const recipes = temporaryFolder(afterAll);

/** The arguments that search a recipe into a folder. */
function searchArgs(content: object, out: string): string[] {
  const path = writeFile(recipes, `${readdirSync(recipes).length}.json`, content);
  return ['search', path, '--device', 'cpu', '--out', out];
}

/** The lines of trials.jsonl without what times they took. */
function recordsIn(folder: string): unknown[] {
  const lines = readText(folder, 'trials.jsonl').trimEnd().split('\n');
  return lines.map((line) => ({ ...(JSON.parse(line) as object), populationSeconds: 0 }));
}

function resultIn(folder: string): SearchResultJson {
  return JSON.parse(readText(folder, 'result.json')) as SearchResultJson;
}

const undisturbed = temporaryFolder(afterAll);
let printed = '';
let noted = '';

beforeAll(async () => {
  builtCli();
  const { code, stdout, stderr } = await descent(searchArgs(recipe, undisturbed));
  expect(code, stderr).toBe(0);
  printed = stdout;
  noted = stderr;
}, 120_000);

test('people get the table, best first, the best trial and the command that trains it', () => {
  const lines = printed.split('\n');
  expect(lines[0]).toMatch(/^rank +trial +learningRate +units +accuracy +train +steps +state$/);
  const shares = lines.slice(1, 7).map((line) => Number(/([\d.]+) ± [\d.]+ %/.exec(line)?.[1]));
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares.every((share) => share > 0)).toBe(true);
  expect(printed).toContain(`descent train ${join(undisturbed, 'best.json')}`);
  expect(noted).toMatch(
    /^few digits: 6 trials on CPU path; 12 runs in 2 populations of up to 6, with at most [\d.]+ [KM]iB of device memory at once \([\d.]+ GiB allowed\); they differ in units$/m,
  );
  expect(noted).toMatch(
    /^population 1 of 2: 6 runs at step 90 of 90 after .*; best so far: trial \d+, validation accuracy/m,
  );
  expect(noted).toMatch(/^population 2 of 2: /m);
  expect(noted).not.toContain('\r');
});

test('the folder holds everything, and its numbers are those of the table', () => {
  const names = ['best.json', 'figures', 'populations', 'recipe.json', 'report.html', 'result.json', 'search.json'];
  expect(readdirSync(undisturbed).toSorted()).toEqual([...names, 'trials.csv', 'trials.jsonl'].toSorted());
  expect(readdirSync(join(undisturbed, 'populations'))).toEqual(['001', '002']);
  const { table, best, metric } = resultIn(undisturbed);
  expect([metric, table[0]]).toEqual(['accuracy', best]);
  const [header, ...rows] = readText(undisturbed, 'trials.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  expect(header?.slice(0, 8)).toEqual(
    'rank,trial,stage,state,optimizer.learningRate,model.layers.0.units,value,deviation'.split(','),
  );
  expect(rows.map(([, trial]) => Number(trial))).toEqual(table.map(({ index }) => index));
  expect(Number(rows[0]?.[6])).toBe(best.value);
  // The mean of the runs that trials.jsonl holds.
  const own = (recordsIn(undisturbed) as { trial: number; validation: { accuracy: number } }[]).filter(
    ({ trial }) => trial === best.index,
  );
  expect(own).toHaveLength(2);
  expect(best.value).toBeCloseTo(
    own.reduce((sum, run) => sum + run.validation.accuracy / 2, 0),
    12,
  );
  // Nothing was looked at but validation.
  expect(readText(undisturbed, 'populations', '001', 'result.json')).not.toContain('"test"');
});

test('the best recipe is complete, without the search, and trains to what the search found', async () => {
  const best = parseRecipe(JSON.parse(readText(undisturbed, 'best.json')));
  const { best: summary } = resultIn(undisturbed);
  expect(best.search).toBeUndefined();
  expect(best.optimizer.learningRate).toBe(summary.values['optimizer.learningRate']);
  expect(best.model.layers[0]).toMatchObject({ units: summary.values['model.layers.0.units'] });
  const out = join(temporaryFolder(), 'run');
  const { stdout } = await descent([
    'train',
    join(undisturbed, 'best.json'),
    '--device',
    'cpu',
    '--out',
    out,
    '--json',
  ]);
  const { weightsSha256, test: tested } = JSON.parse(stdout) as { weightsSha256: string; test: object };
  const first = (recordsIn(undisturbed) as { trial: number; seed: number; weightsSha256: string }[]).find(
    ({ trial, seed }) => trial === summary.index && seed === 0,
  );
  expect(weightsSha256).toBe(first?.weightsSha256);
  expect(tested).toMatchObject({ accuracy: expect.any(Number) });
});

test('a finished search that is resumed prints its table again', async () => {
  const again = await descent([...searchArgs(recipe, undisturbed), '--resume']);
  expect(again).toEqual({ code: 0, stdout: `This search is finished.\n${printed}`, stderr: '' });
  const { stdout } = await descent([...searchArgs(recipe, undisturbed), '--resume', '--json']);
  expect(JSON.parse(stdout)).toEqual({ ...resultIn(undisturbed), search: undisturbed });
});

test('a report that was not written before the process ended is drawn when the search is resumed', async () => {
  const page = join(undisturbed, 'report.html');
  const before = readText(page);
  rmSync(page);
  const { code, stdout, stderr } = await descent([...searchArgs(recipe, undisturbed), '--resume']);
  expect([code, stdout]).toEqual([0, `This search is finished.\n${printed}`]);
  expect(stderr).toBe(`The report is ${page}\n`);
  expect(readText(page)).toBe(before);
});

/** When the files of a search were last written. */
function writtenAt(folder: string): ReadonlyMap<string, number> {
  const names = readdirSync(join(folder, 'populations'));
  const results = names.map((name) => join(folder, 'populations', name, 'result.json')).filter(existsSync);
  return new Map(results.map((path) => [path, statSync(path).mtimeMs]));
}

function checkpointsIn(folder: string, population: string): string[] {
  const directory = join(folder, 'populations', population, 'checkpoints');
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.safetensors')) : [];
}

/** Their names, over all populations. */
function allCheckpoints(folder: string): string {
  const populations = join(folder, 'populations');
  const names = existsSync(populations) ? readdirSync(populations) : [];
  return names.flatMap((name) => checkpointsIn(folder, name).map((each) => `${name}/${each}`)).join();
}

test('killed inside its second population, a search goes on there, and ends with the same records and table', async () => {
  const folder = join(temporaryFolder(), 'search');
  const args = [...searchArgs(recipe, folder), '--checkpoint-seconds', '0'];
  const { child, finished } = spawnCli(args);
  await until(() => child.exitCode !== null || checkpointsIn(folder, '002').length > 1);
  child.kill('SIGKILL');
  await finished;
  expect(existsSync(join(folder, 'result.json'))).toBe(false);
  const before = writtenAt(folder);
  expect(before.size).toBe(1);
  const { code, stderr } = await descent([...args, '--resume']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Going on: 6 runs in 1 population are done.');
  expect(stderr).toMatch(/^Population 002 goes on from step \d+ of 90\.$/m);
  expect(writtenAt(folder).get([...before.keys()][0] ?? '')).toBe([...before.values()][0]);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
  expect(resultIn(folder).table).toEqual(resultIn(undisturbed).table);
  expect(readText(folder, 'trials.csv')).toBe(readText(undisturbed, 'trials.csv'));
});

test.each([
  ['halving', halving],
  ['coarse to fine', { ...base, search: { space, trials: 2, strategy: 'coarseToFine', fine: { trials: 2 } } }],
  ['cross-validation', { ...base, data: { ...base.data, validation: 0 }, search: { space, trials: 2, folds: 3 } }],
])(
  'a search by %s that is killed again and again ends with the same table',
  async (_, content) => {
    const whole = join(temporaryFolder(), 'whole');
    expect((await descent(searchArgs(content, whole))).code).toBe(0);
    const folder = join(temporaryFolder(), 'search');
    const args = [...searchArgs(content, folder), '--checkpoint-seconds', '0.01'];
    const delays: number[] = [];
    while (delays.length < 5 && !existsSync(join(folder, 'result.json'))) {
      const resume = existsSync(join(folder, 'recipe.json')) ? ['--resume'] : [];
      const before = allCheckpoints(folder);
      const { child, finished } = spawnCli([...args, ...resume]);
      await until(() => child.exitCode !== null || allCheckpoints(folder) !== before);
      delays.push(Math.random() * 100);
      await new Promise((resolve) => setTimeout(resolve, delays.at(-1)));
      child.kill('SIGKILL');
      await finished;
    }
    expect(delays.length, 'kills before the end').toBeGreaterThan(2);
    const { code, stderr } = await descent([...args, '--resume']);
    expect(code, stderr).toBe(0);
    const told = `killed after ${delays.join(', ')} ms`;
    expect(recordsIn(folder), told).toEqual(recordsIn(whole));
    expect(resultIn(folder).table, told).toEqual(resultIn(whole).table);
  },
  180_000,
);

test('a torn line and part of a population at the end of trials.jsonl are dropped and trained again', async () => {
  const folder = join(temporaryFolder(), 'search');
  const args = [...searchArgs(recipe, folder)];
  expect((await descent(args)).code).toBe(0);
  const lines = readText(folder, 'trials.jsonl').split('\n');
  rmSync(join(folder, 'result.json'));
  writeFileSync(join(folder, 'trials.jsonl'), lines.slice(0, 8).join('\n'));
  const { code, stderr } = await descent([...args, '--resume']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Going on: 6 runs in 1 population are done.');
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
  rmSync(join(folder, 'result.json'));
  appendFileSync(join(folder, 'trials.jsonl'), '{"trial":9}\n{"tri');
  expect((await descent([...args, '--resume'])).code).toBe(0);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
});

test('Ctrl-C writes a checkpoint, exits with 130 and says how to go on', async () => {
  const folder = join(temporaryFolder(), 'search');
  const args = searchArgs(recipe, folder);
  let interrupt = (): void => undefined;
  let told = '';
  const stopped = await descent(args, {
    stderr(text) {
      told += text;
      if (text.startsWith('population 1')) interrupt();
    },
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  expect(checkpointsIn(folder, '002')).toHaveLength(1);
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
  expect(existsSync(join(folder, 'populations', '002', 'run.lock'))).toBe(false);
  expect(told).toMatch(/^descent: interrupted after step \d+\. Go on with: descent search .* --out .* --resume$/m);
  const { code } = await descent([...args, '--resume']);
  expect(code).toBe(0);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
});

test('on a terminal the table is redrawn in place, within it, and taken away at the end', async () => {
  const terminal = emulateTerminal(80, 9);
  const { code } = await descent(searchArgs(recipe, join(temporaryFolder(), 'search')), {
    terminalColumns: 80,
    terminalRows: 9,
    stderr: terminal.write,
  });
  expect(code).toBe(0);
  const frames = terminal.frames.filter((frame) => frame.includes('rank'));
  expect(frames.length).toBeGreaterThan(2);
  for (const frame of frames) {
    const shown = frame.split('\n');
    expect(shown.filter((line) => line.includes('rank'))).toHaveLength(1);
    expect(shown.at(-1)).toMatch(/^… and \d+ more$/);
  }
  expect(frames.join('\n')).toMatch(/^population 2 of 2: 6 runs +\d+ % +[\d,]+ samples\/s +[\d.]+ s left$/m);
  const last = terminal.screen();
  expect(last).not.toContain('rank');
  expect(last.split('\n').at(-1)).toMatch(/^The report is /);
});

test('--plan tells the populations and trains nothing', async () => {
  const out = join(temporaryFolder(), 'search');
  const { code, stdout } = await descent([...searchArgs(recipe, out), '--plan', '--memory', '0.01']);
  expect(code).toBe(0);
  expect(existsSync(out)).toBe(false);
  expect(stdout).toMatch(/^few digits: 6 trials on CPU path; 12 runs in \d populations of up to \d, /);
  expect(stdout).toMatch(/^population +units +runs +most that fit +steps +device memory$/m);
  const { stdout: json } = await descent([...searchArgs(recipe, out), '--plan', '--json']);
  const plan = JSON.parse(json) as { populations: { values: object; runs: number; deviceBytes: number }[] };
  expect(plan).toMatchObject({ trials: 6, runs: 12, metric: 'accuracy', adapter: 'CPU path' });
  expect(plan.populations.map(({ values, runs }) => [values, runs])).toEqual([
    [{ 'model.layers.0.units': 4 }, 6],
    [{ 'model.layers.0.units': 8 }, 6],
  ]);
});

test('options take the place of fields of the section `search`, and make one where there is none', async () => {
  const options = ['--space', 'l2={"grid":[0,1e-3]}', '--trials', '2', '--repeats', '3', '--metric', 'loss'];
  const out = join(temporaryFolder(), 'search');
  const { stdout } = await descent([...searchArgs(recipe, out), ...options, '--plan', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ metric: 'loss', trials: 8, runs: 24 });
  const bare = await descent([...searchArgs(base, out), ...options, '--strategy', 'grid', '--plan', '--json']);
  expect(bare).toMatchObject({ code: 2, stdout: '' });
  const grid = ['--space', 'model.layers[0].units={"int":[4,6]}', '--strategy', 'grid', '--plan', '--json'];
  expect(JSON.parse((await descent([...searchArgs(base, out), ...grid])).stdout)).toMatchObject({ trials: 3 });
});

test('without --out the search goes to a folder of its own under searches/', async () => {
  const before = process.cwd();
  process.chdir(temporaryFolder());
  onTestFinished(() => process.chdir(before));
  const args = searchArgs({ ...base, epochs: 1 }, 'nowhere').slice(0, -2);
  const { code, stdout } = await descent([...args, '--space', 'l2={"grid":[0,1e-3]}']);
  expect(code).toBe(0);
  const [folder] = readdirSync('searches');
  expect(folder).toMatch(/^few-digits-0-\d{4}-\d\d-\d\d-\d{6}$/);
  expect(stdout).toContain(`descent train ${join('searches', folder ?? '', 'best.json')}`);
});

/** The one line that a failing search leaves; it leaves no folder. */
async function complaint(content: object, options: readonly string[], out?: string): Promise<string> {
  const folder = out ?? join(temporaryFolder(), 'search');
  const outcome = await descent([...searchArgs(content, folder), ...options]);
  expect(outcome.stdout).toBe('');
  expect(outcome.code, outcome.stderr).toBe(2);
  if (out === undefined) expect(existsSync(folder)).toBe(false);
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('descent: '))).toHaveLength(1);
  return lines.at(-1) ?? '';
}

const l2 = ['--space', 'l2={"uniform":[0,1]}'];

test.each([
  ['no space', [], 'search.space: names no field to vary. Give it one, such as {"l2": {"logUniform": [1e-5, 1e-1]}}.'],
  ['no space but trials', ['--trials', '3'], 'search.space: names no field to vary.'],
  [
    'an unknown field',
    ['--space', 'optimizer.learningRte={"uniform":[0,1]}'],
    'search.space["optimizer.learningRte"]: optimizer.learningRte: unknown field. Did you mean "learningRate"? Known here: ',
  ],
  [
    'a layer that is not there',
    ['--space', 'model.layers[7].units={"choice":[5]}'],
    '"model.layers" has the entries 0 to 1, got "7".',
  ],
  [
    'a field of no layer',
    ['--space', 'model.layers.*.rate={"choice":[0.5]}'],
    'no layer has the field "rate". Correct its name.',
  ],
  ['an empty choice', ['--space', 'l2={"choice":[]}'], 'search.space.l2.choice: expected at least 1 of them, got [].'],
  [
    'no kind',
    ['--space', 'l2={}'],
    'search.space["l2"]: needs exactly one of "uniform", "logUniform", "int", "choice" and "grid", got none of them.',
  ],
  ['two kinds', ['--space', 'l2={"choice":[0],"grid":[1]}'], 'got "choice" and "grid".'],
  [
    'an unknown kind',
    ['--space', 'l2={"normal":[0,1]}'],
    'search.space.l2.normal: unknown field. Known here: uniform, logUniform, int, choice, grid.',
  ],
  [
    'a range upside down',
    ['--space', 'l2={"uniform":[1,0]}'],
    'search.space["l2"].uniform: goes from 1 to 0. Give the smaller number first.',
  ],
  [
    'a range of three',
    ['--space', 'l2={"uniform":[0,1,2]}'],
    'search.space.l2.uniform[2]: expected no more of them, got 2.',
  ],
  ['a range of one', ['--space', 'l2={"uniform":[0]}'], 'search.space.l2.uniform[1]: is missing. Expected a number.'],
  [
    'a logarithm of zero',
    ['--space', 'l2={"logUniform":[0,1]}'],
    'search.space.l2.logUniform[0]: expected a number above 0, got 0.',
  ],
  [
    'a range beyond the field',
    ['--space', 'l2={"uniform":[-1,1]}'],
    'search.space["l2"]: l2: expected a number of at least 0, got -1.',
  ],
  [
    'a range that is no JSON',
    ['--space', 'l2=uniform'],
    'What follows "=" is not JSON. Write it as path=JSON, such as l2={',
  ],
  ['a path without a range', ['--space', 'l2'], 'Write it as path=JSON, such as l2={'],
  [
    'more folds than examples',
    [...l2, '--set', 'data.validation=0', '--folds', '201'],
    'data.folds: asks for 201 parts of 200 training rows. Use at most 200 folds.',
  ],
  ['one fold', [...l2, '--folds', '1'], 'search.folds: expected a number of at least 2, got 1.'],
  [
    'folds beside validation',
    [...l2, '--folds', '4'],
    'data.folds: takes the validation rows from the training rows. Leave out data.validation.',
  ],
  [
    'nothing to choose by',
    [...l2, '--set', 'data.validation=0'],
    'data.validation: a search needs rows to choose by. Give it a share of the rows, or cross-validate with "search.folds".',
  ],
  [
    'too little memory for one trial',
    [...l2, '--memory', '1e-4'],
    /^descent: a single trial needs \d+ MiB of device memory, and 1 MiB are allowed\. Allow more memory, /,
  ],
  ['no memory', [...l2, '--memory', '0'], 'Give a number of GiB above 0.'],
  [
    'a model beyond the adapter',
    ['--space', 'model.layers.0.units={"choice":[9000000]}'],
    /this adapter binds at most \d+ MiB at a time\. Make "dense1" at most \d+ units wide\./,
  ],
  [
    'a grid of a range',
    [...l2, '--strategy', 'grid'],
    'search.space["l2"]: a grid search takes every value, but "uniform" has no end of them.',
  ],
  ['an accuracy that is none', [...l2, '--metric', 'acc'], "'acc' is invalid. Allowed choices are accuracy, loss."],
  [
    '--resume where nothing is',
    [...l2, '--resume'],
    'holds no search to go on with. Correct --out, or leave out --resume to begin one there.',
  ],
] as const)('a search with %s is one sentence', async (_, options, sentence) => {
  const line = await complaint(base, options);
  if (typeof sentence === 'string') expect(line).toContain(sentence);
  else expect(line).toMatch(sentence);
});

test('a search is not begun in a folder that is in use, and not gone on with under another recipe, memory or place', async () => {
  const say = (content: object, ...options: string[]): Promise<string> => complaint(content, options, undisturbed);
  expect(await say(recipe)).toContain('already holds a search. Go on with it by --resume, or choose another --out.');
  expect(await say(recipe, '--resume', '--trials', '4')).toContain(
    `--resume: ${undisturbed} holds a search of another recipe: search.trials is 3 there and 4 here. Resume with the same`,
  );
  expect(await say(recipe, '--resume', '--set', 'batch=25')).toContain('batch is 20 there and 25 here');
  const run = join(undisturbed, 'populations', '001');
  expect(await complaint(recipe, [], run)).toContain('already holds a run. Choose another --out.');
  expect(await complaint(recipe, ['--resume'], run)).toContain('holds no search to go on with.');
});

test('an unfinished search is gone on with on the data and the memory of its start only', async () => {
  const folder = temporaryFolder();
  const table = `a,b,kind\n${'1,2,0\n2,3,1\n3,1,0\n4,4,1\n'.repeat(6)}`;
  const data = { source: 'csv', file: 'table.csv', validation: 8 };
  const content = { ...base, data, model: { layers: [{ type: 'dense', units: 2 }] }, batch: 8 };
  writeFile(folder, 'table.csv', table);
  const out = join(folder, 'search');
  const options = [...l2, '--memory', '1', '--data', folder];
  let interrupt = (): void => undefined;
  const stopped = await descent([...searchArgs(content, out), ...options], {
    stderr: (text) => (text.startsWith('Search folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped.code).toBe(130);
  expect(await complaint(content, [...l2, '--resume', '--memory', '2'], out)).toMatch(
    /^descent: --memory: the search in .* was begun with 1\.0 GiB, which its populations are packed for\. Leave --memory out to go on with it\.$/,
  );
  writeFile(folder, 'table.csv', table.replace('3,1,0', '3,1.5,0'));
  expect(await complaint(content, [...l2, '--resume'], out)).toMatch(
    /search: the search was trained on other data: its sha256 was [0-9a-f]{16}… then and is [0-9a-f]{16}… now\. Put the data back/,
  );
  writeFile(folder, 'table.csv', table);
  const { code, stderr } = await descent([...searchArgs(content, out), ...l2, '--resume']);
  expect(code, stderr).toBe(0);
});

test('a second process is kept from a search that is being written', async () => {
  const folder = join(temporaryFolder(), 'search');
  using _lock = lockRun(folder);
  expect(await complaint(recipe, [], folder)).toContain('is being written by another process');
});
