/** The trials of a search beside the published ones: matched by their values. */
import type { TrialSummary } from '../../src/search/trials.ts';
import type { SearchRow } from './published/types.ts';

type PublishedTrial = SearchRow['published'][number];

export interface MatchedTrial {
  readonly published: PublishedTrial;
  /** Absent where no trial of ours has these values. */
  readonly trial?: TrialSummary;
}

/** Reports round what they print: values agree where they differ by less than so much of themselves. */
const rounding = 2e-3;

/** Every published trial with ours of the same values. */
export function matchTrials(row: SearchRow, table: readonly TrialSummary[]): MatchedTrial[] {
  return row.published.map((published) => {
    const fitting = table.filter(({ values }) => distance(published.values, values) < rounding);
    const [trial] = fitting.toSorted(
      (a, b) => distance(published.values, a.values) - distance(published.values, b.values),
    );
    return { published, ...(trial && { trial }) };
  });
}

/** The largest relative difference of their values; infinite where a value is no number and another, or is not varied. */
function distance(published: PublishedTrial['values'], ours: TrialSummary['values']): number {
  const distances = Object.entries(published).map(([path, value]) => {
    const own = ours[path];
    if (typeof value !== 'number' || typeof own !== 'number') {
      return JSON.stringify(value) === JSON.stringify(own) ? 0 : Infinity;
    }
    return value === own ? 0 : Math.abs(value - own) / Math.max(Math.abs(value), Math.abs(own));
  });
  return Math.max(0, ...distances);
}
