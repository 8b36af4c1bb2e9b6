/**
 * A correctly rounded float32 fma. The product of two float32 is exact in a double; the sum is not, and rounding it
 * twice (to double, then to float32) would be wrong at ties, so that the double is rounded to odd first.
 * Source: S. Boldo, G. Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd
 * (2008).
 */

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer); // little-endian: word 0 is the low one

/** a*b + c of float32 values, rounded once to float32. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  // Knuth's two-sum: the exact rounding error of `sum`.
  const back = sum - product;
  const error = product - (sum - back) + (c - back);
  if (error === 0 || !Number.isFinite(error)) return Math.fround(sum);
  scratch[0] = sum;
  if ((words[0]! & 1) === 0) {
    if (error > 0 === sum > 0) {
      words[0]! += 1;
    } else {
      if (words[0] === 0) words[1]! -= 1;
      words[0]! -= 1;
    }
  }
  return Math.fround(scratch[0]!);
}
