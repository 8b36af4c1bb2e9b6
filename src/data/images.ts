/**
 * Images of one's own in one safetensors file: `images` (U8 [rows, height, width, channels]), `labels` (U32 or U8 [rows]), the class names
 * as a JSON list in the metadata. The page packs a folder of pictures into such a file, and every recipe that names it gives the same bits.
 */
import * as v from 'valibot';
import { DataError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { elementCount } from '../formats/shape.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { DataFiles, Dataset } from './dataset.ts';
import { fileName, findOwnFile } from './files.ts';

type ImagesRecipe = Extract<DataRecipe, { source: 'images' }>;

export interface LabelledImages {
  /** [rows, height, width, channels]; 1 or 3 channels. */
  readonly shape: readonly number[];
  /** Row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** [rows] of 0..classNames.length-1. */
  readonly labels: Uint32Array;
  /** At least two, each another. */
  readonly classNames: readonly string[];
  /** So many rows at the end are the test part; 0: the set comes without parts. */
  readonly testRowCount: number;
}

const classNamesSchema = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1))),
  v.minLength(2),
  v.check((names) => new Set(names).size === names.length),
);
const pack = 'Pack the pictures again by dropping their folder on the page.';

/** Bytes [rows, height, width, channels]; parts `train` and `test` if the file has test rows, else none. */
export async function loadImages(data: ImagesRecipe, files: DataFiles): Promise<Dataset> {
  const { bytes, place } = await findOwnFile(files, data.file, 'images');
  const { shape, images, labels, classNames, testRowCount } = readImages(bytes, place);
  const trainRowCount = labels.length - testRowCount;
  return {
    name: fileName(data.file),
    task: 'classification',
    rowCount: labels.length,
    inputShape: shape.slice(1),
    inputs: images,
    labels,
    classNames,
    outputCount: classNames.length,
    parts:
      testRowCount === 0
        ? {}
        : { train: { from: 0, to: trainRowCount }, test: { from: trainRowCount, to: labels.length } },
    notes: [],
  };
}

/** Reads and checks a file of packed images. Throws DataError at `place`. */
export function readImages(bytes: Uint8Array, place: string): LabelledImages {
  const { tensors, metadata } = readSafetensors(bytes, place);
  const images = tensors.get('images');
  const labels = tensors.get('labels');
  if (images === undefined || labels === undefined) {
    const missing = images === undefined ? 'images' : 'labels';
    const has = [...tensors.keys()].map((name) => `"${name}"`).join(', ') || 'none';
    throw new DataError(place, `has no tensor "${missing}" (it has: ${has}), so it holds no packed images. ${pack}`);
  }
  const { shape } = images;
  const [rowCount = 0, height = 0, width = 0, channels = 0] = shape;
  if (!(images.data instanceof Uint8Array) || shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new DataError(
      place,
      `its images are ${images.dtype} [${shape.join(', ')}], expected U8 [rows, height, width, 1 or 3 channels]. ${pack}`,
    );
  }
  if (rowCount === 0 || height === 0 || width === 0) {
    throw new DataError(place, `its images are [${shape.join(', ')}], which is none at all. ${pack}`);
  }
  const isWhole = labels.data instanceof Uint32Array || labels.data instanceof Uint8Array;
  if (!isWhole || labels.shape.length !== 1 || labels.shape[0] !== rowCount) {
    throw new DataError(
      place,
      `its labels are ${labels.dtype} [${labels.shape.join(', ')}], expected U32 or U8 [${rowCount}], one for each image. ${pack}`,
    );
  }
  const classNames = readClassNames(metadata['classNames'], place);
  const wrong = labels.data.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw new DataError(
      place,
      `image ${wrong} has label ${labels.data[wrong]}; there are the classes 0 to ${classNames.length - 1}. ${pack}`,
    );
  }
  const testRowCount = Number(metadata['testRows'] ?? 0);
  if (!Number.isInteger(testRowCount) || testRowCount < 0 || testRowCount >= rowCount) {
    throw new DataError(
      place,
      `says "${metadata['testRows']}" of its ${rowCount} rows are for testing, expected a whole number below that. ${pack}`,
    );
  }
  return { shape, images: images.data, labels: Uint32Array.from(labels.data), classNames, testRowCount };
}

function readClassNames(text: string | undefined, place: string): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    json = undefined;
  }
  const result = v.safeParse(classNamesSchema, json);
  if (result.success) return result.output;
  const came = text === undefined ? 'nothing' : text.slice(0, 100);
  throw new DataError(
    place,
    `its metadata "classNames" should be a JSON list of two names or more, each another, and is ${came}. ${pack}`,
  );
}

/** The file that `readImages` reads; the same images give the same bytes. Throws RangeError where shape and data do not fit. */
export function packImages({
  shape,
  images,
  labels,
  classNames,
  testRowCount,
}: LabelledImages): Uint8Array<ArrayBuffer> {
  if (shape.length !== 4 || elementCount(shape) !== images.length || shape[0] !== labels.length) {
    throw new RangeError(
      `images of shape [${shape.join(', ')}] with ${images.length} bytes and ${labels.length} labels`,
    );
  }
  return writeSafetensors(
    [
      // Labels first: their four bytes stay aligned whatever the images measure.
      { name: 'labels', shape: [labels.length], data: labels },
      { name: 'images', shape, data: images },
    ],
    {
      classNames: JSON.stringify(classNames),
      ...(testRowCount > 0 && { testRows: String(testRowCount) }),
    },
  );
}
