/**
 * CIFAR-10 (A. Krizhevsky, 2009): five training batches and one test batch of 10,000 images of 32x32 colour pixels, as
 * files or as the official archive. A recipe that names single batches gets only those, which saves memory.
 */
import { parseTar } from 'nanotar';
import { DataError } from '../errors.ts';
import { cifarRecordBytes, readCifar } from '../formats/cifar.ts';
import { gunzip } from '../formats/gzip.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { DataFiles, Dataset, RowRange } from './dataset.ts';
import { sha256 } from '../formats/sha256.ts';
import { findFile, missingFile } from './files.ts';
import type { FoundFile } from './files.ts';

const batchRows = 10_000;
const imageBytes = 3072;
const archiveName = 'cifar-10-binary.tar.gz';
const classNames = 'airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck'.split(',');

interface Batch {
  readonly part: string;
  readonly file: string;
  /** sha256 of the first 400 records of the official file: enough to tell copies that went through JPEG apart. */
  readonly startSha256: string;
}

const batches: readonly Batch[] = [
  {
    part: 'batch1',
    file: 'data_batch_1.bin',
    startSha256: 'cd792564eccf0369c1ee140e00c2ec87176eeeafeaa8fc51673d44a4f5db1493',
  },
  {
    part: 'batch2',
    file: 'data_batch_2.bin',
    startSha256: '73df4fe1d728e2969e45a565f49d1bc668dbe5606352a79e4d1ba3be142ceaf2',
  },
  {
    part: 'batch3',
    file: 'data_batch_3.bin',
    startSha256: '1e5ac5f5e65addbc11075f13cf0e10ff87b6ec7d456e125aae633b8fbc19cc31',
  },
  {
    part: 'batch4',
    file: 'data_batch_4.bin',
    startSha256: '595c50a17490fd95b7763ebe2882962788cb927c7ce74a73a177a305a275aa38',
  },
  {
    part: 'batch5',
    file: 'data_batch_5.bin',
    startSha256: '3d7162912e4594849e7c6377f2f74a36136546cc5489dee31184054594cad6d2',
  },
  {
    part: 'test',
    file: 'test_batch.bin',
    startSha256: '6a042fdce0beb354b048c89e06ebae735061745359c5dbe2444c8b1f6d5912d1',
  },
];
const comparedRecords = 400;

/** Bytes [rows, 32, 32, 3]; parts `train`, `batch1` to `batch5` and `test`, as far as the recipe needs them. */
export async function loadCifar10(data: DataRecipe, files: DataFiles): Promise<Dataset> {
  const needed = neededBatches(data);
  const inputs = new Uint8Array(needed.length * batchRows * imageBytes);
  const labels = new Uint32Array(needed.length * batchRows);
  const parts: Record<string, RowRange> = {};
  const differing: string[] = [];
  const open = batchOpener(files);
  for (const [index, { part, file, startSha256 }] of needed.entries()) {
    const { bytes, place } = await open(file);
    const batch = readCifar(bytes, place);
    if (batch.rowCount !== batchRows) {
      throw new DataError(place, `holds ${batch.rowCount} records, expected ${batchRows}. Fetch it again.`);
    }
    inputs.set(batch.pixels, index * batchRows * imageBytes);
    labels.set(batch.labels, index * batchRows);
    parts[part] = { from: index * batchRows, to: (index + 1) * batchRows };
    const digest = await sha256(bytes.subarray(0, comparedRecords * cifarRecordBytes));
    if (digest !== undefined && digest !== startSha256) differing.push(file);
  }
  if (needed.length === batches.length) parts['train'] = { from: 0, to: 5 * batchRows };
  return {
    name: 'cifar10',
    task: 'classification',
    rowCount: labels.length,
    inputShape: [32, 32, 3],
    inputs,
    labels,
    classNames,
    outputCount: classNames.length,
    parts,
    notes:
      differing.length === 0
        ? []
        : [`The pixels of ${differing.join(', ')} differ from the official CIFAR-10 files (as JPEG copies do).`],
  };
}

/** The batches that the recipe can reach: those it names, or all if rows are drawn from the whole training part. */
function neededBatches(data: DataRecipe): readonly Batch[] {
  const shares = [data.train, data.validation ?? 0, data.test ?? { part: 'test' }];
  const names = shares.flatMap((share) => (share === 0 ? [] : [typeof share === 'object' ? share.part : 'train']));
  const named = batches.filter((batch) => names.includes(batch.part));
  return names.every((name) => named.some((batch) => batch.part === name)) ? named : batches;
}

/** Opens batch files in their folder, or, if the first one is not there, inside the archive, which is unpacked once. */
function batchOpener(files: DataFiles): (file: string) => Promise<FoundFile> {
  let archive: Promise<ReadonlyMap<string, FoundFile> | undefined> | undefined;
  return async (file) => {
    const path = `cifar-10-batches-bin/${file}`;
    const plain = await findFile(files, [path, file]);
    if (plain !== undefined) return plain;
    archive ??= openArchive(files);
    const found = await archive;
    if (found === undefined) throw missingFile(files, path, 'cifar10');
    return (
      found.get(file) ??
      Promise.reject(new DataError(files.describe(archiveName), `holds no file "${file}". Fetch it again.`))
    );
  };
}

async function openArchive(files: DataFiles): Promise<ReadonlyMap<string, FoundFile> | undefined> {
  const packed = await findFile(files, [archiveName]);
  if (packed === undefined) return undefined;
  const tar = await gunzip(packed.bytes, packed.place);
  try {
    const entries = parseTar(tar).map((entry): [string, FoundFile] => {
      const name = entry.name.split('/').at(-1) ?? '';
      return [name, { bytes: entry.data ?? new Uint8Array(), place: `${packed.place}/${name}` }];
    });
    return new Map(entries);
  } catch (error) {
    if (error instanceof RangeError) throw new DataError(packed.place, 'is a truncated tar archive. Fetch it again.');
    throw error;
  }
}
