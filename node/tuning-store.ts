/**
 * Keeps measured launch variants in the cache folder, one small file for each adapter. Losing one costs two seconds, so no fault here
 * is an error.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TuningStore } from '../src/gpu/tuning.ts';
import { cacheDir } from './files.ts';

export function openTuningStore(folder = join(cacheDir(), 'tuning')): TuningStore {
  const pathOf = (adapter: string): string =>
    join(folder, `${createHash('sha256').update(adapter).digest('hex').slice(0, 16)}.json`);
  return {
    load(adapter) {
      try {
        return readFileSync(pathOf(adapter), 'utf8');
      } catch {
        return undefined;
      }
    },
    save(adapter, text) {
      try {
        mkdirSync(folder, { recursive: true });
        // A name of its own, since several processes may save at once.
        const unfinished = mkdtempSync(join(folder, 'unfinished.'));
        try {
          writeFileSync(join(unfinished, 'variants.json'), text);
          renameSync(join(unfinished, 'variants.json'), pathOf(adapter));
        } finally {
          rmSync(unfinished, { recursive: true });
        }
      } catch {
        // Measured again next time.
      }
    },
  };
}
