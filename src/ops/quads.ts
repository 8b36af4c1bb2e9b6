/**
 * What kernels share that take four neighbouring channels at a time, with one thread for ROWS rows of a quad. Where the channels are no
 * multiple of four the last one stands for those past it.
 */
import { launchLinear } from './kernel.ts';
import type { Constants, Workgroups } from './kernel.ts';

/** More rows for each thread share what all rows of a channel have in common. */
export const quadVariants = { rows4: { ROWS: 4, WIDTH: 64 }, rows1: { ROWS: 1, WIDTH: 64 } } as const;

/** Sums over rows, where a thread that waits for ROWS loads at once waits less often. */
export const columnVariants = { rows4: { ROWS: 4, WIDTH: 64 } } as const;

/** The constant of `shaders/lib/quads.wgsl` from the elements between the starts of rows, blocks and members. */
export function quadWords(...strides: readonly number[]): Constants {
  return { WORDS: strides.every((stride) => stride % 4 === 0) ? 1 : 0 };
}

export function launchQuads(rows: number, channels: number, members: number, tile: Constants): Workgroups {
  return launchLinear(Math.ceil(rows / (tile.ROWS ?? 1)) * Math.ceil(channels / 4), members, tile);
}
