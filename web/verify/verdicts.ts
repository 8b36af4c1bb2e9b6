/** What the checks found, in words. */
import type { Comparison, Difference } from '../../src/verify/compare.ts';
import type { GradientCheck, GradientRow } from '../../src/verify/gradcheck.ts';
import type { Verification } from '../../src/verify/lockstep.ts';
import type { Overfitting } from '../../src/verify/overfit.ts';
import type { Agreement } from '../state/sides.ts';
import { formatCount, formatNumber, sayCount } from '../ui/format.ts';

export interface Verdict {
  readonly isGood: boolean;
  readonly text: string;
}

export const isWithin = ({ maxUlp, bound }: Comparison): boolean => maxUlp <= bound;

/** Distances can be infinite: of whole numbers, and of what is no number on one side. */
export const sayUlp = (ulp: number): string => (ulp === Infinity ? '∞' : formatNumber(ulp));

/** A share of equal elements: 100 % only where all are. */
export function sayEqual({ elements, equalElements, bitEqual }: Comparison): string {
  return equalElements === elements ? '100 %' : `${Math.min(99.9999, 100 * bitEqual).toFixed(4)} %`;
}

export function sayDifference({ where, tensor, index, cpu, gpu }: Difference): string {
  // Zeros may differ in their sign alone.
  const say = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
  return `${where}: ${tensor}[${index}] is ${say(cpu)} on the CPU, ${say(gpu)} on the GPU`;
}

function sayAll(rows: readonly Comparison[]): string {
  const different = rows.reduce((sum, { elements, equalElements }) => sum + elements - equalElements, 0);
  const elements = rows.reduce((sum, row) => sum + row.elements, 0);
  return different === 0
    ? `all ${formatCount(elements)} elements are equal in every bit.`
    : `all within their bounds; ${formatCount(different)} of ${formatCount(elements)} elements differ in a bit.`;
}

const sayOutside = ({ name, maxUlp, bound }: Comparison): string =>
  `${name} is out of bounds: ${sayUlp(maxUlp)} ulp, at most ${formatNumber(bound)} are allowed.`;

export function judgeRecipe({ adapter, steps, kernels, failed }: Verification): Verdict {
  if (failed !== undefined) return { isGood: false, text: `On ${adapter}, ${sayOutside(failed)}` };
  const what = `${sayCount(steps, 'training step')}, an evaluation batch and the penalty on ${adapter}`;
  return { isGood: true, text: `${what}, ${sayCount(kernels.length, 'kernel')}: ${sayAll(kernels)}` };
}

export function judgeKernels(rows: readonly Comparison[]): Verdict {
  const failed = rows.filter((row) => !isWithin(row));
  const [first] = failed;
  if (first !== undefined) {
    const others = failed.length === 1 ? '' : ` ${sayCount(failed.length - 1, 'more row')} too.`;
    return { isGood: false, text: `${sayOutside(first)}${others}` };
  }
  const names = new Set(rows.map(({ name }) => name));
  const what = `${sayCount(names.size, 'kernel')} in ${sayCount(rows.length, 'launch variant')}`;
  return { isGood: true, text: `${what}: ${sayAll(rows)}` };
}

export const worstError = ({ relativeError, directionError = 0 }: GradientRow): number =>
  Math.max(relativeError, directionError);

export const isRightGradient = (row: GradientRow, tolerance: number): boolean =>
  row.coordinates > 0 && worstError(row) <= tolerance;

export function judgeGradient({ tensors, examples, tolerance, passed }: GradientCheck): Verdict {
  const failed = tensors.find((row) => !isRightGradient(row, tolerance));
  if (failed !== undefined) {
    const error = formatNumber(worstError(failed));
    const compared = sayCount(failed.coordinates, 'coordinate');
    return {
      isGood: false,
      text: `The gradient of ${failed.name} is off by ${error}, at most ${formatNumber(tolerance)} is allowed (${compared} compared).`,
    };
  }
  const worst = formatNumber(Math.max(...tensors.map(worstError)));
  const what = `${sayCount(tensors.length, 'tensor')} on ${sayCount(examples, 'example')}`;
  return {
    isGood: passed,
    text: `${what}: the largest relative error is ${worst}, at most ${formatNumber(tolerance)} is allowed.`,
  };
}

export function judgeOverfitting({ passed, loss, threshold, examples, epochs }: Overfitting): Verdict {
  const reached = `${formatNumber(loss)} on ${sayCount(examples, 'example')} after ${sayCount(epochs, 'epoch')}`;
  if (passed)
    return { isGood: true, text: `Learnt by heart: the loss is ${reached}, below ${formatNumber(threshold)}.` };
  return {
    isGood: false,
    text: `The loss stays at ${reached}; below ${formatNumber(threshold)} was expected. Give the model more units, or check its gradient.`,
  };
}

/** `isExact`: whether the adapter's arithmetic equals the CPU path's in every bit. */
export function judgeSides(agreement: Agreement, isExact: boolean): Verdict {
  const { steps, equalLosses, hashes, equalHashes, firstDifferent, largestDifference } = agreement;
  if (equalLosses === steps && equalHashes === hashes) {
    const text = `The losses of all ${sayCount(steps, 'step')} and the weights at ${sayCount(hashes, 'point')} are equal in every bit.`;
    return { isGood: true, text };
  }
  const since = firstDifferent === undefined ? '' : ` The weights differ after step ${formatCount(firstDifferent)}.`;
  const losses = `${formatCount(equalLosses)} of ${sayCount(steps, 'loss', 'losses')} are equal in every bit, the largest difference is ${formatNumber(largestDifference)}.${since}`;
  return isExact
    ? { isGood: false, text: `${losses} On this adapter they should be equal: “Kernel by kernel” names the kernel.` }
    : {
        isGood: Number.isFinite(largestDifference),
        text: `${losses} This adapter rounds in another way than the CPU path, so bits differ and the curves should lie together.`,
      };
}
