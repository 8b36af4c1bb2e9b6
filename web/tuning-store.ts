/** Keeps measured launch variants in the page's local storage, which may be closed to it or full: then they are measured again. */
import type { TuningStore } from '../src/gpu/tuning.ts';

export function openTuningStore(): TuningStore {
  const keyOf = (adapter: string): string => `descent tuning: ${adapter}`;
  return {
    load(adapter) {
      try {
        return localStorage.getItem(keyOf(adapter)) ?? undefined;
      } catch {
        return undefined;
      }
    },
    save(adapter, text) {
      try {
        localStorage.setItem(keyOf(adapter), text);
      } catch {
        // Nothing else depends on it.
      }
    },
  };
}
