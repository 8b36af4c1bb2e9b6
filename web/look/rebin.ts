/** The statistics of one tensor over many observations, brought to common bins. */
import type { Observation, TensorStatistics } from '../../src/train/observe.ts';

/** Statistics of one tensor in observations, without those that are not finite. */
export function historyOf(
  observations: readonly Observation[],
  member: number,
  kind: TensorStatistics['kind'],
  name: string,
): TensorStatistics[] {
  return observations.flatMap(
    ({ members }) =>
      members[member]?.tensors.filter((each) => each.kind === kind && each.name === name && each.bins.length > 0) ?? [],
  );
}

/** Counts in bins of a common range, as shares of the whole; a bin that lies across an edge is divided. */
export function rebin(
  { min, max, bins }: Pick<TensorStatistics, 'min' | 'max' | 'bins'>,
  [least, most]: readonly [number, number],
  count: number,
): Float64Array {
  const shares = new Float64Array(count);
  const total = bins.reduce((sum, each) => sum + each, 0);
  const scale = count / (most - least || 1);
  for (const [index, own] of bins.entries()) {
    const from = (min + ((max - min) * index) / bins.length - least) * scale;
    const to = (min + ((max - min) * (index + 1)) / bins.length - least) * scale;
    const first = Math.min(count - 1, Math.max(0, Math.floor(from)));
    const last = Math.min(count - 1, Math.max(first, Math.ceil(to) - 1));
    for (let bin = first; bin <= last; bin++) {
      const part = to > from ? (Math.min(to, bin + 1) - Math.max(from, bin)) / (to - from) : 1;
      shares[bin] = (shares[bin] ?? 0) + (own * Math.max(0, first === last ? 1 : part)) / total;
    }
  }
  return shares;
}
