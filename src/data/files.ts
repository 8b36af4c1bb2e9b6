/** Finding the files of a data set, and saying what is missing. */
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
