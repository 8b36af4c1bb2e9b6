// What is wrong with a search, or with the folder that it is to go on in, is one sentence with the place and the cure, and exit code 2.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lockRun } from '../../node/run-lock.ts';
import { descent, temporaryFolder, writeFile } from './run-cli.ts';

const base = {
  data: { source: 'digits', train: 200, validation: 100, test: 100, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 6 },
      { type: 'dense', units: 10 },
    ],
  },
  batch: 20,
  epochs: 1,
};
const recipe = { ...base, search: { space: { l2: { logUniform: [1e-5, 1e-1] } }, trials: 3 } };

const recipes = temporaryFolder(afterAll);

/** The arguments that search a recipe into a folder. */
function searchArgs(content: object, out: string): string[] {
  const path = writeFile(recipes, `${readdirSync(recipes).length}.json`, content);
  return ['search', path, '--device', 'cpu', '--out', out];
}

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
  [
    'no space',
    [],
    'search.space: names no field to vary. Give one by --space, such as --space \'l2={"logUniform":[1e-5,1e-1]}\', or in the recipe.',
  ],
  [
    'a field twice',
    ['--space', 'model.layers[0].units={"choice":[5]}', '--space', 'model.layers.0.units={"choice":[6]}'],
    'This field is given twice. Leave out one of them.',
  ],
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
  [
    'an empty choice',
    ['--space', 'l2={"choice":[]}'],
    'search.space.l2.choice: expected a list of at least 1, got [].',
  ],
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
    'another data set',
    ['--space', 'data.source={"choice":["digits","two-peaks"]}'],
    'search.space["data.source"]: makes another data set, but the trials of a search are all trained on one. Search with each data set by ',
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
  ...['0', '1'].map(
    (folds) =>
      [`${folds} folds`, [...l2, '--folds', folds], `'${folds}' is invalid. Give a whole number from 2.`] as const,
  ),
  [
    'a name without end',
    ['--space', `${'a'.repeat(5000)}={"choice":[5]}`],
    /^descent: .{0,120}a…? \(\d+ letters left out\) …a{1,20}.{0,700}$/,
  ],
  [
    'a value without end',
    ['--space', `loss={"choice":["${'a b'.repeat(2000)}"]}`],
    /^descent: .{0,250} \(\d+ letters left out\) .{0,60}$/,
  ],
  [
    'folds beside validation',
    [...l2, '--folds', '4'],
    'data.folds: takes the validation rows from the training rows. Leave out data.validation, or set it to 0.',
  ],
  [
    'nothing to choose by',
    [...l2, '--set', 'data.validation=0'],
    'data.validation: a search needs rows to choose by. Set it to a share of the rows, such as 0.2, or cross-validate with "search.folds" (--folds).',
  ],
  [
    'too little memory for one trial',
    [...l2, '--memory', '1e-4'],
    /^descent: a single trial needs [\d.]+ MiB of device memory, and 0\.102 MiB are allowed\. Allow more \(--memory\), /,
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
  const used = temporaryFolder();
  expect((await descent(searchArgs(recipe, used))).code).toBe(0);
  const say = (content: object, ...options: string[]): Promise<string> => complaint(content, options, used);
  expect(await say(recipe)).toContain('already holds a search. Go on with it by --resume, or choose another --out.');
  expect(await say(recipe, '--resume', '--trials', '4')).toContain(
    `--resume: ${used} holds a search of another recipe: search.trials is 3 there and 4 here. Resume with the same`,
  );
  expect(await say(recipe, '--resume', '--set', 'batch=25')).toContain('batch is 20 there and 25 here');
  const run = join(used, 'populations', '001');
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
