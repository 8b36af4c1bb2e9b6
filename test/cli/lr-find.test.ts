// `descent lr-find`: the table, the files, the recipe that --write leaves, and what it refuses.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { descent, readText, temporaryFolder, writeFile } from './run-cli.ts';

// Long enough for a range on the digits, short enough for a test.
const quick = ['--device', 'cpu', '--steps', '250'];

function find(recipe: string, folder: string, ...options: readonly string[]): ReturnType<typeof descent> {
  return descent(['lr-find', recipe, ...quick, '--out', folder, ...options]);
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

const cyclic = {
  name: 'cyclic digits',
  data: { source: 'digits', test: 0.2, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 24, activation: 'relu' },
      { type: 'dense', units: 10 },
    ],
  },
  optimizer: { type: 'sgd' },
  schedule: { type: 'cyclic', stepSize: 20 },
  batch: 32,
  epochs: 2,
};
const sgd = [...quick, '--from', '1e-4', '--to', '30'];

test('people get the rates with what they mean; the folder holds the numbers, every step and the plot', async () => {
  const folder = join(temporaryFolder(), 'deep', 'found');
  const { code, stdout, stderr } = await find('digits', folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^etaMin +[\d.e-]+ {2}where accuracy starts to rise$/m);
  expect(stdout).toMatch(/^etaMax +[\d.e-]+ {2}where it slows or turns ragged$/m);
  expect(stdout).toMatch(/^steepest +[\d.e-]+ {2}where the loss falls fastest \(fastai: steep\)$/m);
  expect(stdout).toMatch(/^valley +[\d.e-]+ {2}half way down its longest fall \(fastai: valley\)$/m);
  expect(stdout).toMatch(/^test +1\.00e-5 to 1, exponential, 250 steps \(5\.68 epochs\)$/m);
  expect(stdout).toMatch(/^adapter +CPU path$/m);
  expect(stdout).toContain(folder);
  expect(stderr).toContain('digits: 9,610 parameters; 1,438 rows to train on');
  expect(stderr).not.toContain('\r');
  expect(readdirSync(folder).toSorted()).toEqual(['lr-find.csv', 'lr-find.json', 'lr-find.png', 'lr-find.svg']);

  const numbers = parse(readText(folder, 'lr-find.json'));
  const { etaMin, etaMax } = numbers['suggestions'] as Record<string, number>;
  expect(etaMin).toBeGreaterThan(1e-5);
  expect(etaMin).toBeLessThan(1e-3);
  expect(etaMax).toBeGreaterThan(1e-3);
  expect(etaMax).toBeLessThan(0.1);
  const lines = readText(folder, 'lr-find.csv').trimEnd().split('\n');
  expect(lines[0]).toBe('step,rate,loss,smoothedLoss,accuracy,smoothedAccuracy');
  expect(lines).toHaveLength(1 + Number(numbers['stepsDone']));
  expect(lines[1]?.split(',').slice(0, 2)).toEqual(['0', '0.00001']);
  const { width, height } = decode(readFileSync(join(folder, 'lr-find.png')));
  expect(width).toBeGreaterThan(1000);
  expect(height).toBeGreaterThan(800);
  const svg = readText(folder, 'lr-find.svg');
  for (const word of ['accuracy', 'loss', 'learning rate (log scale)', `etaMax ${etaMax}`]) expect(svg).toContain(word);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('--json prints one object with the suggestions and where the files are', async () => {
  const folder = join(temporaryFolder(), 'found');
  const { stdout } = await find(
    'two-peaks-adam',
    folder,
    '--curve',
    'linear',
    '--to',
    '0.5',
    '--smoothing',
    '0.9',
    '--steps',
    '60',
    '--json',
  );
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const result = parse(stdout);
  const { recipe, ...stored } = parse(readText(folder, 'lr-find.json'));
  expect(result).toEqual({ ...stored, folder });
  expect(result).toMatchObject({
    name: 'two-peaks-adam',
    seed: 0,
    adapter: 'CPU path',
    curve: 'linear',
    from: 1e-5,
    to: 0.5,
    smoothing: 0.9,
    steps: 60,
    suggestions: { notes: expect.any(Array) },
  });
  expect(recipe).toMatchObject({ steps: 60, schedule: { type: 'rangeTest', curve: 'linear' } });
  expect(readText(folder, 'lr-find.csv')).toMatch(/^step,rate,loss,smoothedLoss\n/);
  expect(readText(folder, 'lr-find.svg')).not.toContain('accuracy');
});

test('--write puts the range into the recipe as it was given, with --set, and the written recipe trains', async () => {
  const folder = temporaryFolder();
  const given = writeFile(folder, 'given.json', cyclic);
  const written = join(folder, 'written.json');
  const set = ['--set', 'model.layers.0.units=16', '--seed', '3'];
  const out = join(folder, 'found');
  const { code, stdout, stderr } = await descent(['lr-find', given, ...sgd, ...set, '--out', out, '--write', written]);
  expect(code, stderr).toBe(0);
  const { etaMin, etaMax } = parse(readText(folder, 'found', 'lr-find.json'))['suggestions'] as Record<string, number>;
  expect(etaMin).toBeLessThan(etaMax ?? 0);
  const [first, second] = cyclic.model.layers;
  expect(parse(readText(written))).toEqual({
    ...cyclic,
    model: { layers: [{ ...first, units: 16 }, second] },
    schedule: { ...cyclic.schedule, etaMin, etaMax },
    seed: 3,
  });
  expect(parse(readText(given))).toEqual(cyclic);
  expect(stdout).toContain(`schedule.etaMin = ${etaMin}, schedule.etaMax = ${etaMax}`);
  const run = join(folder, 'run');
  const trained = await descent(['train', written, '--device', 'cpu', '--out', run, '--json']);
  expect(trained.code, trained.stderr).toBe(0);
  expect(parse(readText(run, 'recipe.json'))['schedule']).toMatchObject({
    type: 'cyclic',
    etaMin,
    etaMax,
    stepSize: 20,
  });
});

test('--write may name the file of the recipe; a built-in recipe is written to a file of its own', async () => {
  const folder = temporaryFolder();
  const own = writeFile(folder, 'own.json', { ...cyclic, schedule: { type: 'oneCycle', etaMax: 1 } });
  expect((await descent(['lr-find', own, ...sgd, '--out', join(folder, 'a'), '--write', own])).code).toBe(0);
  const schedule = parse(readText(own))['schedule'] as Record<string, unknown>;
  expect(Object.keys(schedule)).toEqual(['type', 'etaMax']);
  expect(schedule['etaMax']).not.toBe(1);
  const built = join(folder, 'digits.json');
  const outcome = await find('digits', join(folder, 'b'), '--write', built, '--steps', '120', '--json');
  const { suggestions, written } = parse(outcome.stdout) as {
    readonly suggestions: Record<string, number>;
    readonly written: unknown;
  };
  expect(written).toEqual({ file: built, changes: [{ path: 'optimizer.learningRate', value: suggestions['valley'] }] });
  expect(parse(readText(built))).toMatchObject({
    name: 'digits',
    epochs: 30,
    optimizer: { type: 'adam', learningRate: suggestions['valley'] },
    schedule: { type: 'cosine' },
  });
});

test('a test that suggests nothing writes its numbers, but no recipe, and fails', async () => {
  const folder = temporaryFolder();
  const file = writeFile(folder, 'own.json', cyclic);
  const before = statSync(file).mtimeMs;
  const out = join(folder, 'found');
  const short = ['--device', 'cpu', '--steps', '3', '--out', out, '--write', file];
  const { code, stdout, stderr } = await descent(['lr-find', file, ...short]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^etaMin +- {2}where accuracy starts to rise$/m);
  expect(stdout).toContain('No etaMin and no etaMax: the accuracy does not rise by more than its noise.');
  expect(stderr).toContain(
    `${file} was not written: the test suggests nothing that its recipe takes. See the notes above.`,
  );
  expect(statSync(file).mtimeMs).toBe(before);
  expect(existsSync(join(out, 'lr-find.png'))).toBe(true);
});

test('a test that diverges says where it ended', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await find('two-peaks-sgd', join(folder, 'found'), '--from', '1e-3', '--to', '1e4');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^ended +after \d+ steps, at a rate of [\d.]+: the (loss rose to more than 4 times its lowest|next)/m,
  );
});

test('where the lowest rate diverges, people are told to lower --from, and one step is one', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await find('digits', join(folder, 'found'), '--from', '10', '--to', '1e6');
  expect(code).toBe(0);
  expect(stdout).toContain('No etaMin and no etaMax: the loss diverges at the lowest rates already. Lower --from.');
  const { stdout: one } = await find('digits', join(folder, 'one'), '--from', '1e30', '--to', '1e38');
  expect(one).toMatch(/^ended +after 1 step, at a rate of /m);
});

test.each(['spirals', 'two-peaks-momentum', 'two-peaks-adam'])(
  'what is suggested for %s does not contradict itself, and what is absent has its reason',
  async (recipe) => {
    const { stdout } = await find(recipe, join(temporaryFolder(), 'found'), '--steps', '300', '--json');
    const { suggestions } = parse(stdout) as {
      readonly suggestions: Record<'etaMin' | 'etaMax' | 'steepest' | 'valley', number | undefined> & {
        readonly notes: readonly string[];
      };
    };
    const { etaMin = 0, etaMax = Infinity, steepest = etaMin, valley = etaMin, notes } = suggestions;
    for (const rate of [steepest, valley]) {
      expect(rate).toBeGreaterThanOrEqual(etaMin);
      expect(rate).toBeLessThanOrEqual(etaMax);
    }
    for (const name of ['etaMin', 'etaMax', 'steepest', 'valley'] as const) {
      expect(notes.some((note) => note.split(':')[0]?.includes(name))).toBe(suggestions[name] === undefined);
    }
  },
);

test('Ctrl-C ends the test with code 130 and leaves nothing', async () => {
  const folder = temporaryFolder();
  const file = writeFile(folder, 'own.json', cyclic);
  const out = join(folder, 'found');
  const { code, stdout, stderr } = await descent(['lr-find', file, ...quick, '--out', out, '--write', file], {
    onInterrupt: (callback) => {
      callback();
      return () => undefined;
    },
  });
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  expect(stderr).toMatch(/^descent: interrupted after step \d+\. Nothing was written; start the test again\.$/m);
  expect(existsSync(out)).toBe(false);
  expect(parse(readText(file))).toEqual(cyclic);
});

test('on a terminal one line is redrawn, within its width, and taken away at the end', async () => {
  let stderr = '';
  const folder = temporaryFolder();
  await descent(['lr-find', writeFile(folder, 'own.json', cyclic), ...quick, '--out', join(folder, 'found')], {
    terminalColumns: 60,
    stderr: (text) => (stderr += text),
  });
  const drawn = stderr.split('\r').slice(1);
  expect(drawn[0]).toMatch(/^step +\d+ of 250 {3}rate /);
  for (const line of drawn) expect(line.split('\x1b[K')[0]?.length).toBeLessThan(60);
  expect(drawn.at(-1)).toBe('\x1b[K');
});

test.each([
  [['--from', '0.1', '--to', '0.01'], '--to: expected a learning rate above --from, which is 0.1, got 0.01. Raise it.'],
  [
    ['--from', '0', '--curve', 'linear'],
    '--from: expected a learning rate above 0, got 0, which has no logarithm: rates are told apart by their factor. The standard is 0.00001.',
  ],
  [['--from', '-1'], '--from: expected a learning rate above 0, got -1. The standard is 0.00001.'],
  [['--to', 'one'], "option '--to <rate>' argument 'one' is invalid. Give a number."],
  [['--smoothing', '1'], '--smoothing: expected a number from 0 to below 1, got 1. fastai takes 0.98.'],
  [['--epochs', '0'], "argument '0' is invalid. Give a whole number from 1."],
  [['--epochs', '2', '--steps', '9'], "option '--steps <n>' cannot be used with option '--epochs <n>'"],
  [['--curve', 'cosine'], 'Allowed choices are exponential, linear.'],
  [
    ['--set', 'members=[{"seed":1},{"seed":2}]'],
    'members: a range test trains one model, but the recipe has 2 members. Leave "members" out.',
  ],
  [['--set', 'optimzer.type=sgd'], 'optimzer: unknown field. Did you mean "optimizer"?'],
  [['--write', '/not/there/r.json'], '/not/there: this folder is not there. Correct --write.'],
  [
    ['--write', 'digits'],
    '--write: "descent train digits" takes the built-in recipe of this name, not a file. Write to digits.json.',
  ],
  [['--write', '/'], '/: is a folder, expected a file. Give --write a file.'],
] as const)('bad input gets one sentence and leaves nothing: %j', async (options, sentence) => {
  const out = join(temporaryFolder(), 'found');
  const { code, stdout, stderr } = await descent(['lr-find', 'digits', '--device', 'cpu', '--out', out, ...options]);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(sentence);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('descent: ')),
  ).toHaveLength(1);
  expect(existsSync(out)).toBe(false);
});

test('a folder that holds a range test is not written over', async () => {
  const folder = temporaryFolder();
  writeFile(folder, 'lr-find.json', '{}');
  const { code, stderr } = await find('digits', folder);
  expect(code).toBe(2);
  expect(stderr).toContain(`${folder}: already holds a range test. Choose another --out.`);
  expect(readdirSync(folder)).toEqual(['lr-find.json']);
});
