/** How much this page keeps in the browser, and whether the browser may clear it when space runs low. */
import { signal } from '@preact/signals';
import * as browser from '../storage/data-files.ts';
import type { StorageUse } from '../storage/data-files.ts';

/** Undefined until it is known, or where the browser does not tell. */
export const storageUse = signal<StorageUse | undefined>(undefined);

export async function readStorageUse(): Promise<void> {
  const next = await browser.storageUse();
  if (JSON.stringify(next) !== JSON.stringify(storageUse.value)) storageUse.value = next;
}

/** Asks the browser to keep it; browsers decide by themselves or ask the person. Says whether it will. */
export async function askToKeep(): Promise<boolean> {
  const isKept = await browser.keepStorage();
  await readStorageUse();
  return isKept;
}
