// The report of a search: numbers are those of the records, every figure has the marks it should, and nothing in a recipe becomes markup.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, expect, test, vi } from 'vitest';
import { sayShort } from '../../node/report/search/fields.ts';
import { searchFigures } from '../../node/report/search/figures.ts';
import { writeSearchReport } from '../../node/report/search/report.ts';
import { readSearch } from '../../node/report/search/search-data.ts';
import { stepPoints } from '../../node/report/search/steps-figure.ts';
import { drawFigure } from '../../node/report/write-page.ts';
import type { WrittenReport } from '../../node/report/write-page.ts';
import { descent, readText, temporaryFolder, writeFile } from '../cli/run-cli.ts';
import { drawTrials, searches, writeSearch } from './search-folders.ts';
import type { MadeSearch, WrittenSearch } from './search-folders.ts';

const folder = temporaryFolder(afterAll);
const names = Object.keys(searches) as (keyof typeof searches)[];

interface Made extends WrittenSearch {
  readonly folder: string;
  readonly report: Promise<WrittenReport>;
}

const made = new Map<string, Made>();

/** A search and its report, written once. */
function searchOf(name: keyof typeof searches): Made {
  const known = made.get(name);
  if (known !== undefined) return known;
  const own = join(folder, name);
  const written = writeSearch(own, searches[name]);
  const entry = { ...written, folder: own, report: writeSearchReport(own) };
  made.set(name, entry);
  return entry;
}

/** A search that only one test needs. */
function newSearch(search: MadeSearch): WrittenSearch & { readonly folder: string } {
  const own = temporaryFolder();
  return { ...writeSearch(own, search), folder: own };
}

async function svgOf(name: keyof typeof searches, figure: string): Promise<string> {
  const { folder: own, report } = searchOf(name);
  await report;
  return readText(own, 'figures', `${figure}.svg`);
}

/** Marks of a kind in a chart, without those of its legend. */
function marks(svg: string, kind: 'symbol' | 'rule' | 'line' | 'text'): string[] {
  const groups = Array.from(svg.matchAll(/<g class="mark-(\w+) role-mark [^>]*>(.*?)<\/g>/gs));
  return groups.flatMap(([, group = '', content = '']) =>
    group === kind ? Array.from(content.matchAll(/<(?:path|line|text)[^>]*>/g), ([mark]) => mark) : [],
  );
}

const count = (items: readonly string[], part: RegExp): number => items.filter((item) => part.test(item)).length;

const done = /stroke="#0072B2"/;
const fine = /stroke="#E69F00"/;
const pruned = /stroke="#828a93"/;
const diverged = /stroke="#D55E00"/;
const ring = /stroke-width="1.8"/;

test.each(names)('the page of the search "%s" has its chapters and figures, and nothing from outside', async (name) => {
  const warn = vi.spyOn(console, 'warn');
  const { folder: own, report } = searchOf(name);
  const { page, pageBytes, figures } = await report;
  expect(warn).not.toHaveBeenCalled();
  expect(page).toBe(join(own, 'report.html'));
  const html = readText(page);
  expect(Buffer.byteLength(html)).toBe(pageBytes);
  expect(pageBytes).toBeLessThan(2e6);
  const chapters = Array.from(html.matchAll(/<h2>(.*?)<\/h2>/g), ([, title]) => title);
  expect(chapters).toEqual([
    'Summary',
    'Field by field',
    ...(figures.includes('parallel') ? ['All fields together'] : []),
    ...(name === 'halving' ? ['From cut to cut'] : []),
    ...(name === 'grid' || name === 'seeds' ? ['Run by run'] : []),
    'Trials',
    'Space',
    'Populations',
    'Recipe',
    'Training the best, and searching again',
  ]);
  const text = html.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '');
  expect(Array.from(text.matchAll(/https?:|\bsrc=|href="[^#][^"]*|<(script|link|iframe)|@import/g), String)).toEqual(
    [],
  );
  const ids = Array.from(html.matchAll(/\bid="([^"]+)"/g), ([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(html.match(/<svg role="img" aria-label="[^"]+\./g)).toHaveLength(figures.length);
  const files = readdirSync(join(own, 'figures'));
  expect(files.toSorted()).toEqual(figures.flatMap((figure) => [`${figure}.png`, `${figure}.svg`]).toSorted());
  for (const figure of figures) {
    const svg = readText(own, 'figures', `${figure}.svg`);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const width = Number(/<svg [^>]*?\bwidth="([\d.]+)"/.exec(svg)?.[1]);
    expect(width).toBeLessThanOrEqual(960);
    expect(decode(readFileSync(join(own, 'figures', `${figure}.png`))).width).toBe(2 * Math.ceil(width));
  }
});

/** Cells of the table of trials by row. */
function tableOf(html: string): string[][] {
  const section = /<section id="trials-table">.*?<\/section>/s.exec(html)?.[0] ?? '';
  return Array.from(section.matchAll(/<tr>(.*?)<\/tr>/gs), ([, row = '']) =>
    Array.from(row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g), ([, cell = '']) => cell),
  );
}

test.each(['coarseToFine', 'seeds', 'halving', 'grid'] as const)(
  'the table of "%s" says what the records of its runs say',
  async (name) => {
    const { folder: own, report, records, table } = searchOf(name);
    await report;
    const [header = [], ...rows] = tableOf(readText(own, 'report.html'));
    const metric = name === 'grid' ? 'loss' : 'accuracy';
    const write = (value: number): string =>
      metric === 'accuracy' ? (100 * value).toFixed(2) : String(Number(value.toPrecision(4)));
    expect(rows).toHaveLength(table.length);
    for (const [place, row] of rows.entries()) {
      const cell = (title: string): string => row[header.indexOf(title)] ?? '';
      const trial = Number(cell('trial'));
      expect(trial).toBe(table[place]?.index);
      const ofTrial = records.filter((record) => record.trial === trial);
      const last = Math.max(...ofTrial.map(({ step }) => step));
      const values = ofTrial.flatMap(({ step, validation }) => (step === last ? (validation?.[metric] ?? []) : []));
      expect(cell('steps')).toBe(last.toLocaleString('en-US'));
      const [mean = '', deviation] = cell(`validation ${metric}`).replaceAll('\u00a0%', '').split('\u00a0±\u00a0');
      if (values.length === 0) {
        expect([mean, cell('state')]).toEqual(['', 'diverged']);
        continue;
      }
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean).toBe(write(average));
      expect(deviation === undefined).toBe(values.length === 1);
      if (deviation !== undefined) {
        const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
        const expected = Math.sqrt(squares / (values.length - 1)) * (metric === 'accuracy' ? 100 : 1);
        expect(Math.abs(Number(deviation) - expected)).toBeLessThanOrEqual(0.051 * expected);
      }
    }
  },
);

test('the summary counts trials, runs and populations, and says what is best', async () => {
  const { folder: own, report, table, records } = searchOf('halving');
  await report;
  const html = readText(own, 'report.html');
  const counted = (state: string): number => table.filter((trial) => trial.state === state).length;
  expect(counted('done')).toBe(3);
  expect(html).toContain(
    `<dd>81: 3 trained to the end, ${counted('pruned')} pruned, ${counted('diverged')} diverged</dd>`,
  );
  expect(html).toContain('<dd>81, in 4 populations</dd>');
  expect(html).toContain('successive halving: at each cut one trial in 3 goes on');
  expect(html).toContain(`<caption>The best: trial ${table[0]?.index}</caption>`);
  expect(html).toContain(`<td class="number">${sayShort(table[0]?.values['l2'])}</td>`);
  expect(html).toContain('<dd>1 h 12 min of training</dd>');
  const ofFirst = records.filter(({ population }) => population === '001');
  expect(html).toContain(
    `<th scope="row">001</th><td class="number">${ofFirst.length}</td><td class="number">400</td>`,
  );
  expect(html).toContain(`descent train ${own}/best.json --out best`);
});

test('what is known about the data stands on the page', async () => {
  const { search, trials, lossOf } = searches.coarseToFine;
  const { folder: own } = newSearch({ search, trials, lossOf, notes: ['The pixels went through <JPEG>.'] });
  const { page } = await writeSearchReport(own);
  expect(readText(page)).toContain('About the data: The pixels went through &lt;JPEG&gt;.');
});

test('each trial has one mark over each field, by what became of it, and the best a ring', async () => {
  const { table } = searchOf('halving');
  for (const field of ['optimizer-learningRate', 'l2', 'model-layers-0-activation']) {
    const symbols = marks(await svgOf('halving', `accuracy-over-${field}`), 'symbol');
    expect(symbols).toHaveLength(table.length + 1);
    expect(count(symbols, done)).toBe(3);
    expect(count(symbols, pruned)).toBe(table.filter(({ state }) => state === 'pruned').length);
    expect(count(symbols, diverged)).toBe(table.filter(({ state }) => state === 'diverged').length);
    expect(count(symbols, ring)).toBe(1);
    // The forms differ too: circle, triangle, cross, ring.
    const forms = new Set(symbols.map((symbol) => / d="([^"]*)"/.exec(symbol)?.[1]));
    expect(forms.size).toBe(4);
  }
  const stages = marks(await svgOf('coarseToFine', 'accuracy-over-l2'), 'symbol');
  expect([count(stages, done), count(stages, fine), count(stages, ring)]).toEqual([16, 8, 1]);
});

test('several runs of a trial give it a bar, and a mark each beside the mean', async () => {
  const bars = marks(await svgOf('seeds', 'accuracy-over-l2'), 'rule');
  expect(bars).toHaveLength(8);
  const runs = await svgOf('seeds', 'accuracy-of-runs');
  expect(marks(runs, 'symbol')).toHaveLength(40);
  expect(marks(runs, 'rule')).toHaveLength(8);
  expect(runs).toContain('>seed 4</text>');
  // Of 72 trials with three folds the best 60, in a strip each of two categories with its median.
  expect(marks(await svgOf('grid', 'loss-of-runs'), 'symbol')).toHaveLength(180);
  expect(marks(await svgOf('grid', 'loss-over-batch'), 'rule')).toHaveLength(72 + 2);
});

test('parallel coordinates have a line for each trial, in the order and the colours of the metric', async () => {
  const { table } = searchOf('halving');
  const svg = await svgOf('halving', 'parallel');
  const lines = Array.from(svg.matchAll(/<polyline [^>]*>/g), String);
  const ofClass = (name: string): string[] => lines.filter((line) => line.includes(`class="${name}"`));
  expect(ofClass('trial')).toHaveLength(3);
  expect(ofClass('pruned')).toHaveLength(table.filter(({ state }) => state === 'pruned').length);
  expect(ofClass('diverged')).toHaveLength(table.filter(({ state }) => state === 'diverged').length);
  expect(lines.slice(-2)).toEqual([...ofClass('halo'), ...ofClass('best')]);
  const points = (line: string): string[] => / points="([^"]*)"/.exec(line)?.[1]?.split(' ') ?? [];
  // Three fields and the metric; what diverged has no metric.
  expect(new Set(ofClass('pruned').map((line) => points(line).length))).toEqual(new Set([4]));
  expect(new Set(ofClass('diverged').map((line) => points(line).length))).toEqual(new Set([3]));
  expect(points(ofClass('best')[0] ?? '').at(-1)).toMatch(/,0\.0$/);
  // Worst first: each line ends no lower than the one before it.
  const ends = [...ofClass('pruned'), ...ofClass('trial')].map((line) => Number(points(line).at(-1)?.split(',')[1]));
  expect(ends).toEqual(ends.toSorted((one, other) => other - one));
});

test('halving: lines go from cut to cut and end where a trial was pruned', async () => {
  const { folder: own, table, records } = searchOf('halving');
  const svg = await svgOf('halving', 'accuracy-over-steps');
  for (const label of ['81 → 27', '27 → 9', '9 → 3', '400', '1,200', '3,600', '10,800']) {
    expect(svg).toContain(`>${label}</text>`);
  }
  const data = readSearch(own);
  for (const { index, step, state } of table) {
    const points = stepPoints(data, index);
    if (state === 'diverged') {
      expect(points).toEqual([]);
      continue;
    }
    expect(points.at(-1)?.step).toBe(step);
    const ofTrial = records.filter(({ trial }) => trial === index);
    expect(points.map(({ y }) => y)).toEqual(ofTrial.map(({ validation }) => validation?.accuracy));
  }
  // One line for each trial with a value, and the best once more; all but those that diverged end in a mark.
  const valued = table.filter(({ state }) => state !== 'diverged').length;
  expect(marks(svg, 'symbol')).toHaveLength(table.length + 1);
  expect(svg.match(/<g class="mark-line role-mark/g)).toHaveLength(valued + 1);
});

test('a thousand trials: the first hundred lines, small marks, a page of a reasonable size', async () => {
  const { folder: own, report, table } = searchOf('wide');
  const { figures } = await report;
  const html = readText(own, 'report.html');
  expect(tableOf(html)).toHaveLength(101);
  expect(html).toContain('The first 100 of 1,000 trials; trials.csv has all');
  const valued = table.filter(({ state }) => state === 'done').length;
  expect((await svgOf('wide', 'parallel')).match(/class="trial"/g)).toHaveLength(valued);
  const categories = await svgOf('wide', 'accuracy-over-schedule');
  expect(categories).toContain('{type: exponential, decay: 0.1}');
  for (const figure of figures) expect(readText(own, 'figures', `${figure}.svg`).length).toBeLessThan(600_000);
});

test('what a recipe says of itself is text, never markup', async () => {
  const evil = ['<img src=x onerror=alert(1)>', `"'&]]></text><script>`, '${1+1}\u2028"]'];
  const random = drawTrials(9, (draw) => ({ 'data.target': evil[Math.floor(3 * draw())], l2: draw() }));
  const { folder: own } = newSearch({
    recipe: {
      name: '<script>alert(1)</script>',
      description: '<b>bold</b> & more',
      data: { source: 'csv', file: './<i>.csv', validation: 10 },
    },
    search: { space: { 'data.target': { choice: evil }, l2: { uniform: [0, 1] } }, trials: 9 },
    trials: random,
    lossOf: ({ l2 }) => 1 + Number(l2),
  });
  const { page, figures } = await writeSearchReport(own);
  const html = readText(page);
  expect(html).toContain('<h1>&lt;script&gt;alert(1)&lt;/script&gt;: search</h1>');
  expect(html).toContain('&lt;b&gt;bold&lt;/b&gt; &amp; more');
  expect(html).not.toMatch(/<(script|img|b|i)\b/);
  for (const figure of figures) {
    expect(figure).toMatch(/^[\w-]+$/);
    const svg = readText(own, 'figures', `${figure}.svg`);
    expect(svg).not.toMatch(/<(script|img)\b/);
    if (figure.endsWith('data-target')) expect(svg).toContain('onerror');
  }
});

test('a search of which every trial diverged has a report that says so', async () => {
  const { search, trials } = searches.halving;
  const { folder: own } = newSearch({ search, trials: trials.slice(0, 5), lossOf: () => Number.NaN });
  const { page, figures } = await writeSearchReport(own);
  expect(figures).toHaveLength(3);
  const html = readText(page);
  expect(html).toContain('no trial has a value, of 5 trials');
  expect(html).toContain('none: every trial diverged');
  expect(count(marks(readText(own, 'figures', 'accuracy-over-l2.svg'), 'symbol'), diverged)).toBe(5);
});

test('the caption speaks of medians only where some are drawn', async () => {
  const captions = (folder: string): string[] => searchFigures(readSearch(folder)).map(({ caption }) => caption);
  expect(captions(searchOf('grid').folder).join()).toContain('Dashed: the median');
  const space = { 'model.layers.0.units': { choice: [10, 20] } };
  const trials = [10, 20].map(
    (units, index) => ({ index, values: { 'model.layers.0.units': units }, stage: 'only' }) as const,
  );
  const { folder: few } = newSearch({ search: { space, trials: 2 }, trials, lossOf: () => 0.5 });
  expect(captions(few).join()).not.toContain('Dashed');
});

test('in the table the metric comes before the fields, and numbers are not broken', async () => {
  const { folder: own, report } = searchOf('seeds');
  await report;
  const [header = [], row = []] = tableOf(readText(own, 'report.html'));
  expect(header.slice(0, 3)).toEqual(['trial', 'validation accuracy', 'l2']);
  expect(header.at(-1)).toBe('population/member');
  expect(row[1]).toMatch(/^[\d.]+\u00a0±\u00a0[\d.]+\u00a0%$/);
});

test('figures of several searches in one page have names of their own', async () => {
  const { folder: own, report } = searchOf('grid');
  const figures = searchFigures(readSearch(own), 'row-7-');
  expect(figures.map(({ name }) => name)).toEqual((await report).figures.map((name) => `row-7-${name}`));
  for (const figure of figures) {
    expect(figure.alt).toMatch(/\.$/);
    expect(figure.caption).toMatch(/\.$/);
  }
  // Vega counts the clips of a process.
  const withoutClips = (svg: string): string => svg.replaceAll(/clip\d+/g, '');
  const drawn = await svgOf('grid', figures[0]!.name.slice('row-7-'.length));
  expect(withoutClips(await drawFigure(figures[0]!))).toBe(withoutClips(drawn));
});

async function complain(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await descent(['report', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
}

test('"descent report" notices a search and draws it, into another folder if asked', async () => {
  const { folder: own, report } = searchOf('coarseToFine');
  await report;
  const out = temporaryFolder();
  const { code, stdout } = await descent(['report', own, '--out', out, '--json']);
  expect(code).toBe(0);
  const printed = JSON.parse(stdout) as WrittenReport;
  expect(printed).toMatchObject({ search: own, page: join(out, 'report.html'), figures: ['accuracy-over-l2'] });
  expect(readdirSync(out).toSorted()).toEqual(['figures', 'report.html']);
  expect((await descent(['report', own, '--out', out])).stdout).toMatch(
    /report\.html: 1 figure, [\d.]+ KiB; each also/,
  );
});

test.each([
  ['--member', '1'],
  ['--input', '0'],
  ['--data', '.'],
  ['--device', 'cpu'],
  ['--adapter', 'x'],
])('%s belongs to the report of a run', async (option, value) => {
  const { folder: own } = searchOf('coarseToFine');
  const complaint = await complain(own, option, value);
  expect(complaint).toContain(`${option}: belongs to the report of a run, but ${own} holds a search`);
});

const changeLines = (change: (lines: string[]) => readonly string[]) => (own: string) => {
  const path = join(own, 'trials.jsonl');
  writeFileSync(path, change(readFileSync(path, 'utf8').split(/(?<=\n)/)).join(''));
};

test.each<{ fault: string; spoil: (own: string) => void; message: RegExp }>([
  { fault: 'no result', spoil: (own) => rmSync(join(own, 'result.json')), message: /is not finished: .*--resume/ },
  { fault: 'no records', spoil: (own) => rmSync(join(own, 'trials.jsonl')), message: /trials\.jsonl: is missing/ },
  {
    fault: 'a torn line',
    spoil: changeLines((lines) => [...lines.slice(0, -1), lines.at(-1)!.slice(0, -5)]),
    message: /line 24 is torn/,
  },
  {
    fault: 'a line that is no JSON',
    spoil: changeLines(([, ...lines]) => ['<\n', ...lines]),
    message: /line 1 is no JSON/,
  },
  {
    fault: 'a line that is no run',
    spoil: changeLines(([first = '', ...lines]) => [first.replace('"done"', '"well"'), ...lines]),
    message: /line 1 is no run of a search: state: /,
  },
  {
    fault: 'a lost line',
    spoil: changeLines(([, ...lines]) => lines),
    message: /of the runs of trial \d+, there are 0/,
  },
  {
    fault: 'a run of no trial',
    spoil: changeLines(([first = '', ...lines]) => [first.replace(/"trial":\d+/, '"trial":99'), ...lines]),
    message: /has a run of trial 99, which the table/,
  },
  {
    fault: 'a recipe without its search',
    spoil: (own) => {
      const { search: _, ...recipe } = JSON.parse(readText(own, 'recipe.json')) as { search: unknown };
      writeFile(own, 'recipe.json', recipe);
    },
    message: /recipe\.json has no "search"/,
  },
])('a search with $fault is refused', async ({ spoil, message }) => {
  const { folder: own, report } = searchOf('coarseToFine');
  await report;
  const copy = temporaryFolder();
  cpSync(own, copy, { recursive: true });
  spoil(copy);
  expect(await complain(copy)).toMatch(message);
});
