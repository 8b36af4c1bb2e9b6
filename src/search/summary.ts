/** From what is known of the runs to the table of trials, best first. */
import type { Metrics } from '../train/events.ts';
import type { MetricName, RunRecord, Trial, TrialRun, TrialSummary } from './trials.ts';

/** What a run shows at the moment: its newest record, or an evaluation since. */
export type RunState = Pick<RunRecord, 'step' | 'train' | 'validation'> & {
  readonly state: RunRecord['state'] | 'running';
};

/** One run among those of a search. */
export function runKey({ trial, fold, seed }: TrialRun): string {
  return `${trial}/${fold ?? ''}/${seed}`;
}

/** Of the populations that these records are of, over all sessions. */
export function trainingSeconds(records: readonly RunRecord[]): number {
  const seconds = new Map(records.map(({ population, populationSeconds }) => [population, populationSeconds]));
  return [...seconds.values()].reduce((sum, each) => sum + each, 0);
}

/** Whether a value is better than another. */
export function isBetter(metric: MetricName, one: number, other: number): boolean {
  return metric === 'accuracy' ? one > other : one < other;
}

const places: Readonly<Record<TrialSummary['state'], number>> = {
  done: 0,
  running: 0,
  pruned: 1,
  diverged: 2,
  waiting: 3,
};

/**
 * The table, best first: trials that are done or being trained, then those that were pruned (the later the better), then those of which a
 * run diverged, then those that wait.
 */
export function summarise(
  trials: readonly Trial[],
  runs: readonly TrialRun[],
  states: ReadonlyMap<string, RunState>,
  pruned: ReadonlySet<number>,
  metric: MetricName,
): readonly TrialSummary[] {
  const rows = trials.map((trial) => summariseTrial(trial, runs, states, pruned.has(trial.index), metric));
  const rank = (row: TrialSummary): number => places[row.state];
  return rows.toSorted((one, other) => {
    if (rank(one) !== rank(other)) return rank(one) - rank(other);
    if (one.state === 'pruned' && one.step !== other.step) return other.step - one.step;
    if (one.value === undefined || other.value === undefined || one.value === other.value) {
      return Number(one.value === undefined) - Number(other.value === undefined) || one.index - other.index;
    }
    return isBetter(metric, one.value, other.value) ? -1 : 1;
  });
}

function summariseTrial(
  trial: Trial,
  allRuns: readonly TrialRun[],
  states: ReadonlyMap<string, RunState>,
  isPruned: boolean,
  metric: MetricName,
): TrialSummary {
  const runs = allRuns.filter((run) => run.trial === trial.index);
  const known = runs.flatMap((run) => states.get(runKey(run)) ?? []);
  const divergedRuns = known.filter(({ state }) => state === 'diverged').length;
  const validation = meanMetrics(known.flatMap((run) => run.validation ?? []));
  const train = meanMetrics(known.flatMap((run) => run.train ?? []));
  // A trial whose runs have not all been evaluated has no value to be compared by, nor has one of which a run has no end.
  const isKnown = known.length === runs.length && divergedRuns === 0;
  const values = known.flatMap((run) => run.validation?.[metric] ?? []);
  const value = isKnown ? validation?.[metric] : undefined;
  return {
    ...trial,
    state: stateOf(runs.length, known, divergedRuns, isPruned),
    step: Math.max(0, ...known.map(({ step }) => step)),
    ...(value !== undefined && { value }),
    ...(value !== undefined && values.length > 1 && { deviation: sampleDeviation(values, value) }),
    ...(train && { train }),
    ...(validation && { validation }),
    runs: runs.length,
    divergedRuns,
  };
}

function stateOf(
  runCount: number,
  known: readonly RunState[],
  divergedRuns: number,
  isPruned: boolean,
): TrialSummary['state'] {
  if (divergedRuns > 0) return 'diverged';
  if (isPruned) return 'pruned';
  if (known.length === 0) return 'waiting';
  return known.length === runCount && known.every(({ state }) => state === 'done') ? 'done' : 'running';
}

/** Of every metric that all have, the mean. */
function meanMetrics(all: readonly Metrics[]): Metrics | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const means = Object.keys(first).flatMap((name) => {
    const values = all.flatMap((one) => one[name as keyof Metrics] ?? []);
    return values.length < all.length ? [] : [[name, values.reduce((sum, value) => sum + value, 0) / all.length]];
  });
  return Object.fromEntries(means) as Metrics;
}

function sampleDeviation(values: readonly number[], mean: number): number {
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
