/** Colours of numbers: signed quantities by the tokens below zero, zero and above. */
import type { Rgb } from '../charts/canvas.ts';
import { readPalette } from '../charts/palette.ts';

const canvas = new OffscreenCanvas(1, 1).getContext('2d');

/** Of a token, whatever the build has made of it: `#ffffff`, `#fff` or a name. */
export function parseColour(text: string): Rgb {
  if (canvas === null) return [0, 0, 0];
  // A canvas gives an opaque colour back as #rrggbb.
  canvas.fillStyle = text;
  const digits = Number.parseInt(String(canvas.fillStyle).slice(1), 16);
  return [(digits >> 16) & 255, (digits >> 8) & 255, digits & 255];
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const kept = Math.min(1, Math.max(0, share));
  const part = (from: number, to: number): number => Math.round(from + (to - from) * kept);
  return [part(a[0], b[0]), part(a[1], b[1]), part(a[2], b[2])];
}

export interface SignedScale {
  readonly largest: number;
  colour(value: number): Rgb;
}

/** From -largest over zero to largest; what is no number is drawn as the ground. */
export function signedScale(largest: number): SignedScale {
  const token = readPalette();
  const minus = parseColour(token('--minus'));
  const zero = parseColour(token('--zero'));
  const plus = parseColour(token('--plus'));
  const ground = parseColour(token('--line'));
  return {
    largest,
    colour(value) {
      if (Number.isNaN(value)) return ground;
      return mix(zero, value < 0 ? minus : plus, largest === 0 ? 0 : Math.abs(value) / largest);
    },
  };
}

/** The largest size of finite numbers. */
export function largestSize(values: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const size = Math.abs(values[index] ?? 0);
    if (size > largest && Number.isFinite(size)) largest = size;
  }
  return largest;
}
