/**
 * Which launch variant a call gets on an adapter. All are equal to the bit, so the choice is about speed alone; the rules here come from
 * bench/RESULTS.md.
 */
import { sumChunk } from '../ops/kernel.ts';
import type { Constants, Kernel, Params, ProductShape } from '../ops/kernel.ts';
import { readsRows, subgroupLanes } from '../ops/product.ts';
import type { productVariants } from '../ops/product.ts';
import type { GpuDevice } from './device.ts';
import { productKey } from './tuning.ts';

/** Picks the launch variant of a call by name. */
export type ChooseVariant = (kernel: Kernel, params: Params) => string;

/** Names of a kernel's variants that the adapter can run. */
export function availableVariants({ subgroupSize }: GpuDevice, { variants }: Kernel): readonly string[] {
  return Object.entries(variants).flatMap(([name, { LANES }]) =>
    LANES === subgroupLanes && subgroupSize === undefined ? [] : [name],
  );
}

/** Those that can be the fastest: workgroup memory only costs on software adapters. */
export function promisingVariants(gpu: GpuDevice, kernel: Kernel): readonly string[] {
  return availableVariants(gpu, kernel).filter((name) => !gpu.software || kernel.variants[name]?.TERMS === undefined);
}

/** The constants of a variant on an adapter and for a call. */
export function variantConstants(
  gpu: Pick<GpuDevice, 'subgroupSize'>,
  kernel: Kernel,
  variant: string,
  params: Params,
): Constants {
  const declared = kernel.variants[variant] ?? {};
  const tile = declared.LANES === subgroupLanes ? { ...declared, LANES: gpu.subgroupSize ?? 1 } : declared;
  return { ...tile, ...kernel.specialise?.(params, tile) };
}

/** The variant that measured fastest on this adapter, else the one that does well on its class. */
export function bestVariant(gpu: GpuDevice, kernel: Kernel, params: Params): string {
  const key = productKey(kernel, params);
  const tuned = key === undefined ? undefined : gpu.tuning.chosen(key);
  const isAvailable = tuned !== undefined && availableVariants(gpu, kernel).includes(tuned);
  return isAvailable ? tuned : defaultVariant(gpu, kernel, params);
}

/** Products with fewer outputs keep more threads busy with tiles of one row. */
const fewOutputs = 4096;
/** Workgroups that a GPU should have at least, before a larger tile pays. */
const enoughWorkgroups = 64;
/** Products with fewer multiply-adds do not pay for compiling large tiles. */
const littleWork = 2 ** 18;
/** A larger tile pays if it computes less than so many times the outputs that a smaller one does. */
const spareOutputs = 1.5;
const blocks = ['block128', 'block64'] as const satisfies readonly (keyof typeof productVariants)[];
const splits = ['split32', 'split16'] as const satisfies readonly (keyof typeof productVariants)[];
/**
 * What a row of a tile and the columns of its lanes cost, in the instructions that lavapipe makes of four terms, where four neighbours are
 * loaded at once or one by one.
 */
const rowCost = { atOnce: 80, single: 102 } as const;
const columnCost = { atOnce: 960, single: 1664 } as const;

/** Threads that any machine has: where there are fewer tiles, some idle. */
const fewThreads = 2;

/** The variant that measurements favour on this class of adapter. */
export function defaultVariant(gpu: GpuDevice, kernel: Kernel, params: Params): string {
  if (kernel.product === undefined) return Object.keys(kernel.variants).at(gpu.software ? 0 : -1) ?? '';
  const shape = kernel.product(params);
  if (gpu.software && gpu.subgroupSize !== undefined) return sharedVariant(kernel, shape, gpu.subgroupSize);
  return gpu.software ? plainVariant(shape) : blockVariant(gpu, kernel, params, shape);
}

/** Tiles of single threads. */
function plainVariant({ rows, cols, members }: ProductShape): string {
  return rows * cols * members < fewOutputs ? 'rows1' : 'rows4';
}

/**
 * GPUs load least with large tiles in workgroup memory, as long as there are enough of them and they do not lie half beyond the edge; long
 * sums of few outputs are split.
 */
function blockVariant(gpu: GpuDevice, kernel: Kernel, params: Params, shape: ProductShape): string {
  const workgroups = (name: string): number =>
    kernel.launch(params, variantConstants(gpu, kernel, name, params), 1).reduce((product, count) => product * count);
  const outputs = (name: string): number => {
    const { ROWS = 1, COLS = 1, GROUP_ROWS = 1, GROUP_COLS = 1 } = kernel.variants[name] ?? {};
    return workgroups(name) * ROWS * GROUP_ROWS * COLS * GROUP_COLS;
  };
  const enough = blocks.filter((name) => name in kernel.variants && workgroups(name) >= enoughWorkgroups);
  const block = enough.find((name) => enough.every((other) => outputs(name) < spareOutputs * outputs(other)));
  if (block !== undefined) return block;
  if (shape.depth <= 2 * sumChunk || !(splits[0] in kernel.variants)) return plainVariant(shape);
  return workgroups(splits[0]) >= enoughWorkgroups / 4 ? splits[0] : splits[1];
}

/** Software adapters pay for every load: a tile shared by a subgroup needs the fewest. */
function sharedVariant({ variants }: Kernel, shape: ProductShape, lanes: number): string {
  const { rows, cols, depth, members, left, right } = shape;
  if (rows * cols * depth * members < littleWork) return 'shared8';
  const columns = columnCost[right === 'neither' ? 'single' : 'atOnce'];
  const cost = (tile: Constants): number => {
    const { ROWS = 1 } = tile;
    const row = rowCost[left === 'depth' || readsRows(shape, tile) ? 'atOnce' : 'single'];
    const tiles = Math.ceil(rows / ROWS) * Math.ceil(cols / (4 * lanes)) * members;
    return Math.ceil(tiles / fewThreads) * (ROWS * row + columns);
  };
  const shared = Object.entries(variants).filter(([, { LANES }]) => LANES === subgroupLanes);
  return shared.reduce((best, one) => (cost(one[1]) < cost(best[1]) ? one : best))[0];
}
