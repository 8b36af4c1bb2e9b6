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
  shared32: { ROWS: 32, LANES: subgroupLanes },
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
export function productLaunches<P>(
  shape: (params: P) => ProductShape,
  variants: Readonly<Record<string, Constants>> = productVariants,
) {
  return {
    variants,
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

/** A matrix that lies nowhere: writes its row k to `values`, from `offset` on. */
export type FillRow = (k: number, values: FloatArray, offset: number) => void;

/**
 * sums[col] += left(row, k) · right(k, col) for every col, and for the terms k from `first` to before `end` in their order, by the
 * arithmetic's mulAdd. The loops in which the CPU path spends its time: one function for each number format, since a shared one calls
 * mulAdd through a pointer, six times slower; four terms at a time, half as long as one by one; factors read here, since a number
 * that is handed over becomes an object.
 */
type AddTerms = (sums: FloatArray, left: Operand, row: number, right: Operand, first: number, end: number) => void;

const addTerms32: AddTerms = (sums, left, row, right, first, end) => {
  const { values: a, colStep: step } = left;
  const { values: b, rowStep, colStep } = right;
  let at = left.start + row * left.rowStep + first * step;
  let k = first;
  for (; k + 4 <= end; k += 4, at += 4 * step) {
    const a0 = a[at]!;
    const a1 = a[at + step]!;
    const a2 = a[at + 2 * step]!;
    const a3 = a[at + 3 * step]!;
    let b0 = right.start + k * rowStep;
    let b1 = b0 + rowStep;
    let b2 = b1 + rowStep;
    let b3 = b2 + rowStep;
    for (let col = 0; col < sums.length; col++, b0 += colStep, b1 += colStep, b2 += colStep, b3 += colStep) {
      const sum0 = Math.fround(Math.fround(a0 * b[b0]!) + sums[col]!);
      const sum1 = Math.fround(Math.fround(a1 * b[b1]!) + sum0);
      const sum2 = Math.fround(Math.fround(a2 * b[b2]!) + sum1);
      sums[col] = Math.fround(a3 * b[b3]!) + sum2;
    }
  }
  for (; k < end; k++, at += step) {
    const a0 = a[at]!;
    let b0 = right.start + k * rowStep;
    for (let col = 0; col < sums.length; col++, b0 += colStep) sums[col] = Math.fround(a0 * b[b0]!) + sums[col]!;
  }
};

const addTerms64: AddTerms = (sums, left, row, right, first, end) => {
  const { values: a, colStep: step } = left;
  const { values: b, rowStep, colStep } = right;
  let at = left.start + row * left.rowStep + first * step;
  for (let k = first; k < end; k++, at += step) {
    const a0 = a[at]!;
    let b0 = right.start + k * rowStep;
    for (let col = 0; col < sums.length; col++, b0 += colStep) sums[col] = a0 * b[b0]! + sums[col]!;
  }
};

function chooseAddTerms(math: Arithmetic): AddTerms {
  if (math === float32) return addTerms32;
  if (math === float64) return addTerms64;
  return (sums, left, row, right, first, end) => {
    for (let k = first; k < end; k++) {
      const factor = left.values[left.start + row * left.rowStep + k * left.colStep]!;
      for (let col = 0; col < sums.length; col++) {
        const value = right.values[right.start + k * right.rowStep + col * right.colStep]!;
        sums[col] = math.mulAdd(factor, value, sums[col]!);
      }
    }
  };
}

/**
 * out(row, col) = Σ over k < depth of left(row, k) · right(k, col).
 * left [rows, depth], right [depth, cols]; `store` gets each finished sum once. The rows of a right side that lies nowhere are filled
 * in once, a chunk at a time.
 */
export function product(
  math: Arithmetic,
  left: Operand,
  right: Operand | FillRow,
  rows: number,
  cols: number,
  depth: number,
  store: (row: number, col: number, sum: number) => void,
): void {
  const { round } = math;
  const addTerms = chooseAddTerms(math);
  const filled = typeof right === 'function' ? math.array(Math.min(depth, sumChunk) * cols) : undefined;
  const sum = math.array(cols);
  const part = math.array(rows * cols);
  const total = depth > sumChunk ** 2 ? math.array(rows * cols) : undefined;
  for (let first = 0, chunk = 1; first < depth; first += sumChunk, chunk++) {
    const end = Math.min(first + sumChunk, depth);
    let terms: Operand;
    if (typeof right === 'function') {
      for (let k = first; k < end; k++) right(k, filled!, (k - first) * cols);
      terms = { values: filled!, start: 0 - first * cols, rowStep: cols, colStep: 1 };
    } else {
      terms = right;
    }
    for (let row = 0, at = 0; row < rows; row++) {
      sum.fill(0);
      addTerms(sum, left, row, terms, first, end);
      for (let col = 0; col < cols; col++, at++) part[at] = round(part[at]! + sum[col]!);
    }
    if (total !== undefined && chunk % sumChunk === 0) {
      for (let at = 0; at < part.length; at++) total[at] = round(total[at]! + part[at]!);
      part.fill(0);
    }
  }
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) store(row, col, round((total?.[at] ?? 0) + part[at]!));
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
