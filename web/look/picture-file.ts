/** A picture of one's own as the input of a model: its middle, scaled to the shape of the input, grey or in colour. */
import { averageAreas, middleRegion, toInput } from './ink.ts';
import type { Plane } from './ink.ts';

/** Larger pictures are scaled down to this first. */
const mostEdge = 1024;

/** Levels of red, green and blue, 0 to 1. */
export type Picture = readonly [Plane, Plane, Plane];

/** Throws an Error with a sentence for what is no picture. */
export async function readPicture(file: Blob, name: string): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new Error(`${name} is no picture that this browser can read. Take a PNG, JPEG or WebP file.`, { cause });
  }
  const scale = Math.min(1, mostEdge / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (context === null) throw new Error('this browser gives no canvas to read the picture with. Reload the page.');
  // What is transparent is paper.
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const plane = (channel: number): Plane => ({
    width,
    height,
    values: Float32Array.from({ length: width * height }, (_, pixel) => (data[pixel * 4 + channel] ?? 0) / 255),
  });
  return [plane(0), plane(1), plane(2)];
}

/** As the model takes it; `inverted` where dark ink on light paper should be light ink on dark. */
export function pictureInput(
  picture: Picture,
  [height = 1, width = 1, channels = 1]: readonly number[],
  largest: number,
  inverted: boolean,
): Float32Array {
  const [red, green, blue] = picture.map((plane) => {
    const levels = averageAreas(plane, middleRegion(plane, height, width), height, width);
    return inverted ? levels.map((level) => 1 - level) : levels;
  });
  if (red === undefined || green === undefined || blue === undefined) return new Float32Array();
  if (channels === 3) return toInput([red, green, blue], channels, largest);
  // Luma of ITU-R BT.601.
  const grey = red.map((level, pixel) => 0.299 * level + 0.587 * (green[pixel] ?? 0) + 0.114 * (blue[pixel] ?? 0));
  return toInput([grey], channels, largest);
}
