// What keeps launch variants from run to run: whole files in Node, local storage in a page, and no error where neither is there.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openTuningStore } from '../../node/tuning-store.ts';
import { openTuningStore as openPageStore } from '../../web/tuning-store.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'descent-test-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(root, { recursive: true });
});

test('each adapter gets back what was saved for it last, in the cache folder', () => {
  vi.stubEnv('XDG_CACHE_HOME', root);
  const store = openTuningStore();
  expect(store.load('one')).toBeUndefined();
  for (const text of ['first', 'second']) store.save('one', text);
  store.save('../other: 2', 'third');
  const again = openTuningStore();
  expect([again.load('one'), again.load('../other: 2'), again.load('two')]).toEqual(['second', 'third', undefined]);
  const names = readdirSync(join(root, 'descent', 'tuning'));
  expect(names).toHaveLength(2);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}\.json$/);
});

test('a folder that cannot be made is no error', () => {
  writeFileSync(join(root, 'file'), '');
  const store = openTuningStore(join(root, 'file', 'tuning'));
  store.save('one', 'text');
  expect(store.load('one')).toBeUndefined();
});

test('a page keeps it in its local storage, and goes without where that is closed', () => {
  const items = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
  });
  openPageStore().save('one', 'text');
  expect([openPageStore().load('one'), openPageStore().load('two')]).toEqual(['text', undefined]);
  const closed = (): never => {
    throw new Error('closed');
  };
  vi.stubGlobal('localStorage', { getItem: closed, setItem: closed });
  openPageStore().save('one', 'text');
  expect(openPageStore().load('one')).toBeUndefined();
});
