/**
 * The files of data sets as a page has them: those that were dropped on it, kept in the browser's storage, else those that `descent serve`
 * offers. What is served is asked for once and then read as it is needed.
 */
import * as v from 'valibot';
import type { DataFiles } from '../../src/data/dataset.ts';
import type { ListedFile } from '../../src/data/files.ts';
import { DataError } from '../../src/errors.ts';
import type { DataFile, Database } from './database.ts';

export interface PageFiles extends DataFiles {
  stored(): Promise<readonly DataFile[]>;
  /** Empty where the page does not come from `descent serve`. Throws DataError where that does not answer. */
  served(): Promise<readonly ListedFile[]>;
  /** Keeps all of them, or none. Throws DataError where there is no room. */
  add(files: readonly Omit<DataFile, 'added'>[]): Promise<void>;
  remove(paths: readonly string[]): Promise<void>;
  /** Asks anew what is served. */
  refresh(): void;
}

export interface PageFilesOptions {
  /** The address of `data/`. */
  readonly dataUrl: string | undefined;
  readonly database: Promise<Database>;
  /** What to do where a file is missing. */
  readonly cure: (path: string) => string;
}

const listSchema = v.object({ files: v.array(v.object({ path: v.string(), sizeBytes: v.number() })) });

export function openPageFiles({ dataUrl, database, cure }: PageFilesOptions): PageFiles {
  let served: Promise<readonly ListedFile[]> | undefined;

  async function ask(path: string): Promise<Response> {
    const url = new URL(path.split('/').map(encodeURIComponent).join('/'), dataUrl);
    let response: Response;
    try {
      response = await fetch(url);
    } catch {
      throw new DataError(url.href, 'cannot be reached. Start "descent serve" again, and reload the page.');
    }
    if (response.ok) return response;
    throw new DataError(url.href, `was refused by the server (${response.status}). Start "descent serve" again.`);
  }

  async function list(): Promise<readonly ListedFile[]> {
    if (dataUrl === undefined) return [];
    const result = v.safeParse(listSchema, await (await ask('index.json')).json());
    if (result.success) return result.output.files;
    throw new DataError(dataUrl, 'lists its files in a form that this page does not know. Reload the page.');
  }

  function listOnce(): Promise<readonly ListedFile[]> {
    if (served === undefined) {
      served = list();
      served.catch(() => {
        served = undefined;
      });
    }
    return served;
  }

  return {
    async read(path) {
      const stored = await (await database).get('data', path);
      if (stored !== undefined) return new Uint8Array(await readBlob(stored.bytes, path));
      const offered = await listOnce();
      if (!offered.some((file) => file.path === path)) return undefined;
      return new Uint8Array(await (await ask(path)).arrayBuffer());
    },
    describe: (path) => path,
    cure,
    stored: async () => (await database).list('data'),
    served: listOnce,
    async add(files) {
      const added = new Date().toISOString();
      await (
        await database
      ).write(files.map((file) => ({ store: 'data', key: file.path, value: { ...file, added } }) as const));
    },
    async remove(paths) {
      await (await database).write(paths.map((path) => ({ store: 'data', key: path }) as const));
    },
    refresh() {
      served = undefined;
    },
  };
}

/** The bytes of a file or of an entry of the storage. Throws DataError where the browser cannot read it any more. */
export async function readBlob(blob: Blob, path: string): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new DataError(path, 'cannot be read any more; it may have been moved or changed. Drop it on the page again.');
  }
}

export interface StorageUse {
  readonly usedBytes: number;
  /** What the browser would allow. */
  readonly quotaBytes: number;
  /** Whether the browser has promised not to clear it by itself. */
  readonly persistent: boolean;
}

/** How full the browser's storage is; undefined where it does not tell. */
export async function storageUse(): Promise<StorageUse | undefined> {
  // Absent where the page came over plain HTTP from another machine.
  const storage = navigator.storage as StorageManager | undefined;
  if (storage === undefined) return undefined;
  const [{ usage = 0, quota = 0 }, persistent] = await Promise.all([storage.estimate(), storage.persisted()]);
  return { usedBytes: usage, quotaBytes: quota, persistent };
}

/** Asks the browser not to clear the page's storage by itself; it may refuse. Of a page, not of a worker. */
export async function keepStorage(): Promise<boolean> {
  const storage = navigator.storage as StorageManager | undefined;
  return (await storage?.persist()) ?? false;
}
