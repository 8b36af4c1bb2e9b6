/** Arrays as pictures: values to colours, tiles side by side, PNG. A value is one pixel; whoever shows a picture enlarges it. */
import { encode } from 'fast-png';
import { colourAt, diverging, viridis } from './palette.ts';
import type { Rgb } from './palette.ts';

/** RGBA, row by row from the top left. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Of an SVG's images whose pixels stay squares: the attribute says so to what draws PNG, the rule to browsers. */
export const pixelAttributes = 'class="pixels" image-rendering="optimizeSpeed"';
export const pixelRule = '<style>@supports (image-rendering:pixelated){.pixels{image-rendering:pixelated}}</style>';

/** A colour for a value; alpha 0 is see-through. */
export type ColourMap = (value: number) => readonly [...Rgb, number];

function toPng({ width, height, data }: Pixels): Uint8Array {
  return encode({ width, height, data, channels: 4, depth: 8 });
}

export function toDataUri(pixels: Pixels): string {
  return `data:image/png;base64,${Buffer.from(toPng(pixels)).toString('base64')}`;
}

/** Values [height, width] under a map of colours. */
export function drawValues(values: ArrayLike<number>, height: number, width: number, map: ColourMap): Pixels {
  const data = new Uint8Array(4 * height * width);
  for (let index = 0; index < height * width; index++) data.set(map(values[index] ?? Number.NaN), 4 * index);
  return { width, height, data };
}

/** One colour a row of `channels` numbers: grey of one or of the mean of many, red, green and blue of three. `toByte` gives 0..255. */
export function drawImage(
  values: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  toByte: (value: number) => number,
): Pixels {
  const data = new Uint8Array(4 * height * width);
  for (let index = 0; index < height * width; index++) {
    const at = (channel: number): number => toByte(values[index * channels + channel] ?? 0);
    if (channels === 3) data.set([at(0), at(1), at(2), 255], 4 * index);
    else {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += at(channel);
      const grey = sum / channels;
      data.set([grey, grey, grey, 255], 4 * index);
    }
  }
  return { width, height, data };
}

const unknownColour = [0, 0, 0, 0] as const;

/** Viridis from `least` to `most`; what is no number is see-through. */
export function sequentialMap(least: number, most: number): ColourMap {
  const range = most > least ? most - least : 1;
  return (value) => (Number.isFinite(value) ? [...colourAt(viridis, (value - least) / range), 255] : unknownColour);
}

/** Blue below zero, nearly white at zero, vermillion above, alike on both sides. */
export function divergingMap(largest: number): ColourMap {
  const range = largest > 0 ? 2 * largest : 1;
  return (value) => (Number.isFinite(value) ? [...colourAt(diverging, 0.5 + value / range), 255] : unknownColour);
}

/** Tiles of one size in rows of `columns`, see-through gaps between them. */
export function montage(tiles: readonly Pixels[], columns: number, gap: number): Pixels {
  const { width: tileWidth, height: tileHeight } = tiles[0] ?? { width: 1, height: 1 };
  const across = Math.min(columns, Math.max(1, tiles.length));
  const down = Math.max(1, Math.ceil(tiles.length / across));
  const width = across * (tileWidth + gap) - gap;
  const height = down * (tileHeight + gap) - gap;
  const data = new Uint8Array(4 * width * height);
  for (const [index, tile] of tiles.entries()) {
    const left = (index % across) * (tileWidth + gap);
    const top = Math.floor(index / across) * (tileHeight + gap);
    for (let y = 0; y < tileHeight; y++) {
      const row = tile.data.subarray(4 * y * tileWidth, 4 * (y + 1) * tileWidth);
      data.set(row, 4 * ((top + y) * width + left));
    }
  }
  return { width, height, data };
}

/** Channel `channel` of an image [height, width, channels]. */
export function channelOf(values: Float32Array, channels: number, channel: number): Float32Array {
  return Float32Array.from({ length: values.length / channels }, (_, index) => values[index * channels + channel] ?? 0);
}

/** Smallest and largest finite number; 0 and 0 where there is none. Any length. */
export function extentOf(values: Iterable<number>): readonly [least: number, most: number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 0];
}
