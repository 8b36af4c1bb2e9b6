/** A search as the page draws it: its stages, how far the population in training is, and the table with its curves. */
import { describePopulations } from '../../src/search/describe.ts';
import { beginStage, countTrials, stageSamples } from '../../src/search/progress.ts';
import type { Stage } from '../../src/search/progress.ts';
import type { PopulationEvent, PopulationsEvent, SearchEvent, TableEvent } from '../../src/search/search.ts';
import { isBetter } from '../../src/search/summary.ts';
import type {
  BestPoint,
  SearchCurves,
  SearchReport,
  StageReport,
  TableReport,
  TrialPoint,
} from '../protocol/searching.ts';

const progressMilliseconds = 100;
const tableMilliseconds = 250;

export interface SearchReports {
  add(event: SearchEvent): void;
  /** Reports what waits for its time. */
  flush(): void;
  /** Of all sessions. */
  readonly curves: SearchCurves;
}

/** `before`: the curves of the sessions before. `paths`: the fields of the space. */
export function startSearchReports(
  before: SearchCurves,
  paths: readonly string[],
  emit: (report: SearchReport) => void,
): SearchReports {
  const trials = [...before.trials];
  const best = [...before.best];
  const lastSteps = new Map(trials.map(({ trial, step }) => [trial, step]));
  let stage: Stage | undefined;
  /** Of the stages that are done, and of this one. */
  let samplesBefore = 0;
  let samples = 0;
  let newest: TableEvent | undefined;
  let sentPoints = trials.length;
  let sentBest: BestPoint | undefined = best.at(-1);
  let tableSent = -Infinity;
  let progressSent = -Infinity;

  function begin(event: PopulationsEvent): void {
    flush();
    // A search begins anew after its device was lost.
    const isFirst = event.cut === 0 && event.stage !== 'fine';
    samplesBefore =
      isFirst || stage === undefined ? 0 : samplesBefore + stageSamples(stage, stage.populations.length, 0).all;
    samples = samplesBefore;
    stage = beginStage(event, stage);
    emit(describeStage(stage, paths));
  }

  function follow({ population, event }: PopulationEvent): void {
    if (stage === undefined || !('step' in event)) return;
    const place = stage.populations.indexOf(population);
    const { done, all } = stageSamples(stage, place, event.step);
    samples = samplesBefore + done;
    const now = performance.now();
    if (event.type === 'evaluation' || (event.type === 'progress' && now - progressSent < progressMilliseconds)) return;
    progressSent = now;
    flushInTime();
    const rate = event.type === 'progress' ? event.samplesPerSecond : undefined;
    emit({
      type: 'progress',
      place,
      step: event.step,
      share: done / Math.max(1, all),
      ...(rate !== undefined && { samplesPerSecond: rate, secondsLeft: (all - done) / rate }),
    });
  }

  function take(event: TableEvent): void {
    newest = event;
    for (const { index, step, value, train } of event.table) {
      if (value === undefined || step <= (lastSteps.get(index) ?? 0)) continue;
      lastSteps.set(index, step);
      const onTrain = train?.[event.metric];
      trials.push({ trial: index, step, value, ...(onTrain !== undefined && { train: onTrain }) });
    }
    takeBest(event);
    flushInTime();
  }

  function flushInTime(): void {
    if (performance.now() - tableSent >= tableMilliseconds) flush();
  }

  function takeBest({ metric, table: [first] }: TableEvent): void {
    if (first?.value === undefined) return;
    const last = best.at(-1);
    if (last !== undefined && samples < last.samples) return;
    const value = last !== undefined && isBetter(metric, last.value, first.value) ? last.value : first.value;
    if (last?.samples === samples) best.pop();
    best.push({ samples, value });
  }

  function flush(): void {
    if (newest === undefined) return;
    const { metric, table } = newest;
    const points: readonly TrialPoint[] = trials.slice(sentPoints);
    const last = best.at(-1);
    const report: TableReport = {
      type: 'table',
      metric,
      table,
      points,
      ...(last && last !== sentBest && { best: last }),
    };
    emit(report);
    newest = undefined;
    sentPoints = trials.length;
    sentBest = last;
    tableSent = performance.now();
  }

  return {
    add(event) {
      if (event.type === 'populations') begin(event);
      else if (event.type === 'population') follow(event);
      else take(event);
    },
    flush,
    curves: { trials, best },
  };
}

function describeStage(stage: Stage, paths: readonly string[]): StageReport {
  const described = describePopulations(stage.populations, paths);
  const isCut = stage.populations.some(({ until, steps }) => until < steps);
  return {
    type: 'stage',
    stage: stage.stage,
    cut: stage.cut,
    trials: countTrials(stage),
    isLast: !isCut && stage.stage !== 'coarse',
    populations: described.map((each, index) => ({ ...each, until: stage.populations[index]?.until ?? each.steps })),
  };
}
