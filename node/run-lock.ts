/**
 * The lock of a run folder: run.lock, created only where there is none, names the process that writes. What a process left behind that was
 * killed is stale, and taken over; of a process on another computer only a person can tell.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
    const holder = readHolder(path);
    if (holder !== undefined && !isStale(path, holder)) throw heldError(folder, holder);
    takeAway(path, holder);
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

function heldError(folder: string, holder: string): DataError {
  return new DataError(
    folder,
    `is being written by another process (${holder}). Wait until it ends, or choose another --out; if it is gone, delete ` +
      `${join(folder, 'run.lock')}.`,
  );
}

/** What a lock says; undefined if it has just been released. */
function readHolder(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Removes a stale lock, and no other that another process has put in its place meanwhile. */
function takeAway(path: string, stale: string | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readHolder(aside) !== stale) linkSync(aside, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw cause;
  }
  rmSync(aside, { force: true });
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
