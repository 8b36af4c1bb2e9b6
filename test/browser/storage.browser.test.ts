// Runs in the browser's storage: whenever a tab is closed or a run is stopped, it goes on to the bits and lines of one that was left alone.
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { datasetSha256, loadDataset } from '../../src/data/dataset.ts';
import { InterruptedError } from '../../src/errors.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { resultJson } from '../../src/train/result-json.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import { openDatabase } from '../../web/storage/database.ts';
import type { Database } from '../../web/storage/database.ts';
import { withRunLock } from '../../web/storage/run-lock.ts';
import { deleteRun, listRuns, openRunStore, readRecipe, readRunFiles, renameRun } from '../../web/storage/runs.ts';
import type { RunStore } from '../../web/storage/runs.ts';
import { exportRun, importRun } from '../../web/storage/zip.ts';
import { runsHandlers } from '../../web/worker/runs.ts';
import type { Workplace } from '../../web/worker/workplace.ts';
import { digitsRun } from '../train/digits-run.ts';
import expected from '../train/expected.json';

const databaseName = 'descent-test';
const recipe = parseRecipe(digitsRun);
const noFiles = { read: async () => undefined, describe: (path: string) => path };

let database: Database;
beforeEach(async () => {
  database = await openDatabase(databaseName);
});
afterEach(async () => {
  database[Symbol.dispose]();
  await deleteDB(databaseName);
});

async function open(
  id: string,
  { of = recipe, dataSha256 }: { of?: Recipe; dataSha256?: string } = {},
): Promise<RunStore> {
  const dataset = await loadDataset(of.data, noFiles);
  const prepared = prepare(of, dataset, { observe: true });
  const model = {
    ...describeModel(prepared),
    dataSha256: dataSha256 ?? (await datasetSha256(dataset)),
    trainRows: prepared.views[0]?.split.train.length,
  };
  return openRunStore(database, { id, name: `run ${id}`, device: cpuDevice(), prepared, model });
}

/** Trains into the storage until a step is done; `leave` says what becomes of the store then. */
async function trainUntil(id: string, step: number, leave: (store: RunStore) => Promise<void>): Promise<RunStore> {
  const store = await open(id);
  const stop = new AbortController();
  const dataset = await loadDataset(recipe.data, noFiles);
  const run = train(recipe, {
    device: cpuDevice(),
    prepared: prepare(recipe, dataset, { observe: true }),
    checkpointSeconds: 0.02,
    signal: stop.signal,
    chunkMilliseconds: 0,
    observations: { count: 12 },
    ...(store.checkpoint && { checkpoint: store.checkpoint }),
  });
  try {
    for await (const event of run) {
      if (event.type === 'evaluation') store.addEvaluation(event);
      if (event.type === 'observation') store.addObservation(event.observation);
      if (event.type === 'checkpoint') store.addCheckpoint(event.checkpoint);
      if (event.type === 'progress' && event.step >= step) stop.abort();
    }
    const result = await run.result;
    await store.finish(result.weights, resultJson(result, id));
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) throw cause;
    await leave(store);
  }
  return store;
}

const pause = (store: RunStore): Promise<void> => store.pause();
const trainToEnd = (id: string): Promise<RunStore> => trainUntil(id, Infinity, pause);

async function textOf(id: string, path: string): Promise<string> {
  return new TextDecoder().decode((await readRunFiles(database, id)).get(path));
}

async function hashOf(id: string): Promise<unknown> {
  return (JSON.parse(await textOf(id, 'result.json')) as { weightsSha256: unknown }).weightsSha256;
}

test('a run that is stopped twice goes on to the same weights, metrics and observations as one that is left alone', async () => {
  await trainToEnd('whole');
  await trainUntil('parts', 30, pause);
  expect(await listRuns(database)).toMatchObject([
    { id: 'parts', state: 'paused', steps: 117, device: 'cpu', adapter: 'CPU path', recipeName: 'digits-three-epochs' },
    { id: 'whole', state: 'finished', step: 117, split: 'test', accuracy: expected.digits.testAccuracy },
  ]);
  const second = await trainUntil('parts', 80, pause);
  expect(second.checkpoint?.counters.step).toBeGreaterThanOrEqual(30);
  expect(second.notes).toEqual([]);
  const third = await trainToEnd('parts');
  expect(third.evaluations.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect([await hashOf('whole'), await hashOf('parts')]).toEqual([
    expected.digits.weightsSha256,
    expected.digits.weightsSha256,
  ]);
  for (const path of ['metrics.jsonl', 'observations.jsonl', 'recipe.json', 'model.json']) {
    expect(await textOf('parts', path), path).toBe(await textOf('whole', path));
  }
  const [whole, parts] = [await readRunFiles(database, 'whole'), await readRunFiles(database, 'parts')];
  expect(parts.get('final.safetensors')).toEqual(whole.get('final.safetensors'));
  expect([...parts.keys()].filter((path) => path.startsWith('checkpoints/'))).toHaveLength(2);
  expect((await textOf('whole', 'observations.jsonl')).trimEnd().split('\n')).toHaveLength(12);
});

test('a run whose tab is killed goes on from what was written, and is listed as paused meanwhile', async () => {
  // Nothing is told to the store: whatever it still writes, or not, is the state that a killed tab may leave.
  await trainUntil('killed', 60, async () => undefined);
  expect(await listRuns(database)).toMatchObject([{ state: 'paused' }]);
  await withRunLock('killed', 'killed', async () => {
    expect(await listRuns(database)).toMatchObject([{ state: 'training' }]);
  });
  await trainToEnd('killed');
  expect(await hashOf('killed')).toBe(expected.digits.weightsSha256);
});

test('every transaction of a run leaves files that belong together', async () => {
  const real = database;
  const states: { readonly evaluations: number; readonly lines: number; readonly kept: number }[] = [];
  database = {
    ...real,
    async write(changes) {
      await real.write(changes);
      const files = await real.files('watched');
      const newest = [...files.keys()].findLast((path) => path.startsWith('checkpoints/'));
      if (newest === undefined) return;
      const header = new TextDecoder().decode(files.get(newest)?.subarray(0, 4000));
      const counted = Number(/\\"evaluations\\":(\d+)/.exec(header)?.[1] ?? Number.NaN);
      const lines = new TextDecoder().decode(files.get('metrics.jsonl')).split('\n').length - 1;
      const kept = [...files.keys()].filter((path) => path.startsWith('checkpoints/')).length;
      states.push({ evaluations: counted, lines, kept });
    },
  };
  await trainToEnd('watched');
  database = real;
  expect(states.length).toBeGreaterThan(3);
  expect(states.at(-1)).toEqual({ evaluations: 3, lines: 3, kept: 2 });
  for (const { evaluations, lines, kept } of states) {
    expect(lines).toBe(evaluations);
    expect(kept).toBeLessThanOrEqual(2);
  }
});

test('a broken newest checkpoint is passed over for the one before, saying so', async () => {
  await trainUntil('broken', 60, pause);
  const newest = [...(await readRunFiles(database, 'broken')).keys()].findLast((path) =>
    path.startsWith('checkpoints/'),
  )!;
  await database.write([{ store: 'files', key: ['broken', newest], value: new Uint8Array(50) }]);
  const store = await trainToEnd('broken');
  expect(store.notes).toEqual([`run broken/${newest} cannot be read; going on from the checkpoint before.`]);
  expect(await hashOf('broken')).toBe(expected.digits.weightsSha256);
});

test('a run goes on only with its own recipe and its own data', async () => {
  await trainUntil('own', 20, pause);
  const of = parseRecipe({ ...digitsRun, seed: 5 });
  await expect(open('own', { of })).rejects.toThrow(
    'run own: is a run of another recipe: seed is 0 there and 5 here. Go on with its own recipe',
  );
  await expect(open('own', { dataSha256: '0'.repeat(64) })).rejects.toThrow(
    /^run own: was trained on other data: its sha256 was [0-9a-f]{16}… then and is 0{16}… now\. Put the files back/,
  );
  expect(await readRecipe(database, 'own')).toEqual(recipe);
});

test('a full storage ends the run with a sentence, and what was written before goes on', async () => {
  const { put } = IDBObjectStore.prototype;
  let puts = 0;
  const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...given) {
    puts += 1;
    // In the middle of a transaction: what it has written before must go with it.
    if (puts >= 20) throw new DOMException('no space', 'QuotaExceededError');
    return put.apply(this, given);
  });
  await expect(trainToEnd('full')).rejects.toThrow(
    "the browser's storage: is full. Delete runs or data sets that are not needed any more",
  );
  full.mockRestore();
  const resumed = await trainToEnd('full');
  expect(resumed.checkpoint?.counters.step).toBeGreaterThan(0);
  expect(await hashOf('full')).toBe(expected.digits.weightsSha256);
});

test.each([
  ['has no IndexedDB', () => vi.stubGlobal('indexedDB', undefined)],
  [
    'refuses it',
    () =>
      vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
        throw new DOMException('denied', 'SecurityError');
      }),
  ],
])('a window that %s trains in memory, and says so', async (_, refuse) => {
  const real = database;
  expect(real.memoryOnly).toBeUndefined();
  refuse();
  database = await openDatabase(databaseName);
  expect(database.memoryOnly).toBe(
    'This browser keeps nothing for this page (a private window, or storage is blocked).',
  );
  await trainUntil('memory', 40, pause);
  await trainToEnd('memory');
  expect(await hashOf('memory')).toBe(expected.digits.weightsSha256);
  expect(await listRuns(database)).toMatchObject([{ id: 'memory', state: 'finished' }]);
  await deleteRun(database, 'memory');
  expect([await listRuns(database), await database.paths('memory')]).toEqual([[], []]);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  database = real;
});

test('a newer version of the page takes the storage over, and the older one says so', async () => {
  await trainUntil('old', 20, pause);
  const newer = await openDB(databaseName, 2);
  await expect(listRuns(database)).rejects.toThrow(
    "the browser's storage: is in use by a newer version of this page. Reload the page.",
  );
  await expect(openDatabase(databaseName)).rejects.toThrow(
    "the browser's storage: was written by a newer version of this page. Reload the page.",
  );
  newer.close();
});

test('a connection that the browser has ended is opened anew, if not at once then later', async () => {
  database[Symbol.dispose]();
  let connection: IDBDatabase | undefined;
  const open = indexedDB.open.bind(indexedDB);
  const opening = vi.spyOn(indexedDB, 'open').mockImplementation((...of) => {
    const request = open(...of);
    request.addEventListener('success', () => {
      connection = request.result;
    });
    return request;
  });
  database = await openDatabase(databaseName);
  connection?.close();
  connection?.dispatchEvent(new Event('close'));
  opening.mockImplementationOnce(() => {
    throw new DOMException('not now', 'UnknownError');
  });
  await expect(listRuns(database)).rejects.toThrow('cannot be read or written');
  expect(await listRuns(database)).toEqual([]);
  vi.restoreAllMocks();
});

test('changes of one write come in order, see what is there, and come together or not at all', async () => {
  const count = (old: unknown): unknown => ((old as number | undefined) ?? 0) + 1;
  await database.write([
    { store: 'settings', key: 'count', value: 4 },
    { store: 'settings', key: 'count', next: count },
    { store: 'settings', key: 'other', next: count },
  ]);
  await Promise.all(
    Array.from({ length: 5 }, () => database.write([{ store: 'settings', key: 'count', next: count }])),
  );
  expect([await database.get('settings', 'count'), await database.get('settings', 'other')]).toEqual([10, 1]);
  const half = database.write([
    { store: 'settings', key: 'count', value: 0 },
    { store: 'settings', key: 'other', value: () => 'no data' },
  ]);
  await expect(half).rejects.toThrow('could not be cloned');
  expect(await database.get('settings', 'count')).toBe(10);
});

test('of the observations of a long run an even share is kept', async () => {
  const store = await trainUntil('observed', 20, pause);
  for (let step = 30; step <= 6000; step += 3) store.addObservation({ step, epoch: 0, members: [] });
  store.addCheckpoint((await open('observed')).checkpoint!);
  await store.pause();
  const steps = (await textOf('observed', 'observations.jsonl'))
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step)
    .filter((step) => step >= 30);
  expect(steps.length).toBeGreaterThanOrEqual(50);
  expect(steps.length).toBeLessThanOrEqual(120);
  const gaps = steps.slice(1).map((step, index) => step - steps[index]!);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(4 * Math.min(...gaps));
});

test('a run goes into a zip and out of it again with the same bytes, and goes on from there', async () => {
  await trainUntil('travels', 50, pause);
  await renameRun(database, 'travels', '  Über /night/ ');
  const { fileName, bytes } = await exportRun(database, 'travels');
  expect(fileName).toBe('Über-night.zip');
  const entry = await importRun(database, fileName, bytes);
  expect(entry).toMatchObject({ name: 'Über-night', state: 'paused', steps: 117, split: 'validation' });
  expect(entry.step).toBeGreaterThanOrEqual(50);
  expect(await readRunFiles(database, entry.id)).toEqual(await readRunFiles(database, 'travels'));
  await trainToEnd(entry.id);
  expect(await hashOf(entry.id)).toBe(expected.digits.weightsSha256);
  const finished = await importRun(database, 'x.zip', (await exportRun(database, entry.id)).bytes);
  expect(finished).toMatchObject({ state: 'finished', step: 117, split: 'test', adapter: 'CPU path' });
  await expect(importRun(database, 'cut.zip', bytes.slice(0, 5000))).rejects.toThrow(
    'cut.zip: is no zip file, or is cut',
  );
  expect(await listRuns(database)).toHaveLength(3);
});

test('a run is renamed and deleted, but not while it is trained', async () => {
  await trainUntil('first', 20, pause);
  await trainUntil('second', 20, pause);
  await renameRun(database, 'first', ' mine ');
  await expect(renameRun(database, 'first', ' ')).rejects.toThrow('name: is empty. Give the run a name.');
  await withRunLock('first', 'mine', async () => {
    await expect(deleteRun(database, 'first')).rejects.toThrow(
      'mine: is being trained on this page or in another tab.',
    );
  });
  expect((await listRuns(database)).map(({ name }) => name).toSorted()).toEqual(['mine', 'run second']);
  await deleteRun(database, 'first');
  expect((await listRuns(database)).map(({ id }) => id)).toEqual(['second']);
  expect(await database.paths('first')).toEqual([]);
  expect((await database.paths('second')).length).toBeGreaterThan(4);
  await expect(readRunFiles(database, 'first')).rejects.toThrow('is no run that this browser keeps');
});

test('of several runs none is deleted while one of them is trained', async () => {
  for (const id of ['a', 'b']) await (await open(id)).pause();
  const { deleteRuns, restoreRuns } = runsHandlers({ database: async () => database } as Workplace);
  const context = { signal: new AbortController().signal, emit: () => undefined as never };
  await withRunLock('b', 'run b', async () => {
    await expect(deleteRuns({ ids: ['a', 'b'] }, context)).rejects.toThrow('run b: is being trained');
  });
  expect(await listRuns(database)).toHaveLength(2);
  await deleteRuns({ ids: ['a', 'b'] }, context);
  expect(await listRuns(database)).toHaveLength(0);
  await restoreRuns(undefined, context);
  expect(await listRuns(database)).toHaveLength(2);
});
