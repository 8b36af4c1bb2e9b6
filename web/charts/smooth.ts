/** Exponential smoothing of a curve, corrected for its start: the first value stays as it is. */

/** `weight` (0 to below 1) is that of what came before. What is not finite stays so and changes nothing after it. */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const smoothed = new Float64Array(values.length);
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      smoothed[index] = value;
      continue;
    }
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    smoothed[index] = sum / weights;
  }
  return smoothed;
}
