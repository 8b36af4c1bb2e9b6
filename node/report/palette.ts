/**
 * Width and colours of every figure. Categories: M. Okabe and K. Ito, "Color Universal Design" (2008), which people with any common colour
 * blindness can tell apart. Quantities: viridis (S. van der Walt and N. Smith, matplotlib 1.5), even in lightness.
 */

/** Of a figure, axes and legends included, in the pixels of a page that is 1,000 wide. */
export const figureWidth = 960;

export const okabeIto = {
  blue: '#0072B2',
  vermillion: '#D55E00',
  green: '#009E73',
  orange: '#E69F00',
  purple: '#CC79A7',
  sky: '#56B4E9',
  yellow: '#F0E442',
} as const;

/** One colour for each split, in every figure. */
export const splitColours = {
  train: okabeIto.blue,
  validation: okabeIto.vermillion,
  test: okabeIto.green,
} as const;

/** Text, axes and lines take the colour of the page around them: a figure fits a light and a dark page. */
export const ink = 'currentColor';

/** Viridis at even distances. */
export const viridis = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
] as const;

/** Below zero, zero, above zero; zero can be told from a white and from a dark page. */
export const diverging = [okabeIto.blue, '#ebebeb', okabeIto.vermillion] as const;

/** Category colours of `count` things in order: Okabe and Ito's while they last, else steps of viridis. */
export function categoryColours(count: number): string[] {
  const named = Object.values(okabeIto);
  if (count <= named.length) return named.slice(0, count);
  return Array.from({ length: count }, (_, index) => toHex(colourAt(viridis, index / (count - 1))));
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** The colour at `share` 0..1 of a scale of colours at even distances. */
export function colourAt(scale: readonly string[], share: number): Rgb {
  const last = scale.length - 1;
  const place = Math.min(1, Math.max(0, share)) * last;
  const index = Math.min(last - 1, Math.floor(place));
  const from = toRgb(scale[index] ?? '#000000');
  const to = toRgb(scale[index + 1] ?? '#000000');
  const mix = (one: number, other: number): number => Math.round(one + (place - index) * (other - one));
  return [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2])];
}

export function toRgb(hex: string): Rgb {
  const part = (at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

function toHex(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
