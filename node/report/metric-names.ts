/** How metrics are called and written. */

/** Metrics as people write them. */
const metricTitles: Readonly<Record<string, string>> = { rmse: 'RMSE', r2: 'R²', topKAccuracy: 'top-k accuracy' };
const shares = new Set(['accuracy', 'topKAccuracy']);

export function metricTitle(name: string): string {
  return metricTitles[name] ?? name;
}

/** Metrics that are shares of rows. */
export function isShare(name: string): boolean {
  return shares.has(name);
}
