/**
 * Which launch variant a call gets on an adapter. All are equal to the bit, so the choice is about speed alone; the rules here come from
 * bench/RESULTS.md.
 */
import type { Constants, Kernel, Params, ProductShape } from '../ops/kernel.ts';
import { subgroupLanes } from '../ops/product.ts';
import type { GpuDevice } from './device.ts';

/** Picks the launch variant of a call by name. */
export type ChooseVariant = (kernel: Kernel, params: Params) => string;

/** Names of a kernel's variants that the adapter can run. */
export function availableVariants({ subgroupSize }: GpuDevice, { variants }: Kernel): readonly string[] {
  return Object.entries(variants).flatMap(([name, { LANES }]) =>
    LANES === subgroupLanes && subgroupSize === undefined ? [] : [name],
  );
}

/** The constants of a variant on an adapter and for a call. */
export function variantConstants(gpu: GpuDevice, kernel: Kernel, variant: string, params: Params): Constants {
  const declared = kernel.variants[variant] ?? {};
  const tile = declared.LANES === subgroupLanes ? { ...declared, LANES: gpu.subgroupSize ?? 1 } : declared;
  return { ...tile, ...kernel.specialise?.(params, tile) };
}

/** Products with fewer outputs keep more threads busy with tiles of one row. */
const fewOutputs = 4096;
/** Products with fewer multiply-adds do not pay for compiling large tiles. */
const littleWork = 2 ** 18;
/** What a tile costs besides its rows, in rows: mostly loading the lanes' own columns. */
const tileOverhead = 12;

/** The variant that measurements favour on this class of adapter. */
export function defaultVariant(gpu: GpuDevice, kernel: Kernel, params: Params): string {
  if (kernel.product === undefined) return Object.keys(kernel.variants)[0] ?? '';
  const shape = kernel.product(params);
  if (gpu.software && gpu.subgroupSize !== undefined) return sharedVariant(kernel, shape);
  return shape.rows * shape.cols * shape.members < fewOutputs ? 'rows1' : 'rows4';
}

/** Software adapters pay for every load: a tile shared by a subgroup needs the fewest. */
function sharedVariant({ variants }: Kernel, { rows, cols, depth, members }: ProductShape): string {
  if (rows * cols * depth * members < littleWork) return 'shared4';
  const cost = ({ ROWS = 1 }: Constants) => Math.ceil(rows / ROWS) * (ROWS + tileOverhead);
  const shared = Object.entries(variants).filter(([, { LANES }]) => LANES === subgroupLanes);
  return shared.reduce((best, one) => (cost(one[1]) < cost(best[1]) ? one : best))[0];
}
