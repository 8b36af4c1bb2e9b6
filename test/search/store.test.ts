// The search folder: what a killed process leaves behind, other adapters, and checkpoints that are gone.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { explainStop, keptLimits } from '../../node/cli/searching.ts';
import { populationFolder, readRecords, readSearchFile, readSearchResult } from '../../node/search/folder.ts';
import type { SearchFile } from '../../node/search/folder.ts';
import { openSearch } from '../../node/search/store.ts';
import type { FolderStore } from '../../node/search/store.ts';
import { InterruptedError, LimitError } from '../../src/errors.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { planSearch } from '../../src/search/planning.ts';
import { search } from '../../src/search/search.ts';
import type { SearchPopulation } from '../../src/search/store.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import { noFiles } from '../../src/train/trainer.ts';

const limits = { memoryBytes: 2 ** 28, maxBindingBytes: 2 ** 27 };
const recipe = parseRecipe({
  data: { source: 'digits', train: 60, validation: 40, test: 0, normalize: 'unit' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  batch: 20,
  epochs: 4,
  search: { space: { l2: { grid: [0, 1e-3, 1e-2, 1e-1] } }, strategy: 'halving', factor: 2 },
});
const dataset = await loadDataset(recipe.data, noFiles);

function fileOn(adapter: string): SearchFile {
  return { ...limits, adapters: [adapter], startFolder: '/there', trainRows: 60, notes: [] };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'descent-search-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string, adapter = 'one', notes: string[] = []): FolderStore {
  return openSearch(folder, recipe, fileOn(adapter), (note) => notes.push(note));
}

/** Searches into a folder, to its end. */
async function searched(): Promise<string> {
  const folder = temporaryFolder();
  await search(recipe, { device: cpuDevice(), dataset, store: open(folder), ...limits }).result;
  return folder;
}

/** The first population, which stops at a cut. */
function firstPopulation(): { readonly population: SearchPopulation; readonly prepared: Prepared } {
  const [population] = planSearch(recipe, dataset, limits).populations;
  if (population === undefined) throw new Error('a search has a population');
  return { population, prepared: prepare(population.recipe, dataset, limits) };
}

test('the lines of trials.jsonl are records of every run, in the order of the populations', async () => {
  const folder = await searched();
  const { records } = readRecords(folder);
  expect(records.map(({ population, member, state }) => `${population} ${member} ${state}`)).toEqual([
    ...[0, 1, 2, 3].map((member) => `001 ${member} cut`),
    ...[0, 1].map((member) => `002 ${member} cut`),
    '003 0 done',
  ]);
  expect(open(folder).records).toEqual(records);
});

test.each([
  ['a torn last line', (text: string) => text.slice(0, -5), 6],
  ['part of the second population', (text: string) => `${text.split('\n').slice(0, 5).join('\n')}\n`, 4],
  ['part of the first population', (text: string) => `${text.split('\n').slice(0, 2).join('\n')}\n`, 0],
  ['a line that is no record', (text: string) => `${text}{"trial":1}\n`, 7],
  [
    'a record of a population that is not there',
    (text: string) => text + text.split('\n')[0]?.replace('001', '009') + '\n',
    7,
  ],
  ['nothing', () => '', 0],
] as const)(
  'with %s the records of whole populations are kept, and the file is cut to them',
  async (_, change, kept) => {
    const folder = await searched();
    const path = join(folder, 'trials.jsonl');
    const whole = readFileSync(path, 'utf8');
    const { records } = readRecords(folder);
    writeFileSync(path, change(whole));
    expect(open(folder).records).toEqual(records.slice(0, kept));
    expect(readFileSync(path, 'utf8')).toBe(
      whole
        .split('\n')
        .slice(0, kept)
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
);

test('records are added behind those that are there', async () => {
  const folder = await searched();
  const lines = readFileSync(join(folder, 'trials.jsonl'), 'utf8');
  appendFileSync(join(folder, 'trials.jsonl'), '{"tor');
  const store = open(folder);
  const [first] = store.records;
  if (first === undefined) throw new Error('there are records');
  store.addRecords([first]);
  expect(readFileSync(join(folder, 'trials.jsonl'), 'utf8')).toBe(`${lines}${JSON.stringify(first)}\n`);
});

test('another adapter is noted and told, one that was there before only told', () => {
  const folder = temporaryFolder();
  const notes: string[] = [];
  open(folder, 'one', notes);
  open(folder, 'one', notes);
  expect(notes).toEqual([]);
  open(folder, 'two', notes);
  expect(notes.splice(0)).toEqual(['This search ran on one before; it goes on on two.']);
  open(folder, 'one', notes);
  expect(notes.splice(0)).toEqual(['This search ran on two before; it goes on on one.']);
  expect(readSearchFile(folder)).toEqual({ ...fileOn('one'), adapters: ['one', 'two'] });
});

test('limits are those of the start, and a device that binds too little for them is told', () => {
  const folder = temporaryFolder();
  open(folder);
  const device = (maxBindingBytes: number): Device =>
    ({ kind: 'gpu', name: 'small', software: false, maxBindingBytes }) as unknown as Device;
  expect(keptLimits(folder, undefined)).toEqual(limits);
  expect(keptLimits(folder, 0.25)).toEqual(limits);
  const wanted = { recipe, dataset, folder, resume: true, checkpointSeconds: 1, commandToResume: 'descent search …' };
  const cause = new LimitError('a population is too large');
  expect(explainStop(cause, wanted, limits, device(2 ** 27))).toBe(cause);
  expect(explainStop(cause, wanted, limits, device(2 ** 26))).toMatchObject({
    message: expect.stringMatching(
      /was packed for an adapter that binds 128\.0 MiB at a time, and small binds 64\.0 MiB, too little/,
    ),
    kind: 'input',
  });
  expect(explainStop(new InterruptedError(7), wanted, limits, device(2 ** 26))).toMatchObject({
    message: 'interrupted after step 7. Go on with: descent search …',
  });
  expect(() => keptLimits(folder, 1)).toThrow(/^--memory: the search in .* was begun with 256\.0 MiB/);
});

test('the checkpoint at a cut is read again; without it there is no going on', async () => {
  const folder = await searched();
  const { population, prepared } = firstPopulation();
  const store = open(folder);
  expect(store.lastCheckpoint(population, prepared).counters.step).toBe(population.until);
  const { checkpoint, evaluation } = store.openPopulation(population, prepared);
  expect(checkpoint?.counters.step).toBe(population.until);
  expect(evaluation?.step).toBe(population.until);
  expect(evaluation?.members.map(({ validation }) => validation?.accuracy)).toEqual(
    store.records.slice(0, 4).map(({ validation }) => validation?.accuracy),
  );
  rmSync(join(populationFolder(folder, '001'), 'checkpoints'), { recursive: true });
  expect(() => store.lastCheckpoint(population, prepared)).toThrow(
    `001: its checkpoint of step ${population.until}, from which the best trials go on, is gone or cannot be read.`,
  );
});

test('a population is locked while it is open', () => {
  const folder = temporaryFolder();
  const store = open(folder);
  const { population, prepared } = firstPopulation();
  {
    using _population = store.openPopulation(population, prepared);
    expect(() => store.openPopulation(population, prepared)).toThrow('is being written by another process');
  }
  store.openPopulation(population, prepared)[Symbol.dispose]();
});

test('a file that describes no search is told with its place', async () => {
  const folder = await searched();
  writeFileSync(join(folder, 'search.json'), '{"memoryBytes":"much"}');
  expect(() => readSearchFile(folder)).toThrow(/search\.json: does not describe a search: memoryBytes: /);
  writeFileSync(join(folder, 'result.json'), '{}');
  expect(() => readSearchResult(folder)).toThrow('is not the result of a search. Delete it and resume the search.');
  expect(() => readSearchFile(join(folder, 'populations'))).toThrow('holds no search: there is no search.json.');
});
