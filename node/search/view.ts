/**
 * How a search looks while it goes: on a terminal one line of progress above the table of trials, best first, redrawn in place; elsewhere
 * a line for each population that is done, and for each stage and cut.
 */
import { formatCount, formatSeconds, sayCount } from '../../src/numbers.ts';
import { beginStage, countTrials, stageSamples } from '../../src/search/progress.ts';
import type { Stage } from '../../src/search/progress.ts';
import type { PopulationEvent, PopulationsEvent, SearchEvent, TableEvent } from '../../src/search/search.ts';
import type { SearchPopulation } from '../../src/search/store.ts';
import type { ProgressEvent, TrainEvent } from '../../src/train/events.ts';
import { formatTable, openLiveBlock } from '../output.ts';
import type { Io } from '../output.ts';
import { sayMean, tableAlignment, tableRows } from './table.ts';

export interface SearchView {
  show(event: SearchEvent): void;
  say(text: string): void;
  /** Takes the table away for good. */
  close(): void;
}

/** The population that is trained. */
interface Current {
  readonly population: SearchPopulation;
  readonly startedAt: number;
  newest: TrainEvent;
  progress: ProgressEvent | undefined;
  /** The next table is that of an evaluation: the population is still being trained. */
  awaitsTable: boolean;
}

/** `paths` are the fields of the space. */
export function openSearchView(io: Io, paths: readonly string[]): SearchView {
  const block = openLiveBlock(io);
  const isTerminal = io.terminalColumns !== undefined;
  let stage: Stage | undefined;
  let current: Current | undefined;
  let ended: SearchPopulation | undefined;
  let table: TableEvent | undefined;

  const say = (text: string): void => {
    block.clear();
    io.stderr(`${text}\n`);
  };

  function showStage(event: PopulationsEvent): void {
    const trials = countTrials(event);
    if (event.cut > 0)
      say(
        `Cut ${event.cut}: ${sayCount(countTrials(stage), 'trial')}, of which ${formatCount(trials)} ${trials === 1 ? 'goes' : 'go'} on.`,
      );
    if (event.stage === 'fine') say(`Around the best: ${sayCount(trials, 'finer trial')}.`);
    stage = beginStage(event, stage);
  }

  function showPopulation({ population, event }: PopulationEvent): void {
    if (current?.population !== population) {
      current = { population, startedAt: performance.now(), newest: event, progress: undefined, awaitsTable: false };
    }
    current.newest = event;
    current.awaitsTable = event.type === 'evaluation';
    if (event.type === 'progress') current.progress = event;
    const place = stage?.populations.indexOf(population) ?? -1;
    if (event.type !== 'start' || event.step <= (stage?.firstSteps[place] ?? 0)) return;
    say(`Population ${population.name} goes on from step ${formatCount(event.step)} of ${formatCount(event.steps)}.`);
  }

  function showTable(event: TableEvent): void {
    table = event;
    if (current === undefined) return;
    if (current.awaitsTable) {
      current.awaitsTable = false;
      return;
    }
    if (!isTerminal) say(describeEnd(current, stage, event));
    ended = current.population;
    current = undefined;
  }

  function lines(): readonly string[] {
    const first =
      current === undefined || stage === undefined ? describePause(ended, stage) : describeProgress(current, stage);
    if (table === undefined) return [first];
    const fitting = Math.max(1, (io.terminalRows ?? 24) - 5);
    const more = table.table.length - fitting;
    const rows = formatTable(tableRows(table.table, paths, table.metric, fitting), tableAlignment(paths))
      .trimEnd()
      .split('\n');
    return [first, '', ...rows, ...(more > 0 ? [`… and ${formatCount(more)} more`] : [])];
  }

  return {
    say,
    show(event) {
      if (event.type === 'populations') showStage(event);
      else if (event.type === 'population') showPopulation(event);
      else showTable(event);
      block.show(lines);
    },
    close: block.end,
  };
}

/** `population 2 of 5: 64 runs   43 %   12,345 samples/s   3 min 10 s left`: percentage and time of all populations up to the next cut. */
function describeProgress(current: Current, stage: Stage): string {
  const { population, progress, newest } = current;
  const place = stage.populations.indexOf(population);
  const step = progress?.step ?? (newest.type === 'start' ? newest.step : 0);
  const { done, all } = stageSamples(stage, place, step);
  const rate = progress?.samplesPerSecond;
  return [
    `${sayPlace(stage, place)}: ${sayCount(population.runs.length, 'run')}`,
    `${String(Math.floor((100 * done) / Math.max(1, all))).padStart(3)} %`,
    ...(rate === undefined
      ? []
      : [`${formatCount(rate)} samples/s`, `${formatSeconds(Math.max(0, all - done) / rate)} left${sayStage(stage)}`]),
  ].join('   ');
}

/** Between two populations. */
function describePause(ended: SearchPopulation | undefined, stage: Stage | undefined): string {
  const place = ended === undefined ? -1 : (stage?.populations.indexOf(ended) ?? -1);
  return stage === undefined || place < 0 ? 'making the next population ready' : `${sayPlace(stage, place)} is done`;
}

function describeEnd(
  { population, startedAt, progress }: Current,
  stage: Stage | undefined,
  table: TableEvent,
): string {
  const place = stage?.populations.indexOf(population) ?? 0;
  const [best] = table.table;
  const found =
    best?.value === undefined
      ? 'no trial has a value yet'
      : `best so far: trial ${best.index}, validation ${table.metric} ${sayMean(table.metric, best)}`;
  const seconds = formatSeconds((performance.now() - startedAt) / 1000);
  return (
    `${stage === undefined ? 'population' : sayPlace(stage, place)}: ${sayCount(population.runs.length, 'run')} at step ` +
    `${formatCount(progress?.step ?? population.until)} of ${formatCount(population.steps)} after ${seconds}; ${found}`
  );
}

function sayPlace({ stage, populations }: Stage, place: number): string {
  const name = `population ${place + 1} of ${populations.length}`;
  return stage === 'only' ? name : `${stage} ${name}`;
}

/** What the time left is of, where more may come. */
function sayStage({ stage, populations }: Stage): string {
  if (populations.some(({ until, steps }) => until < steps)) return ' to the cut';
  return stage === 'coarse' ? ' of the coarse search' : '';
}
