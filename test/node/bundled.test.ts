// Unpacking into the cache: whole or not at all, by several at once, and beside the cache where that is closed.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { unpackBundle } from '../../node/bundled.ts';

let root = '';
let bin = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'descent-test-'));
  bin = join(root, 'package', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(root, 'package', 'package.json'), '{"version":"1.0.0"}');
  const tar = createTar([
    { name: 'lib/driver.so', data: 'driver' },
    { name: 'driver.json', data: '{}' },
  ]);
  writeFileSync(join(bin, 'swiftshader.tar.br'), brotliCompressSync(tar));
  writeFileSync(join(bin, 'chromium.br'), brotliCompressSync('browser'));
  mkdirSync(join(root, 'tmp'));
  vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'));
  vi.stubEnv('TMPDIR', join(root, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

test('archives are unpacked side by side, and a second call finds the same folder', async () => {
  const folder = await unpackBundle(bin, 'both', ['swiftshader.tar.br', 'chromium.br']);
  expect(folder.startsWith(join(root, 'cache', 'descent', 'both-'))).toBe(true);
  expect(readFileSync(join(folder, 'lib', 'driver.so'), 'utf8')).toBe('driver');
  expect(readFileSync(join(folder, 'chromium'), 'utf8')).toBe('browser');
  writeFileSync(join(folder, 'mark'), '');
  expect(await unpackBundle(bin, 'both', ['swiftshader.tar.br', 'chromium.br'])).toBe(folder);
  expect(existsSync(join(folder, 'mark'))).toBe(true);
});

test('several at once end with one whole folder', async () => {
  const unpacking = Array.from({ length: 8 }, () => unpackBundle(bin, 'driver', ['swiftshader.tar.br']));
  const folders = new Set(await Promise.all(unpacking));
  expect(folders.size).toBe(1);
  expect(readdirSync(join(root, 'cache', 'descent'))).toHaveLength(1);
});

test('a broken archive leaves nothing behind', async () => {
  writeFileSync(join(bin, 'chromium.br'), brotliCompressSync(randomBytes(1e6)).subarray(0, 5e5));
  await expect(unpackBundle(bin, 'browser', ['swiftshader.tar.br', 'chromium.br'])).rejects.toThrow();
  expect(readdirSync(join(root, 'cache', 'descent'))).toEqual([]);
});

test('another version of the package gets another folder', async () => {
  const before = await unpackBundle(bin, 'driver', ['swiftshader.tar.br']);
  writeFileSync(join(root, 'package', 'package.json'), '{"version":"1.0.1"}');
  expect(await unpackBundle(bin, 'driver', ['swiftshader.tar.br'])).not.toBe(before);
});

test('a cache that cannot be written is replaced by the temporary folder; without either the error says so', async () => {
  writeFileSync(join(root, 'cache'), 'a file where the folder should be');
  const folder = await unpackBundle(bin, 'driver', ['swiftshader.tar.br']);
  expect(folder.startsWith(join(root, 'tmp', 'descent-'))).toBe(true);
  rmSync(join(root, 'tmp'), { recursive: true });
  writeFileSync(join(root, 'tmp'), '');
  await expect(unpackBundle(bin, 'driver', ['swiftshader.tar.br'])).rejects.toThrow('cannot be unpacked into');
});
