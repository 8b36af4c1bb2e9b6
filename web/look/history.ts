/** The last observations of the run, for what is drawn over time. */
import { effect, signal } from '@preact/signals';
import type { Observation, TensorStatistics } from '../../src/train/observe.ts';
import { observation } from '../state/run.ts';

const mostObservations = 48;
const slowMilliseconds = 500;

/** The oldest first; changed in place, with `observation`. */
export const recent: Observation[] = [];
/** The last observation, at most twice a second: for tables. */
export const slowObservation = signal<Observation | undefined>(undefined);

let told = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  const { value } = observation;
  if (value === undefined) recent.length = 0;
  else {
    recent.push(value);
    if (recent.length > mostObservations) recent.shift();
  }
  clearTimeout(timer);
  const tell = (): void => {
    told = performance.now();
    slowObservation.value = value;
  };
  const left = told + slowMilliseconds - performance.now();
  if (value === undefined || left <= 0) tell();
  else timer = setTimeout(tell, left);
});

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
