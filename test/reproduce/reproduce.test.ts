// `descent reproduce`, as a user runs it, on two small reports: what it writes, that finished rows are left alone, and wrong input.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { full } from '../../node/reproduce/modes.ts';
import { rowOutcome } from '../../node/reproduce/outcome.ts';
import type { RowOutcome } from '../../node/reproduce/outcome.ts';
import { descent, readText, temporaryFolder } from '../cli/run-cli.ts';
import type { Outcome } from '../cli/run-cli.ts';
import { fixtureReports } from './fixture.ts';

const recipeFolder = temporaryFolder(afterAll);
const reports = fixtureReports(recipeFolder);
vi.mock('../../node/reproduce/published.ts', () => ({
  get publishedReports() {
    return reports;
  },
}));

const out = temporaryFolder(afterAll);
let first: Outcome;

function reproduce(folder: string, ...args: readonly string[]): Promise<Outcome> {
  return descent(['reproduce', ...args, '--device', 'cpu', '--out', folder]);
}

function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readText(...path)) as T;
}

function outcomes(folder = out, report = 'report-000'): Readonly<Record<string, RowOutcome>> {
  const { rows } = readJson<{ readonly rows: readonly RowOutcome[] }>(folder, report, 'results.json');
  return Object.fromEntries(rows.map((row) => [row.id, row]));
}

interface Result {
  readonly train: { readonly accuracy: number };
  readonly test: { readonly accuracy: number };
  readonly best: { readonly value: number; readonly values: Readonly<Record<string, unknown>> };
  readonly seconds: { readonly total: number };
}

beforeAll(async () => {
  first = await reproduce(out, 'all');
  expect(first.code, first.stderr).toBe(0);
});

test('a training has the numbers of its run folder beside the published ones, with the difference', () => {
  const result = readJson<Result>(out, 'report-000', 'plain', 'result.json');
  expect(outcomes()['plain']).toMatchObject({
    mode: 'full',
    adapter: 'CPU path',
    seeds: [0],
    trainRows: 200,
    steps: 100,
    seconds: result.seconds.total,
    version: '0.1.0',
    notes: [],
    numbers: [
      {
        what: 'train accuracy',
        published: 0.99,
        ours: result.train.accuracy,
        difference: result.train.accuracy - 0.99,
      },
      { what: 'validation accuracy', ours: expect.any(Number) },
      { what: 'test accuracy', published: 0.875, ours: result.test.accuracy },
    ],
  });
  expect(result.test.accuracy).toBeGreaterThan(0.5);
});

test('a search has the best of its trials, and ours at the published values', () => {
  const { best } = readJson<Result>(out, 'report-000', 'lambdas', 'result.json');
  const { numbers } = outcomes()['lambdas'] ?? { numbers: [] };
  expect(numbers[0]).toEqual({
    what: 'best validation accuracy',
    unit: 'share',
    published: 0.9,
    ours: best.value,
    difference: best.value - 0.9,
  });
  const page = readText(out, 'report-000', 'report.html');
  expect(page).toContain('not among ours');
  expect(page.match(/<td class="number">90\.00\u00a0%<\/td>/g)?.length).toBeGreaterThan(1);
});

test('a search whose best trial is the published best has one number', () => {
  const { best } = readJson<Result>(out, 'report-000', 'lambdas', 'result.json');
  const row = reports[0]?.rows.find(({ kind }) => kind === 'search');
  if (row?.kind !== 'search') throw new Error('a row of the fixture is a search');
  const same = { ...row, published: [{ values: best.values, validation: 0.9 }] };
  const { numbers } = rowOutcome('report-000', same, { mode: full, folder: join(out, 'report-000', 'lambdas') });
  expect(numbers.map(({ what }) => what)).toEqual(['best validation accuracy']);
});

test('gradients, a set learnt by heart, a range test and an exercise have their numbers', () => {
  const { gradients, overfit, range, exercise } = outcomes();
  const weight = gradients?.numbers.find(({ what }) => what === 'dense1.weight');
  expect(weight?.published).toBe(1.2e-6);
  expect(weight?.ours).toBeLessThan(1e-7);
  expect(gradients?.numbers.map(({ what }) => what)).toContain('dense2.bias');
  expect(overfit?.numbers[0]?.ours).toBeLessThan(1);
  expect(range?.numbers.map(({ what, published }) => [what, published])).toEqual([
    ['etaMin', 1e-3],
    ['etaMax', 0.1],
  ]);
  const byHand = Object.fromEntries(exercise?.numbers.map(({ what, ours }) => [what, ours]) ?? []);
  expect(byHand['loss']).toBeCloseTo(0.0935042, 6);
  expect(byHand['gradient of w1_11']).toBeCloseTo(-0.00632175, 7);
  expect(byHand['w1_11 after']).toBeCloseTo(0.200632, 6);
});

test('the page shows every row with its number, its figures and the command that repeats it', () => {
  const page = readText(out, 'report-000', 'report.html');
  const { plain, pictures } = outcomes();
  const [, , testNumber] = plain?.numbers ?? [];
  expect(page).toContain(`${(100 * (testNumber?.ours ?? 0)).toFixed(2)}\u00a0%`);
  expect(page).toContain('Adam &amp; more');
  expect(page).toContain('<a href="#plain">');
  expect(page).toContain(`descent train ${plain?.recipe}`);
  for (const figure of [
    'plain-curves',
    'range-lr-find',
    'overfit-curves',
    'pictures-weights-final',
    'pictures-curves',
  ]) {
    expect(page).toContain(`id="figure-${figure}"`);
    expect(existsSync(join(out, 'report-000', 'figures', `${figure}.png`))).toBe(true);
  }
  expect(pictures?.mode).toBe('full');
  expect(page).not.toContain('Not done yet');
});

test('the summary has a line for every row of every report', () => {
  const text = readText(out, 'reproduction.md');
  expect(text).toContain('8 of 8 rows are done');
  for (const id of ['plain', 'lambdas', 'gradients', 'overfit', 'range', 'exercise', 'pictures', 'other']) {
    expect(text).toContain(`(\`${id}\`) |`);
  }
  expect(text).toContain('First &lt;report>');
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  expect(new Set(lines.map((line) => line.split(' | ').length))).toEqual(new Set([9]));
});

test('rows that are done are not run again, and --json prints the rows', async () => {
  const weights = readFileSync(join(out, 'report-000', 'plain', 'final.safetensors'));
  rmSync(join(out, 'report-000', 'plain', 'final.safetensors'));
  const { code, stdout, stderr } = await reproduce(out, 'report-000', '--json');
  expect(code, stderr).toBe(0);
  expect(stderr.match(/: done \(full\)$/gm)).toHaveLength(7);
  expect(existsSync(join(out, 'report-000', 'plain', 'final.safetensors'))).toBe(false);
  writeFileSync(join(out, 'report-000', 'plain', 'final.safetensors'), weights);
  const { reports: printed } = JSON.parse(stdout) as { readonly reports: readonly { readonly rows: RowOutcome[] }[] };
  expect(printed[0]?.rows).toEqual(Object.values(outcomes()));
});

test('a row that is done in full counts over a quick one, and a quick one over none', async () => {
  const folder = temporaryFolder();
  const quick = await reproduce(folder, 'report-001', '--quick');
  expect(quick.code, quick.stderr).toBe(0);
  const before = outcomes(folder, 'report-001')['other'];
  // A fifth of ten epochs of ten batches.
  expect(before).toMatchObject({ mode: 'quick', steps: 20, publishedText: 'terrible' });
  expect(readText(folder, 'report-001', 'report.html')).toContain('Quick: trained on the first 10,000');
  await reproduce(folder, 'report-001', '--epochs', '4');
  expect(outcomes(folder, 'report-001')['other']).toMatchObject({ mode: '4 epochs', steps: 40 });
  const counts = "The page goes on showing this row's work of more training: 4 epochs, not 2 epochs.\n";
  const { stderr: shorter } = await reproduce(folder, 'report-001', '--epochs', '2');
  expect(shorter).toContain('(2 epochs)\n');
  expect(shorter).toContain(counts);
  expect((await reproduce(folder, 'report-001', '--epochs', '2')).stderr).toContain(`done (2 epochs)\n${counts}`);
  await reproduce(folder, 'report-001');
  expect(outcomes(folder, 'report-001')['other']).toMatchObject({ mode: 'full', steps: 100 });
  const again = await reproduce(folder, 'report-001', '--quick');
  expect(again.stderr).toContain('done (full)');
  expect(again.stderr).not.toContain('goes on showing');
  expect(existsSync(join(folder, 'report-001', 'other-quick', 'result.json'))).toBe(true);
});

test('an interrupted row goes on to the bits of one that was left alone, and rows that are not done are on the page as such', async () => {
  const folder = temporaryFolder();
  let interrupt: () => void = () => undefined;
  let said = '';
  const outcome = await descent(['reproduce', 'report-000', '--device', 'cpu', '--out', folder], {
    terminalColumns: 80,
    stderr(text) {
      said += text;
      if (text.includes('epoch ')) interrupt();
    },
    onInterrupt(callback) {
      let isFirst = true;
      interrupt = () => {
        if (isFirst) callback();
        isFirst = false;
      };
      return () => undefined;
    },
  });
  expect(outcome.code, said).toBe(130);
  expect(said).toMatch(
    /interrupted after step \d+\. Go on with: descent reproduce report-000 --device cpu --out \S+\n$/,
  );
  expect(existsSync(join(folder, 'report-000', 'plain', 'result.json'))).toBe(false);
  expect(readText(folder, 'report-000', 'report.html')).toContain('Not done yet');
  expect(readText(folder, 'reproduction.md')).toContain('0 of 7 rows are done');
  const { code, stderr } = await reproduce(folder, 'report-000', '--rows', 'plain');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/Going on from step \d+ of 100/);
  const hash = (place: string) => readJson<{ readonly weightsSha256: string }>(place, 'result.json').weightsSha256;
  expect(hash(join(folder, 'report-000', 'plain'))).toBe(hash(join(out, 'report-000', 'plain')));
  expect(outcomes(folder)['range']).not.toHaveProperty('mode');
});

test('words in place of published numbers stand in the table of the page and on the terminal', () => {
  expect(readText(out, 'report-001', 'report.html')).toContain('<td class="number text">terrible</td>');
  expect(first.stdout).toMatch(/^other +train loss +terrible +[\d.]+ /m);
});

test('with --rows the page has sections of the rows that are done, and one line of the others', async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await reproduce(folder, 'report-000', '--rows', 'exercise');
  expect(code, stderr).toBe(0);
  const page = readText(folder, 'report-000', 'report.html');
  expect(Array.from(page.matchAll(/<section id="([^"]+)"/g), ([, id]) => id)).toEqual(['summary', 'exercise']);
  expect(page).toContain('Not done yet: plain, lambdas, gradients, overfit, range, pictures.');
  for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${to}"`);
});

test('a row whose data is missing is left with its reason, the others are done, and the command ends with 2', async () => {
  const folder = temporaryFolder();
  const path = join(recipeFolder, 'plain.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/"data":\{[^}]*\}/, '"data":{"source":"csv","file":"tables/none.csv"}'));
  const ids = ['plain', 'overfit', 'exercise', 'other'];
  const { code, stdout, stderr } = await reproduce(folder, 'all', '--rows', ...ids);
  writeFileSync(path, text);
  expect(code, stderr).toBe(2);
  const [last = ''] = stderr.trimEnd().split('\n').slice(-1);
  expect(last).toMatch(/^descent: not every row could be done\. report-000 plain, report-000 overfit: .*none\.csv/);
  expect(stdout).toMatch(/^plain .* not done$/m);
  const { exercise, plain } = outcomes(folder);
  expect([exercise?.mode, plain?.mode]).toEqual(['full', undefined]);
  expect(outcomes(folder, 'report-001')['other']?.mode).toBe('full');
  expect(readText(folder, 'report-000', 'report.html')).toMatch(
    /<section id="plain">.*<p class="missing">Not done: [^<]*none\.csv/s,
  );
});

test('figures wait for the row that they are of', async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await reproduce(folder, 'report-000', '--rows', 'pictures');
  expect(code).toBe(0);
  expect(stderr).toContain('row plain comes first, and is not done yet.');
});

test('a row whose recipe has changed since it was done is refused', async () => {
  const folder = temporaryFolder();
  await reproduce(folder, 'report-001', '--quick');
  const path = join(recipeFolder, 'other.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"batch":20', '"batch":25'));
  const { code, stderr } = await reproduce(folder, 'report-001', '--quick');
  const about = readText(folder, 'report-001', 'other-quick', 'row.json');
  rmSync(join(folder, 'report-001', 'other-quick', 'result.json'));
  const unfinished = await reproduce(folder, 'report-001', '--quick');
  writeFileSync(path, text);
  expect([code, unfinished.code]).toEqual([2, 2]);
  for (const said of [stderr, unfinished.stderr]) expect(said).toContain('was done with an earlier form of the recipe');
  expect(readText(folder, 'report-001', 'other-quick', 'row.json')).toBe(about);
});

test('a loss that is not finite ends its row alone, and the command with 1', async () => {
  const folder = temporaryFolder();
  const path = join(recipeFolder, 'other.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('0.05', '1e30'));
  const { code, stderr } = await reproduce(folder, 'report-001');
  writeFileSync(path, text);
  expect(code).toBe(1);
  expect(stderr).toMatch(/descent: not every row came to its end\. report-001 other: .*\n$/);
  expect(readText(folder, 'report-001', 'report.html')).toContain('Not done yet');
});

test.each([
  [['report-01'], /there is no such report\. Did you mean "report-001"\? There are: report-000, report-001, all\.$/],
  [['report-000', '--rows', 'plane'], /there is no row "plane"\. Did you mean "plain"\? There are: plain, lambdas, /],
  [['report-000', '--quick', '--epochs', '3'], /--quick: has a length of its own\. Leave out --quick or --epochs\.$/],
  [['report-000', '--epochs', '0'], /Give a whole number from 1/],
  [
    ['report-000', '--data', '/no/such/folder'],
    /^descent: \/no\/such\/folder: this data folder is not there\. Correct --data\.$/,
  ],
])('wrong input exits with 2 and one sentence: %j', async (args, message) => {
  const { code, stderr } = await reproduce(temporaryFolder(), ...args);
  expect(code).toBe(2);
  expect(stderr.trimEnd()).toMatch(message);
});
