/**
 * Pictures as training data: decoded by the browser, cropped to a square around their middle, scaled, in an order that depends on their
 * paths alone. The same folder in the same browser gives the same bytes; decoders of two browsers may differ in a last bit.
 */
import type { LabelledImages } from '../../src/data/images.ts';
import { DataError } from '../../src/errors.ts';
import type { AddProgress, PackRequest, Picture } from '../protocol/data.ts';
import { readBlob } from '../storage/data-files.ts';
import { groupBy } from './group.ts';

/** Bytes of all pictures together, which have to fit into one array. */
const mostBytes = 2 ** 30;

/** RGBA of a picture of edge x edge pixels. */
export type Decode = (picture: Picture, edge: number) => Promise<Uint8ClampedArray>;

export interface PackOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: AddProgress) => void;
  /** Default: the browser's decoders. */
  readonly decode?: Decode;
}

/** The file of packed images. Throws DataError for pictures that cannot be decoded or are too many. */
export async function packPictures(request: PackRequest, options: PackOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { edge, channels } = request;
  const { signal, onProgress, decode = decodePicture } = options;
  const classNames = [...new Set(request.pictures.map(({ className }) => className))].toSorted();
  if (classNames.length < 2) {
    throw new DataError(
      request.name,
      `holds pictures of one class only, "${classNames[0]}". Give every class a folder of its own, and drop two or more.`,
    );
  }
  const ordered = orderPictures(request.pictures);
  const pixelBytes = edge * edge * channels;
  if (ordered.length * pixelBytes > mostBytes) {
    throw new DataError(
      request.name,
      `${ordered.length} pictures of ${edge}x${edge}x${channels} take more than 1 GiB. Choose a smaller edge, or grey.`,
    );
  }
  const images = new Uint8Array(ordered.length * pixelBytes);
  for (const [row, picture] of ordered.entries()) {
    signal.throwIfAborted();
    writePixels(await decode(picture, edge), channels, images.subarray(row * pixelBytes, (row + 1) * pixelBytes));
    if (row % 20 === 0) onProgress({ what: 'pictures', done: row, total: ordered.length });
  }
  const packed: LabelledImages = {
    shape: [ordered.length, edge, edge, channels],
    images,
    labels: Uint32Array.from(ordered, ({ className }) => classNames.indexOf(className)),
    classNames,
    testRowCount: ordered.filter(({ isTest }) => isTest).length,
  };
  // A chunk of its own, as it is for whoever loads such a set.
  const { packImages } = await import('../../src/data/images.ts');
  return packImages(packed);
}

/** Those for testing last; within each part every class is spread evenly, so that the first rows are a fair sample. */
export function orderPictures(pictures: readonly Picture[]): readonly Picture[] {
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [false, true].flatMap((isTest) => {
    const part = pictures.filter((picture) => picture.isTest === isTest).toSorted((a, b) => byText(a.path, b.path));
    const classes = groupBy(part, ({ className }) => className);
    return [...classes.values()]
      .flatMap((members) => members.map((picture, index) => ({ picture, share: (index + 0.5) / members.length })))
      .toSorted(
        (a, b) =>
          a.share - b.share ||
          byText(a.picture.className, b.picture.className) ||
          byText(a.picture.path, b.picture.path),
      )
      .map(({ picture }) => picture);
  });
}

/** Grey is the luma of ITU-R BT.601. */
export function writePixels(rgba: Uint8ClampedArray, channels: 1 | 3, out: Uint8Array): void {
  for (let pixel = 0; pixel * 4 < rgba.length; pixel++) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(pixel * 4, pixel * 4 + 3);
    if (channels === 1) out[pixel] = Math.round((299 * red + 587 * green + 114 * blue) / 1000);
    else out.set([red, green, blue], pixel * 3);
  }
}

async function decodePicture({ path, bytes }: Picture, edge: number): Promise<Uint8ClampedArray> {
  await readBlob(bytes, path);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(bytes, { colorSpaceConversion: 'none' });
  } catch {
    throw new DataError(
      path,
      'is no picture that this browser can decode. Save it as PNG or JPEG, or take it out of the folder.',
    );
  }
  try {
    const context = new OffscreenCanvas(edge, edge).getContext('2d', { willReadFrequently: true });
    if (context === null)
      throw new DataError(path, 'cannot be drawn by this browser. Use a current Chrome, Edge, Safari or Firefox.');
    // What is transparent becomes paper.
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, edge, edge);
    context.imageSmoothingQuality = 'high';
    const side = Math.min(bitmap.width, bitmap.height);
    const left = (bitmap.width - side) / 2;
    const top = (bitmap.height - side) / 2;
    context.drawImage(bitmap, left, top, side, side, 0, 0, edge, edge);
    return context.getImageData(0, 0, edge, edge).data;
  } finally {
    bitmap.close();
  }
}
