/** The metrics and the parts of the rows that they are of, as titles, and their numbers. */
import { formatNumber, formatShare } from './format.ts';

/** In the order in which they are shown. */
export const metricNames = ['accuracy', 'topKAccuracy', 'rmse', 'r2', 'loss', 'cost'] as const;
export type MetricName = (typeof metricNames)[number];

export const metricTitles: Readonly<Record<MetricName, string>> = {
  accuracy: 'Accuracy',
  topKAccuracy: 'Top-k accuracy',
  rmse: 'RMSE',
  r2: 'R²',
  loss: 'Loss',
  cost: 'Cost',
};

/** Metrics that are shares of rows. */
export const isShare = (metric: string): boolean => metric === 'accuracy' || metric === 'topKAccuracy';

export const formatMetric = (metric: MetricName, value: number): string =>
  isShare(metric) ? formatShare(value) : formatNumber(value);

/** A title that is a word begins small inside a sentence; RMSE and R² do not. */
export const insideSentence = (title: string): string => (/^[A-Z][a-z]/.test(title) ? title.toLowerCase() : title);

export const splitNames = { train: 'Training', validation: 'Validation', test: 'Test' } as const;
