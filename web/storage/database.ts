/**
 * What the page keeps in the browser: one IndexedDB database for runs, data files and settings. Every write is one transaction, whole or
 * not at all. Where the browser allows no IndexedDB (some private windows), a memory with the same interface stands in, and says so; it
 * belongs to whoever opened it, so what the worker and the page share is asked of the worker.
 */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import { DataError, DescentError } from '../../src/errors.ts';
import type { DataDescription } from '../protocol/data.ts';

/** What a list shows of a run without reading its files. */
export interface RunEntry {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly updated: string;
  readonly kind: 'run' | 'search';
  /** `stopped`: a search that was ended before all of it was trained. */
  readonly state: 'training' | 'paused' | 'stopped' | 'finished' | 'failed';
  /** Steps done, as of the last checkpoint; runs done, of a search. */
  readonly step: number;
  readonly steps: number;
  readonly recipeName: string;
  /** Source of the data, such as `digits`. */
  readonly dataset: string;
  /** What it was last trained on; of an imported run that is not finished nobody knows. */
  readonly device?: 'gpu' | 'cpu';
  readonly adapter?: string;
  /** The rows that loss and accuracy are of; of a population they are its first member's. */
  readonly split?: 'train' | 'validation' | 'test';
  readonly loss?: number;
  readonly accuracy?: number;
  /** Of training, over all sessions. */
  readonly seconds?: number;
  readonly note?: string;
}

export interface DataFile {
  readonly path: string;
  readonly bytes: Blob;
  /** Of a file that is a whole set. */
  readonly about?: DataDescription;
  /** ISO 8601. */
  readonly added: string;
}

/** The stores, each with its keys and values. */
interface Stores extends DBSchema {
  /** By id. */
  runs: { key: string; value: RunEntry };
  /** By id of the run and path in its folder. */
  files: { key: [run: string, path: string]; value: Uint8Array };
  /** By path. */
  data: { key: string; value: DataFile };
  /** Anything that JSON can hold, by name. */
  settings: { key: string; value: unknown };
}
const storeNames = ['runs', 'files', 'data', 'settings'] as const;
export type StoreName = (typeof storeNames)[number];
type Key<S extends StoreName> = Stores[S]['key'];
type Value<S extends StoreName> = Stores[S]['value'];

/** What becomes of one entry: a value, or what `next` makes of the old one; `undefined` removes it. */
interface ChangeOf<S extends StoreName> {
  readonly store: S;
  readonly key: Key<S>;
  readonly value?: Value<S> | undefined;
  readonly next?: (old: Value<S> | undefined) => Value<S> | undefined;
}
export type Change = { [S in StoreName]: ChangeOf<S> }[StoreName];

export interface Database extends Disposable {
  /** Why nothing outlives this page, where that is so. */
  readonly memoryOnly: string | undefined;
  get<S extends StoreName>(store: S, key: Key<S>): Promise<Value<S> | undefined>;
  list<S extends 'runs' | 'data'>(store: S): Promise<Value<S>[]>;
  /** Paths of a run's files, in order. */
  paths(run: string): Promise<string[]>;
  /** A run's files by path, as they are at one moment. */
  files(run: string): Promise<Map<string, Uint8Array>>;
  /** All changes, in one transaction, or none; later writes come after earlier ones. Throws DataError where there is no room. */
  write(changes: readonly Change[]): Promise<void>;
}

/** Opens the database, to be held as long as the page or the worker lives. Throws DataError for one that cannot be used. */
export async function openDatabase(name = 'descent'): Promise<Database> {
  const refused = (): Database =>
    openMemory('This browser keeps nothing for this page (a private window, or storage is blocked).');
  if (typeof indexedDB === 'undefined') return refused();
  try {
    return await openIndexed(name);
  } catch (cause) {
    if (refusals.includes(nameOf(cause))) return refused();
    throw storageError(cause);
  }
}

/** How browsers say that a window may store nothing. */
const refusals: readonly string[] = ['SecurityError', 'InvalidStateError', 'UnknownError', 'NotAllowedError'];

async function openIndexed(name: string): Promise<Database> {
  let connection: Promise<IDBPDatabase<Stores>> | undefined;

  /** The connection; a new one where the browser has ended it. */
  function connect(): Promise<IDBPDatabase<Stores>> {
    if (connection !== undefined) return connection;
    const opened = new Promise<IDBPDatabase<Stores>>((resolve, reject) => {
      openDB<Stores>(name, 1, {
        upgrade(database) {
          for (const store of storeNames) database.createObjectStore(store);
        },
        blocked: () => reject(new DataError(place, 'is held by an older version of this page. Close its other tabs.')),
        // A newer version of the page needs it; what this one still asks for is refused with a sentence.
        blocking: (_held, _wanted, event) => (event.target as IDBDatabase).close(),
        terminated() {
          connection = undefined;
        },
      }).then(resolve, reject);
    });
    connection = opened;
    opened.catch(() => {
      // Another time it may be there.
      if (connection === opened) connection = undefined;
    });
    return opened;
  }

  async function use<T>(work: (database: IDBPDatabase<Stores>) => Promise<T>): Promise<T> {
    try {
      return await work(await connect());
    } catch (cause) {
      throw storageError(cause);
    }
  }

  await connect();
  return {
    memoryOnly: undefined,
    get: (store, key) => use((database) => database.get(store, key)),
    list: (store) => use((database) => database.getAll(store)),
    paths: (run) => use(async (database) => (await database.getAllKeys('files', keysOf(run))).map(([, path]) => path)),
    files: (run) =>
      use(async (database) => {
        const { store } = database.transaction('files');
        const [keys, values] = await Promise.all([store.getAllKeys(keysOf(run)), store.getAll(keysOf(run))]);
        return new Map(values.map((value, index) => [keys[index]?.[1] ?? '', value]));
      }),
    write: (changes) => use((database) => writeAll(database, changes)),
    [Symbol.dispose]() {
      void connection?.then((database) => database.close());
    },
  };
}

/** The keys of a run's files: a list comes after every text in the order of keys. */
function keysOf(run: string): IDBKeyRange {
  return IDBKeyRange.bound([run], [run, []]);
}

async function writeAll(database: IDBPDatabase<Stores>, changes: readonly Change[]): Promise<void> {
  const names = storeNames.filter((name) => changes.some(({ store }) => store === name));
  if (names.length === 0) return;
  const transaction = database.transaction(names, 'readwrite');
  const apply = async (): Promise<void> => {
    try {
      for (const { store: name, key, value, next } of changes as readonly ChangeOf<StoreName>[]) {
        const store = transaction.objectStore(name);
        const wanted = next === undefined ? value : next(await store.get(key));
        await (wanted === undefined ? store.delete(key) : store.put(wanted, key));
      }
    } catch (cause) {
      // Unless the browser has done so already.
      if (transaction.error === null) transaction.abort();
      throw cause;
    }
  };
  await Promise.all([apply(), transaction.done]);
}

function openMemory(reason: string): Database {
  const stores = Object.fromEntries(storeNames.map((name) => [name, new Map<string, unknown>()]));
  const entries = (store: StoreName): Map<string, unknown> => stores[store] ?? new Map();
  const get = <S extends StoreName>(store: S, key: Key<S>): Value<S> | undefined =>
    structuredClone(entries(store).get(JSON.stringify(key))) as Value<S> | undefined;
  const paths = (run: string): string[] => {
    const keys = Array.from(entries('files').keys(), (key) => JSON.parse(key) as Key<'files'>);
    return keys.flatMap(([of, path]) => (of === run ? [path] : [])).toSorted();
  };
  return {
    memoryOnly: reason,
    get: async (store, key) => get(store, key),
    list: async <S extends 'runs' | 'data'>(store: S) => structuredClone([...entries(store).values()]) as Value<S>[],
    paths: async (run) => paths(run),
    files: async (run) => new Map(paths(run).map((path) => [path, get('files', [run, path]) ?? new Uint8Array()])),
    async write(changes) {
      for (const { store, key, value, next } of changes as readonly ChangeOf<StoreName>[]) {
        const wanted = next === undefined ? value : next(get(store, key));
        if (wanted === undefined) entries(store).delete(JSON.stringify(key));
        else entries(store).set(JSON.stringify(key), structuredClone(wanted));
      }
    },
    [Symbol.dispose]() {
      for (const store of storeNames) entries(store).clear();
    },
  };
}

const place = "the browser's storage";

/** A sentence for what browsers say of their storage; anything else as it is. */
function storageError(cause: unknown): unknown {
  const fault = storageFaults[nameOf(cause)];
  return fault === undefined || cause instanceof DescentError ? cause : new DataError(place, fault);
}

const storageFaults: Readonly<Record<string, string>> = {
  QuotaExceededError: 'is full. Delete runs or data sets that are not needed any more, or free space on the disk.',
  VersionError: 'was written by a newer version of this page. Reload the page.',
  // The connection is closed: a newer version of the page has taken over.
  InvalidStateError: 'is in use by a newer version of this page. Reload the page.',
  AbortError: 'took nothing: the browser ended the write. Try again; if it comes back, free space on the disk.',
  UnknownError: 'cannot be read or written: the browser gives no reason. Free space on the disk, or reload the page.',
};

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}
