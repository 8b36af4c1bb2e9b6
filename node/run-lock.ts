/**
 * The lock of a run folder: run.lock, created only where there is none, names the process that writes. What a process left behind that was
 * killed is stale, and taken over; of a process on another computer only a person can tell.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { DataError } from '../src/errors.ts';

/** Locks of this process: after a restart in a container another process may have had its id. */
const held = new Set<string>();

/**
 * Locks a run folder, which is created if need be, until disposed of or the process exits. Throws DataError where another process writes
 * there.
 */
export function lockRun(folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const path = resolve(folder, 'run.lock');
  if (!create(path)) {
    const holder = readFileSync(path, 'utf8').trim();
    if (!isStale(path, holder)) {
      throw new DataError(
        folder,
        `is being written by another process (${holder}). Wait until it ends, or choose another --out; if it is gone, delete ` +
          `${join(folder, 'run.lock')}.`,
      );
    }
    rmSync(path, { force: true });
    if (!create(path)) throw new DataError(folder, 'another process has just begun to write here. Wait until it ends.');
  }
  held.add(path);
  const release = (): void => {
    process.off('exit', release);
    held.delete(path);
    rmSync(path, { force: true });
  };
  process.on('exit', release);
  return { [Symbol.dispose]: release };
}

/** Creates the lock; false where there is one. */
function create(path: string): boolean {
  try {
    writeFileSync(path, `process ${process.pid} on ${hostname()}\n`, { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

/** Whether the process that left a lock is gone for certain. */
function isStale(path: string, holder: string): boolean {
  const [, pid, host] = /^process (\d+) on (.*)$/.exec(holder) ?? [];
  if (pid === undefined || host !== hostname() || held.has(path)) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
