/**
 * New files of data sets, tried before they are kept: each is parsed, and a set that becomes complete is loaded as a training would load it.
 * What has a fault is not kept, and its sentence says why.
 */
import { fileLayouts } from '../../src/data/catalogue.ts';
import type { CatalogueEntry } from '../../src/data/catalogue.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import type { DataFiles, Dataset } from '../../src/data/dataset.ts';
import { DataError, DescentError } from '../../src/errors.ts';
import { readCifar } from '../../src/formats/cifar.ts';
import { readTable } from '../../src/formats/csv.ts';
import { gunzip, gunzipIfNeeded, isGzip } from '../../src/formats/gzip.ts';
import { readIdx } from '../../src/formats/idx.ts';
import { parseData } from '../../src/recipe/parse.ts';
import type { AddedFiles, AddProgress, DataDescription, NewFile } from '../protocol/data.ts';
import { readBlob } from '../storage/data-files.ts';
import type { PageFiles } from '../storage/data-files.ts';
import { groupBy } from './group.ts';
import { setOfFile, withNewFiles } from './page-files.ts';

export async function addFiles(
  added: readonly NewFile[],
  files: PageFiles,
  onProgress: (progress: AddProgress) => void,
): Promise<AddedFiles> {
  const outcome = { paths: [] as string[], faults: [] as string[], notes: [] as string[] };
  const groups = groupBy(added, ({ path }) => setOfFile(path)?.name ?? path);
  let done = 0;
  for (const group of groups.values()) {
    onProgress({
      what: group.length === 1 ? (group[0]?.path ?? '') : `${group.length} files`,
      done,
      total: added.length,
    });
    try {
      outcome.notes.push(...(await addGroup(group, files)));
      outcome.paths.push(...group.map(({ path }) => path));
    } catch (cause) {
      if (!(cause instanceof DescentError)) throw cause;
      outcome.faults.push(cause.message);
    }
    done += group.length;
  }
  return outcome;
}

/** Files of one set; returns what a user should know of it. */
async function addGroup(group: readonly NewFile[], files: PageFiles): Promise<readonly string[]> {
  const contents = new Map<string, Uint8Array>();
  const kept: { path: string; bytes: Blob; about?: DataDescription }[] = [];
  let notes: readonly string[] = [];
  for (const { path, bytes } of group) {
    const content = new Uint8Array(await readBlob(bytes, path));
    // The IDX files of Fashion-MNIST are also handed on unpacked.
    const packed = path.startsWith('fashion-mnist/') && !isGzip(content) ? await pack(content, path) : undefined;
    contents.set(path, packed ?? content);
    kept.push({ path, bytes: packed === undefined ? bytes : new Blob([packed]) });
  }
  const set = setOfFile(group[0]?.path ?? '');
  const trial = withNewFiles(files, contents);
  if (set === undefined) {
    for (const file of kept) {
      const about = await tryOwnFile(file.path, contents.get(file.path) ?? new Uint8Array(), trial);
      if (about !== undefined) file.about = about;
    }
  } else if (await isComplete(set, [...contents.keys()], files)) {
    ({ notes } = await loadDataset(parseData({ source: set.name }), trial));
  } else {
    for (const [path, content] of contents) await tryPart(path, content);
  }
  await files.add(kept);
  return notes;
}

async function pack(content: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array<ArrayBuffer>> {
  readIdx(content, path);
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A table or packed images; what it is, where the file alone tells. */
async function tryOwnFile(path: string, content: Uint8Array, trial: DataFiles): Promise<DataDescription | undefined> {
  if (path.endsWith('.safetensors')) {
    return describeDataset(await loadDataset(parseData({ source: 'images', file: path }), trial));
  }
  const { columns } = readTable(await gunzipIfNeeded(content, path), path);
  if (columns.length < 2) {
    throw new DataError(path, 'has one column only, expected input columns and a target column.');
  }
  return undefined;
}

async function isComplete(set: CatalogueEntry, added: readonly string[], files: PageFiles): Promise<boolean> {
  // Without its server a page goes on with what it has.
  const served = await files.served().catch(() => []);
  const there = new Set([...added, ...[...(await files.stored()), ...served].map(({ path }) => path)]);
  return fileLayouts(set).some((layout) => layout.every((path) => there.has(path)));
}

/** One file of a set that is not complete yet. */
async function tryPart(path: string, content: Uint8Array): Promise<void> {
  if (path.endsWith('.gz')) readIdx(await gunzip(content, path), path);
  else readCifar(content, path);
}

export function describeDataset({
  task,
  rowCount,
  inputShape,
  outputCount,
  classNames,
  parts,
  notes,
}: Dataset): DataDescription {
  return {
    task,
    rowCount,
    inputShape,
    outputCount,
    ...(classNames && { classNames }),
    hasTestPart: parts['test'] !== undefined,
    notes,
  };
}
