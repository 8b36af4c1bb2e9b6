/** The lock of a run in the browser: one tab at a time writes to it. A tab that is closed or killed lets go of its locks by itself. */
import { DataError } from '../../src/errors.ts';

const prefix = 'descent run ';

/**
 * Does a job as the only one that writes to a run, in all tabs. Throws DataError where another does. A page without a secure context has
 * no locks, and shares its storage with no other tab that trains.
 */
export async function withRunLock<T>(id: string, name: string, job: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return job();
  return locks.request(prefix + id, { ifAvailable: true }, (lock) => {
    if (lock === null)
      throw new DataError(name, 'is being trained on this page or in another tab. Stop it there first.');
    return job();
  });
}

/** Ids of the runs that somebody writes to; none where the page has no locks. */
export async function lockedRuns(): Promise<ReadonlySet<string>> {
  const locks = navigator.locks as LockManager | undefined;
  const held = (await locks?.query())?.held ?? [];
  return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) === true ? [name.slice(prefix.length)] : [])));
}
