/** Finding the files of a data set, saying what is missing, and recognising official content. */
import { DataError } from '../errors.ts';
import type { DataFiles } from './dataset.ts';

export interface FoundFile {
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly place: string;
}

/** The first of these files that is there. */
export async function findFile(files: DataFiles, paths: readonly string[]): Promise<FoundFile | undefined> {
  for (const path of paths) {
    const bytes = await files.read(path);
    if (bytes !== undefined) return { bytes, place: files.describe(path) };
  }
  return undefined;
}

/** The error for a file of a set that can be fetched. */
export function missingFile(files: DataFiles, path: string, setName: string): DataError {
  return new DataError(
    files.describe(path),
    `not found. Fetch the set with "descent datasets fetch ${setName}", or name the folder that holds it with ` +
      '--data DIR.',
  );
}

/** Lower-case hexadecimal sha256, or undefined where the platform offers none (a page without a secure context). */
export async function sha256(bytes: Uint8Array): Promise<string | undefined> {
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
