// A search that the page keeps: interrupted at any moment and gone on with, it ends with the table of a search that was left alone.
import { beforeAll, expect, test, vi } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { search } from '../../src/search/search.ts';
import type { SearchResult } from '../../src/search/trials.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { SearchReport } from '../../web/protocol/searching.ts';
import { openDatabase } from '../../web/storage/database.ts';
import type { Database } from '../../web/storage/database.ts';
import { endSearch, openSearchStore, readSearch } from '../../web/storage/searches.ts';
import { startSearchReports } from '../../web/worker/search-reports.ts';
import { memoryBytes, searchAll, searchRecipe } from '../search/searching.ts';
import { clouds } from '../train/support.ts';

// As in a page without a secure context, which has no locks.
beforeAll(() => void vi.stubGlobal('navigator', {}));

const dataset = clouds();
const recipe = searchRecipe({
  space: { l2: { grid: [0, 1e-3, 1e-2, 1e-1] }, batch: { grid: [10, 20] } },
  strategy: 'halving',
  factor: 2,
});
const limits = { memoryBytes, maxBindingBytes: 2 ** 27 };
const id = 'search';

function open(database: Database, fields: object = {}) {
  using device = cpuDevice();
  return openSearchStore(database, { id, name: 'mine', recipe, device, limits, dataSha256: 'a', ...fields });
}

/** A session of the search, which ends after so many events; what it reports. */
async function session(
  database: Database,
  mostEvents = Infinity,
): Promise<{ readonly result: SearchResult | undefined; readonly reports: readonly SearchReport[] }> {
  using device = cpuDevice();
  const store = await open(database);
  const reports: SearchReport[] = [];
  const report = startSearchReports(store.curves, ['l2', 'batch'], (each) => reports.push(each));
  const stop = new AbortController();
  let count = 0;
  const options = { device, dataset, store, ...store.limits, signal: stop.signal, checkpointSeconds: 0 };
  try {
    const run = search(recipe, options);
    for await (const event of run) {
      report.add(event);
      if (event.type === 'table') store.keepTable({ metric: event.metric, table: event.table, curves: report.curves });
      if (++count === mostEvents) stop.abort();
    }
    const result = await run.result;
    await store.finish();
    return { result, reports };
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) throw cause;
    await store.pause();
    return { result: undefined, reports };
  } finally {
    report.flush();
  }
}

test.each([1, 5, 12, 20, 33])(
  'interrupted at event %i and gone on with, it ends with the same table and curves',
  async (count) => {
    const whole = await openDatabase();
    const { result } = await session(whole);
    const database = await openDatabase();
    await session(database, count);
    const paused = await readSearch(database, undefined);
    expect(paused?.entry).toMatchObject({ kind: 'search', state: 'paused', name: 'mine' });
    const again = (await session(database)).result;
    expect(again?.table).toEqual(result?.table);
    const kept = await readSearch(database, id);
    const expected = await readSearch(whole, id);
    expect(kept?.entry.state).toBe('finished');
    expect(kept?.table).toEqual(expected?.table);
    const hashes = (search: typeof kept): unknown =>
      search?.records.map(({ trial, weightsSha256 }) => [trial, weightsSha256]);
    expect(hashes(kept)).toEqual(hashes(expected));
  },
);

test('the table is that of a search without a store', async () => {
  const { result } = await session(await openDatabase());
  expect(result?.table).toEqual((await searchAll(recipe, { dataset, ...limits })).result.table);
});

test('a search that is done keeps its table, and nothing of its populations', async () => {
  const database = await openDatabase();
  await session(database);
  expect(await database.paths(id)).toEqual(['recipe.json', 'search.json', 'table.json', 'trials.jsonl']);
});

test('a search that is ended while it is paused keeps what it has found', async () => {
  const database = await openDatabase();
  await session(database, 20);
  expect((await database.paths(id)).some((path) => path.startsWith('populations/'))).toBe(true);
  await endSearch(database, id);
  const kept = await readSearch(database, id);
  expect(kept?.entry.state).toBe('stopped');
  expect(kept?.table?.table).toHaveLength(8);
  expect((await database.paths(id)).some((path) => path.startsWith('populations/'))).toBe(false);
});

test('a search goes on with the limits that it was begun with', async () => {
  const database = await openDatabase();
  await open(database);
  expect((await open(database, { limits: { memoryBytes: 1, maxBindingBytes: 1 } })).limits).toEqual(limits);
});

test('another recipe or other data is refused by name', async () => {
  const database = await openDatabase();
  await open(database);
  await expect(open(database, { recipe: { ...recipe, batch: 7 } })).rejects.toThrow(
    /^mine: is a search of another recipe: batch is \d+ there and 7 here\. Search anew\.$/,
  );
  await expect(open(database, { dataSha256: 'b' })).rejects.toThrow(
    /^mine: searched on other data: .* or search anew\.$/,
  );
});

test('the reports of a session tell every point of the curves once, and the best value only ever gets better', async () => {
  const database = await openDatabase();
  const first = await session(database, 15);
  const second = await session(database);
  const points = [...first.reports, ...second.reports].flatMap((report) =>
    report.type === 'table' ? report.points : [],
  );
  const kept = await readSearch(database, id);
  expect(points).toEqual(kept?.table?.curves.trials);
  const places = points.map(({ trial, step }) => `${trial} ${step}`);
  expect(new Set(places).size).toBe(places.length);
  const best = kept?.table?.curves.best ?? [];
  expect(best.length).toBeGreaterThan(2);
  expect(best.map(({ samples }) => samples)).toEqual(best.map(({ samples }) => samples).toSorted((a, b) => a - b));
  expect(best.map(({ value }) => value)).toEqual(best.map(({ value }) => value).toSorted((a, b) => a - b));
  const stages = second.reports.filter((report) => report.type === 'stage');
  expect(stages.map(({ cut, isLast }) => [cut, isLast])).toEqual([
    [0, false],
    [1, false],
    [2, false],
    [3, true],
  ]);
});
