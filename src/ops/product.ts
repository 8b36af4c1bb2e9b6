/**
 * The matrix product under the rule for sums: chunks of 256 terms in index order, then the chunk sums in index order, again in chunks of
 * 256. Here are its launch variants and its CPU form, twin of `shaders/lib/product.wgsl` and `shaders/lib/product_block.wgsl`; all
 * products of layers are made of it.
 */
import { float32, float64 } from '../arithmetic/arithmetic.ts';
import type { Arithmetic, FloatArray } from '../arithmetic/arithmetic.ts';
import { spreadGroups, sumChunk } from './kernel.ts';
import type { Constants, ProductShape, Workgroups } from './kernel.ts';

/** In a variant's LANES: as many threads share a tile as the adapter's subgroups have. */
export const subgroupLanes = 0;

/**
 * Without TERMS: tiles of ROWS x 4 outputs for each of LANES threads, which read from the buffers as they go.
 * With TERMS: a team of GROUP_ROWS x GROUP_COLS threads, each with ROWS x COLS outputs, brings that many terms of both sides to
 * workgroup memory at a time; SPLITS teams of a workgroup share the chunks of long sums. A workgroup has at most 256 threads and
 * 4 SPLITS TERMS (ROWS GROUP_ROWS + COLS GROUP_COLS) bytes, 16 KiB at most: what every adapter has. `block` variants want many
 * outputs, `split` variants few outputs of long sums; the number in their names is the edge of a team's tile.
 */
export const productVariants = {
  rows1: { ROWS: 1, LANES: 1, WIDTH: 64 },
  rows4: { ROWS: 4, LANES: 1, WIDTH: 64 },
  shared8: { ROWS: 8, LANES: subgroupLanes },
  shared16: { ROWS: 16, LANES: subgroupLanes },
  shared28: { ROWS: 28, LANES: subgroupLanes },
  block64: { ROWS: 4, COLS: 4, GROUP_ROWS: 16, GROUP_COLS: 16, TERMS: 8, SPLITS: 1 },
  block128: { ROWS: 8, COLS: 8, GROUP_ROWS: 16, GROUP_COLS: 16, TERMS: 8, SPLITS: 1 },
  split16: { ROWS: 4, COLS: 4, GROUP_ROWS: 4, GROUP_COLS: 4, TERMS: 8, SPLITS: 16 },
  split32: { ROWS: 4, COLS: 4, GROUP_ROWS: 8, GROUP_COLS: 8, TERMS: 8, SPLITS: 4 },
} as const;

/** Columns of each lane where a variant names none. */
const laneColumns = 4;

/** Whether a tile can read its left side four rows at a time. */
export function readsRows({ left }: Pick<ProductShape, 'left'>, { ROWS = 1 }: Constants): boolean {
  return left === 'rows' && ROWS % 4 === 0;
}

/** What the shader of a product of this shape is specialised by, besides its tile. */
function productConstants(product: ProductShape, tile: Constants): Constants {
  const { depth, left, right, leftShift = 0 } = product;
  const chunks = Math.ceil(depth / sumChunk);
  const shape = {
    LEFT: { neither: 0, depth: 1, rows: 2 }[left],
    RIGHT: { neither: 0, depth: 1, cols: 2 }[right],
    LEVELS: chunks === 1 ? 1 : chunks <= sumChunk ? 2 : 3,
  };
  const { ROWS = 1, COLS = laneColumns, LANES = 1, TERMS, SPLITS = 1 } = tile;
  if (TERMS === undefined) {
    // A tile whose height is no multiple of four starts between the aligned rows.
    if (!readsRows(product, tile))
      return { ...shape, LEFT: left === 'depth' ? shape.LEFT : 0, LOADS: Math.ceil(ROWS / LANES) };
    const quads = ROWS + (leftShift > 0 ? 4 : 0);
    return { ...shape, SHIFT: leftShift, LOADS: Math.ceil(quads / LANES) };
  }
  // No more teams than chunks.
  return {
    ...shape,
    LEFT: leftShift > 0 ? 0 : shape.LEFT,
    ROW_QUADS: ROWS / 4,
    COL_QUADS: COLS / 4,
    CELLS: (ROWS * COLS) / 4,
    SPLITS: Math.min(SPLITS, chunks),
  };
}

/** One workgroup for each tile of a team, or one group of LANES threads for each tile; members along z. */
function launchProduct({ rows, cols, members }: ProductShape, tile: Constants): Workgroups {
  const { ROWS = 1, COLS = laneColumns, LANES = 1, GROUP_ROWS = 1, GROUP_COLS = LANES, WIDTH = LANES } = tile;
  const tiles = Math.ceil(rows / (ROWS * GROUP_ROWS)) * Math.ceil(cols / (COLS * GROUP_COLS));
  const groups = Math.ceil((tiles * LANES) / WIDTH);
  return spreadGroups(groups, members);
}

/** What the kernel of a product declares about its launches, from the shape that its parameters give. */
export function productLaunches<P>(shape: (params: P) => ProductShape) {
  return {
    variants: productVariants,
    specialise: (params: P, tile: Constants) => productConstants(shape(params), tile),
    launch: (params: P, tile: Constants) => launchProduct(shape(params), tile),
    product: shape,
  };
}

/** A matrix by strides: element (row, col) is `values[start + row*rowStep + col*colStep]`. */
export interface Operand {
  readonly values: FloatArray;
  readonly start: number;
  readonly rowStep: number;
  readonly colStep: number;
}

/**
 * sums[col] += factor · values[offset + col·step] for every col, by the arithmetic's mulAdd. The loop in which the CPU path spends its
 * time: one function for each number format, since a shared one calls mulAdd through a pointer, six times slower.
 */
type AddScaled = (sums: FloatArray, factor: number, values: FloatArray, offset: number, step: number) => void;

const addScaled32: AddScaled = (sums, factor, values, offset, step) => {
  for (let col = 0; col < sums.length; col++, offset += step)
    sums[col] = Math.fround(factor * values[offset]!) + sums[col]!;
};

const addScaled64: AddScaled = (sums, factor, values, offset, step) => {
  for (let col = 0; col < sums.length; col++, offset += step) sums[col] = factor * values[offset]! + sums[col]!;
};

function chooseAddScaled(math: Arithmetic): AddScaled {
  if (math === float32) return addScaled32;
  if (math === float64) return addScaled64;
  return (sums, factor, values, offset, step) => {
    for (let col = 0; col < sums.length; col++, offset += step)
      sums[col] = math.mulAdd(factor, values[offset]!, sums[col]!);
  };
}

/**
 * out(row, col) = Σ over k < depth of left(row, k) · right(k, col).
 * left [rows, depth], right [depth, cols]; `store` gets each finished sum once.
 */
export function product(
  math: Arithmetic,
  left: Operand,
  right: Operand,
  rows: number,
  cols: number,
  depth: number,
  store: (row: number, col: number, sum: number) => void,
): void {
  const { round } = math;
  const addScaled = chooseAddScaled(math);
  const a = left.values;
  const sum = math.array(cols);
  const part = math.array(cols);
  const total = math.array(cols);
  for (let row = 0; row < rows; row++) {
    part.fill(0);
    total.fill(0);
    for (let k = 0, chunk = 0; k < depth;) {
      const end = Math.min(k + sumChunk, depth);
      sum.fill(0);
      for (; k < end; k++) {
        const factor = a[left.start + row * left.rowStep + k * left.colStep]!;
        addScaled(sum, factor, right.values, right.start + k * right.rowStep, right.colStep);
      }
      for (let col = 0; col < cols; col++) part[col] = round(part[col]! + sum[col]!);
      chunk++;
      if (chunk % sumChunk === 0) {
        for (let col = 0; col < cols; col++) total[col] = round(total[col]! + part[col]!);
        part.fill(0);
      }
    }
    for (let col = 0; col < cols; col++) store(row, col, round(total[col]! + part[col]!));
  }
}

/**
 * Σ over i < count under the same rule, for sums that are no products of matrices. `add` adds term i to a sum, rounded as the kernel
 * does it.
 */
export function orderedSum(math: Arithmetic, count: number, add: (sum: number, index: number) => number): number {
  const { round } = math;
  let part = 0;
  let total = 0;
  for (let i = 0, chunk = 0; i < count;) {
    const end = Math.min(i + sumChunk, count);
    let sum = 0;
    for (; i < end; i++) sum = add(sum, i);
    part = round(part + sum);
    chunk++;
    if (chunk % sumChunk === 0) {
      total = round(total + part);
      part = 0;
    }
  }
  return round(total + part);
}
