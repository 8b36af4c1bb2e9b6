/** How metrics are called and written. */
import { formatNumber, formatShare } from '../src/numbers.ts';

/** Metrics as people write them. */
const metricTitles: Readonly<Record<string, string>> = { rmse: 'RMSE', r2: 'R²' };
const shares = new Set(['accuracy', 'topKAccuracy']);

/** `topK`: the recipe's, where it is at hand. */
export function metricTitle(name: string, topK?: number): string {
  if (name === 'topKAccuracy') return `top-${topK ?? 'k'} accuracy`;
  return metricTitles[name] ?? name;
}

/** Metrics that are shares of rows. */
export function isShare(name: string): boolean {
  return shares.has(name);
}

/** Shares in per cent. */
export function formatMetric(name: string, value: number): string {
  return isShare(name) ? formatShare(value) : formatNumber(value);
}
