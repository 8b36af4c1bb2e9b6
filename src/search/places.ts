/** Where the runs of a search are: the way from a trial to the members of its populations. */
import { runKey } from './summary.ts';
import type { RunRecord } from './trials.ts';

/** The last record of each run, in the order of trials, folds and seeds. */
export function lastRecords(records: readonly RunRecord[]): readonly RunRecord[] {
  const last = new Map<string, RunRecord>();
  for (const record of records) {
    const key = runKey(record);
    const known = last.get(key);
    if (known === undefined || record.step >= known.step) last.set(key, record);
  }
  return [...last.values()].toSorted(
    (one, other) => one.trial - other.trial || (one.fold ?? 0) - (other.fold ?? 0) || one.seed - other.seed,
  );
}

/** Of every trial, the last population and the member of each of its runs: `001/4 001/5`. */
export function trialPlaces(records: readonly RunRecord[]): ReadonlyMap<number, string> {
  const places = new Map<number, string>();
  for (const { trial, population, member } of lastRecords(records)) {
    const before = places.get(trial);
    places.set(trial, `${before === undefined ? '' : `${before} `}${population}/${member}`);
  }
  return places;
}
