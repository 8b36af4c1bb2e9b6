/**
 * Writes the files of a run or a search and its entry in the list, one transaction after the other; what comes while one is written goes into
 * the next. What cannot be written is thrown by the next call.
 */
import type { Change, Database, RunEntry } from './database.ts';

export interface EntryWriter {
  /** Takes a file into the next transaction; `undefined` removes it. */
  set(path: string, bytes: Uint8Array | undefined): void;
  /** Takes fields of the entry into the next transaction. */
  change(fields: Partial<RunEntry>): void;
  /** Begins to write; `then` is called once this or a later state is in the storage. */
  write(fields: Partial<RunEntry>, then?: () => void): void;
  /** Waits until all is written. */
  settle(): Promise<void>;
}

export function openEntryWriter(database: Database, id: string): EntryWriter {
  const changed = new Map<string, Uint8Array | undefined>();
  let entryChange: Partial<RunEntry> = {};
  let onWritten: () => void = () => undefined;
  let writing: Promise<void> | undefined;
  let failure: { readonly cause: unknown } | undefined;

  async function writeAll(): Promise<void> {
    try {
      while (entryChange.updated !== undefined) {
        const fields = entryChange;
        const then = onWritten;
        const files = Array.from(changed, ([path, value]): Change => ({ store: 'files', key: [id, path], value }));
        entryChange = {};
        onWritten = () => undefined;
        changed.clear();
        await database.write([...files, changeEntry(id, fields)]);
        then();
      }
    } catch (cause) {
      failure ??= { cause };
    } finally {
      writing = undefined;
    }
  }

  return {
    set(path, bytes) {
      changed.set(path, bytes);
    },
    change(fields) {
      entryChange = { ...entryChange, ...fields };
    },
    write(fields, then = onWritten) {
      if (failure !== undefined) throw failure.cause;
      entryChange = { ...entryChange, ...fields, updated: new Date().toISOString() };
      onWritten = then;
      writing ??= writeAll();
    },
    async settle() {
      await writing;
      if (failure !== undefined) throw failure.cause;
    },
  };
}

/** Nothing where the run has been deleted. */
export function changeEntry(id: string, fields: Partial<RunEntry>): Change {
  return { store: 'runs', key: id, next: (old) => old && { ...old, ...fields } };
}
