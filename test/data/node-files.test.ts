// Data folders on disk: which are searched, and what is said of those that are not there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { datasetCacheDir, openDataFiles } from '../../node/files.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { DataError } from '../../src/errors.ts';
import { dataRecipe } from './memory-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descent-files-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('a file of the data folder is read, and its place is its path', async () => {
  mkdirSync(join(folder, 'tables'));
  writeFileSync(join(folder, 'tables', 't.csv'), 'a,y\n1,0\n2,1\n');
  const files = openDataFiles(folder);
  expect(files.describe('tables/t.csv')).toBe(join(folder, 'tables', 't.csv'));
  expect((await loadDataset(dataRecipe({ source: 'csv', file: 't.csv' }), files)).rowCount).toBe(2);
  expect(await files.read('tables')).toBeUndefined();
  expect(await files.read('other.csv')).toBeUndefined();
  expect(files.describe('other.csv')).toBe(`other.csv (looked in ${folder})`);
});

test('paths that are absolute or start with ./ lead outside the data folder', async () => {
  const file = join(folder, 't.csv');
  writeFileSync(file, 'a,y\n1,0\n2,1\n');
  const elsewhere = openDataFiles(tmpdir());
  expect(await elsewhere.read(file)).toBeDefined();
  expect(await elsewhere.read(`./${relative(process.cwd(), file)}`)).toBeDefined();
});

test('paths with ./ are looked up in the current folder, then where the run was started', async () => {
  writeFileSync(join(folder, 't.csv'), 'a,y\n1,0\n2,1\n');
  const files = openDataFiles(tmpdir(), folder);
  expect(files.describe('./t.csv')).toBe(join(folder, 't.csv'));
  expect(await files.read('./t.csv')).toBeDefined();
  expect(await files.read('t.csv')).toBeUndefined();
  expect(files.describe('./u.csv')).toBe(`./u.csv (looked in ${process.cwd()} and ${folder})`);
  expect(openDataFiles(tmpdir()).describe('./u.csv')).toBe(`./u.csv (looked in ${process.cwd()})`);
});

test('without a data folder the cache of the fetch command is searched', async () => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
  vi.stubEnv('LOCALAPPDATA', folder);
  expect(datasetCacheDir()).toBe(join(folder, 'descent', 'datasets'));
  mkdirSync(datasetCacheDir(), { recursive: true });
  writeFileSync(join(datasetCacheDir(), 'x.bin'), 'abc');
  expect(await openDataFiles().read('x.bin')).toHaveLength(3);
  expect(openDataFiles().describe('y.bin')).toBe(`y.bin (looked in ${datasetCacheDir()} and /usr/share/datasets)`);
  expect(await openDataFiles(folder).read('x.bin')).toBeUndefined();
});

test('a data folder that is not there, or is a file, is refused', () => {
  expect(() => openDataFiles(join(folder, 'no'))).toThrow(DataError);
  expect(() => openDataFiles(join(folder, 'no'))).toThrow('no: this data folder is not there');
  writeFileSync(join(folder, 'file'), '');
  expect(() => openDataFiles(join(folder, 'file'))).toThrow('file: is no folder');
});
