/** What is said of a figure that was measured several times. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median (of an even count: the mean of the middle two) and extremes. Throws where there is nothing to summarise. */
export function summarize(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  if (sorted.length === 0) throw new Error('nothing was measured');
  const middle = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) };
}

/** How often to repeat something that takes `onceMs`, to fill `budgetMs`, within bounds. */
export function repeatsFor(budgetMs: number, onceMs: number, fewest: number, most: number): number {
  return Math.max(fewest, Math.min(most, Math.round(budgetMs / Math.max(onceMs, 1e-6))));
}
