/**
 * Comparing what two executors computed: bit equality where the adapter's arithmetic is exact, else units in the last place against a
 * bound that follows from the length of the sums.
 */
import type { Values } from '../ops/kernel.ts';

/** How one kernel did, over one call or many. */
export interface Comparison {
  /** The kernel. */
  readonly name: string;
  readonly elements: number;
  /** Elements whose bits agree; every NaN counts as the same. */
  readonly equalElements: number;
  /** Share of them, 0..1. */
  readonly bitEqual: number;
  /**
   * Largest distance in units in the last place. For elements smaller than the tensor's root mean square the unit is that of the
   * root mean square: what cancels to nearly 0 has no digits to agree on.
   */
  readonly maxUlp: number;
  readonly bound: number;
  /** The first element beyond the bound; if all are within, the first whose bits differ. */
  readonly firstDifference?: Difference;
}

export interface Difference {
  /** Which call or case. */
  readonly where: string;
  readonly tensor: string;
  readonly index: number;
  readonly cpu: number;
  readonly gpu: number;
}

/**
 * Largest allowed distance in ulps. Exact adapters: 0. Elsewhere the rounding errors of a sum grow like a random walk over its longest
 * chain, which the rule for sums keeps at 256 terms plus the chunk sums; 4 ulps for what each element does besides.
 */
export function ulpBound(longestSum: number, exact: boolean): number {
  if (exact) return 0;
  const chain = Math.min(longestSum, 256) + Math.ceil(longestSum / 256);
  return 4 + Math.ceil(2 * Math.sqrt(chain));
}

export function withinBound({ maxUlp, bound }: Comparison): boolean {
  return maxUlp <= bound;
}

/** Compares two tensors of one call. Whole numbers must be equal. */
export function compareValues(
  name: string,
  tensor: string,
  where: string,
  cpu: Values,
  gpu: Values,
  bound: number,
): Comparison {
  let equalElements = 0;
  let maxUlp = 0;
  let firstDifference: Difference | undefined;
  let firstBeyond: Difference | undefined;
  const whole = cpu instanceof Uint32Array;
  const floor = whole ? 0 : rootMeanSquare(cpu);
  for (let index = 0; index < cpu.length; index++) {
    const a = cpu[index]!;
    const b = gpu[index]!;
    if (Object.is(a, b)) {
      equalElements++;
      continue;
    }
    const ulp = whole ? Infinity : ulpDistance(a, b, floor);
    maxUlp = Math.max(maxUlp, ulp);
    const difference = { where, tensor, index, cpu: a, gpu: b };
    firstDifference ??= difference;
    if (ulp > bound) firstBeyond ??= difference;
  }
  firstDifference = firstBeyond ?? firstDifference;
  const elements = cpu.length;
  const bitEqual = elements === 0 ? 1 : equalElements / elements;
  return { name, elements, equalElements, bitEqual, maxUlp, bound, ...(firstDifference && { firstDifference }) };
}

/** Adds up the comparisons of one kernel; the bound is that of the comparison that came nearest to its own. */
export function mergeComparisons(comparisons: readonly Comparison[]): Comparison {
  const [first] = comparisons;
  if (first === undefined) throw new Error('nothing was compared');
  const elements = comparisons.reduce((sum, one) => sum + one.elements, 0);
  const equalElements = comparisons.reduce((sum, one) => sum + one.equalElements, 0);
  const excess = ({ maxUlp, bound }: Comparison) => (maxUlp === 0 ? -1 : maxUlp / Math.max(bound, 1e-9));
  const worst = comparisons.reduce((a, b) => (excess(b) > excess(a) ? b : a));
  const firstDifference = worst.firstDifference ?? comparisons.find((one) => one.firstDifference)?.firstDifference;
  return {
    name: first.name,
    elements,
    equalElements,
    bitEqual: elements === 0 ? 1 : equalElements / elements,
    maxUlp: worst.maxUlp,
    bound: worst.bound,
    ...(firstDifference && { firstDifference }),
  };
}

/** Distance of two float32 values that differ, in units of the larger one or of `floor`. */
function ulpDistance(a: number, b: number, floor: number): number {
  // A zero of the other sign differs in a bit, not in value.
  if (a === b) return 1;
  const ulp = Math.abs(a - b) / unitInLastPlace(Math.max(Math.abs(a), Math.abs(b), floor));
  return Number.isNaN(ulp) ? Infinity : ulp;
}

function rootMeanSquare(values: Values): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

/** Distance to the next larger float32 of a magnitude. */
function unitInLastPlace(magnitude: number): number {
  if (!Number.isFinite(magnitude)) return Number.NaN;
  return 2 ** (Math.max(-126, Math.floor(Math.log2(magnitude))) - 23);
}
