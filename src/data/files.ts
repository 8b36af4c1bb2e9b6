/** Finding the files of a data set, and saying what is missing and what to do about it. */
import { DataError } from '../errors.ts';
import type { DataFiles } from './dataset.ts';

export interface FoundFile {
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly place: string;
}

/** A file below a data folder, as a page is told of it. */
export interface ListedFile {
  /** With slashes. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Whether a file may be one of a data set, by its name. */
export function isDataFile(path: string): boolean {
  return /(^|\/)[^./][^/]*\.(gz|bin|csv|safetensors)$/i.test(path);
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
  const cure =
    files.cure?.(path) ??
    `Fetch the set with "descent datasets fetch ${setName}", or name the folder that holds it with --data DIR.`;
  return new DataError(files.describe(path), `not found. ${cure}`);
}

/**
 * A file of one's own that a recipe names: in the data folder, in its folder for such files, or in the current one. Throws DataError if it is
 * in none of them.
 */
export async function findOwnFile(files: DataFiles, path: string, folder: string): Promise<FoundFile> {
  const inside = path.replace(/^(\.[\\/])+/, '');
  const isAbsolute = /^([\\/]|[a-z]:)/i.test(inside);
  const others = isAbsolute ? [] : [`${folder}/${inside}`, `./${inside}`];
  const found = await findFile(files, [inside, ...others]);
  if (found !== undefined) return found;
  const alsoTried = files.cure === undefined ? others.map((other) => `, nor ${files.describe(other)}`).join('') : '';
  const cure = files.cure?.(inside) ?? 'Correct the path in the recipe, or name its folder with --data DIR.';
  throw new DataError(files.describe(inside), `not found${alsoTried}. ${cure}`);
}

/** The last part of a path, of either kind of slashes. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
