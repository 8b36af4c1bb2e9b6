/**
 * Data sets on disk: the folder of --data, else the cache of `descent datasets fetch` and Debian's /usr/share/datasets.
 * A folder that is named but not there is an error at once, not a silent search elsewhere.
 */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { DataFiles } from '../src/data/dataset.ts';
import { DataError } from '../src/errors.ts';

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Where everything is kept that can be fetched or found out again. */
export function cacheDir(): string {
  const { XDG_CACHE_HOME: xdgCache, LOCALAPPDATA: localAppData } = process.env;
  if (process.platform === 'win32' && localAppData) return join(localAppData, 'descent');
  return join(xdgCache || join(homedir(), '.cache'), 'descent');
}

/** Where fetched data sets are kept. */
export function datasetCacheDir(): string {
  return join(cacheDir(), 'datasets');
}

/** Where fetched data sets are, and those of Debian's packages. */
export function standardDataFolders(): readonly string[] {
  return [datasetCacheDir(), '/usr/share/datasets'];
}

/** Throws DataError if the folder of --data is none. */
export function checkDataFolder(dataDir: string): void {
  if (isFolder(dataDir)) return;
  throw new DataError(
    dataDir,
    existsSync(dataDir) ? 'is no folder. Give --data a folder.' : 'this data folder is not there. Correct --data.',
  );
}

/**
 * Opens the data folders; paths with `./` are looked up in the current folder, then in `startFolder`, where a run was started. Throws
 * DataError if `dataDir` is given and is no folder.
 */
export function openDataFiles(dataDir?: string, startFolder?: string): DataFiles {
  if (dataDir !== undefined) checkDataFolder(dataDir);
  const roots = dataDir === undefined ? standardDataFolders() : [dataDir];
  const folders = (path: string): readonly string[] =>
    path.startsWith('./') ? [...new Set([process.cwd(), startFolder ?? process.cwd()])] : roots;
  const candidates = (path: string): readonly string[] =>
    isAbsolute(path) ? [path] : folders(path).map((folder) => join(folder, path));
  const found = (path: string): string | undefined =>
    candidates(path).find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return {
    async read(path) {
      const file = found(path);
      if (file === undefined) return undefined;
      try {
        return await readFile(file);
      } catch (error) {
        throw new DataError(file, `cannot be read (${(error as NodeJS.ErrnoException).code}). Check its permissions.`);
      }
    },
    describe(path) {
      return found(path) ?? (isAbsolute(path) ? path : `${path} (looked in ${folders(path).join(' and ')})`);
    },
  };
}
