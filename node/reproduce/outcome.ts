/** What came of a row: its numbers beside the published ones, in one form for all kinds of rows. Read from the row's folder, never kept. */
import { join } from 'node:path';
import { readModelFile, readResult } from '../run-folder.ts';
import { DataError } from '../../src/errors.ts';
import type { Measured, ResultJson } from '../../src/train/result-json.ts';
import { readSearch } from '../report/search/search-data.ts';
import type { SearchData } from '../report/search/search-data.ts';
import { sayMode } from './modes.ts';
import type { DoneWork } from './modes.ts';
import { readSearchFile } from '../search/folder.ts';
import { matchTrials } from './match-trials.ts';
import type { GradientRow, PublishedRow, SearchRow, TrainRow } from './published/types.ts';
import { readAbout, readRowResult } from './stored.ts';
import type { ResultOf } from './stored.ts';

/** One number of a row. */
export interface ComparedNumber {
  readonly what: string;
  /** A share 0..1, shown in per cent; a number, shown with four digits; one of an exercise by hand, shown with six. */
  readonly unit: 'share' | 'number' | 'exact';
  readonly published?: number;
  readonly ours?: number;
  /** Sample standard deviation, where ours is a mean over members or runs. */
  readonly deviation?: number;
  /** ours - published, where a difference says something. */
  readonly difference?: number;
}

/** A row as results.json has it. */
export interface RowOutcome {
  readonly report: string;
  readonly id: string;
  readonly kind: PublishedRow['kind'];
  readonly title: string;
  readonly settings: string;
  readonly chosen?: string;
  readonly recipe?: string;
  /** What repeats the row alone. */
  readonly command: string;
  /** What the report says in place of numbers, or beside them. */
  readonly publishedText?: string;
  readonly numbers: readonly ComparedNumber[];
  /** Why it could not be done, where that was tried just now. */
  readonly reason?: string;
  /** Everything below is absent where the row is not done yet. */
  readonly mode?: string;
  readonly folder?: string;
  readonly seeds?: readonly number[];
  readonly adapter?: string;
  /** Of all the work, compiling and evaluating included. */
  readonly seconds?: number;
  readonly trainRows?: number;
  readonly steps?: number;
  readonly version?: string;
  readonly commit?: string;
  /** What is to be known of the data. */
  readonly notes?: readonly string[];
}

/** The row as it is: with our numbers where it is done. */
export function rowOutcome(report: string, row: PublishedRow, work: DoneWork | undefined): RowOutcome {
  const published = publishedNumbers(row);
  const text = publishedText(row);
  const common = {
    report,
    id: row.id,
    kind: row.kind,
    title: row.title,
    settings: row.settings,
    ...('chosen' in row && row.chosen !== undefined && { chosen: row.chosen }),
    ...('recipe' in row && { recipe: row.recipe }),
    command: commandOf(report, row),
    ...(text !== undefined && { publishedText: text }),
  };
  if (work === undefined) return { ...common, numbers: published };
  const { version, commit, notes } = readAbout(work.folder);
  return {
    ...common,
    ...ours(row, work, published),
    mode: sayMode(work.mode),
    folder: work.folder,
    version,
    ...(commit !== undefined && { commit }),
    notes,
  };
}

function commandOf(report: string, row: PublishedRow): string {
  switch (row.kind) {
    case 'train':
      return `descent train ${row.recipe}`;
    case 'search':
      return `descent search ${row.recipe}`;
    // These commands alone take other rows, lengths or rates than the report does.
    case 'gradients':
    case 'overfit':
    case 'rangeTest':
    case 'exercise':
    case 'figures':
      return `descent reproduce ${report} --rows ${row.id}`;
  }
  return row satisfies never;
}

function publishedText(row: PublishedRow): string | undefined {
  switch (row.kind) {
    case 'train':
    case 'rangeTest':
      return row.published.text;
    case 'search':
    case 'overfit':
    case 'exercise':
      return row.text;
    case 'gradients':
    case 'figures':
      return undefined;
  }
  return row satisfies never;
}

const splits = ['train', 'validation', 'test'] as const;

/** The numbers of a row that is not done. */
function publishedNumbers(row: PublishedRow): ComparedNumber[] {
  switch (row.kind) {
    case 'train':
      return splits.flatMap((split) => {
        const published = row.published[split];
        return published === undefined ? [] : [{ what: `${split} ${row.metric}`, unit: unitOf(row), published }];
      });
    case 'search':
      return bestPublished(row);
    case 'gradients':
      return Object.entries(row.published).map(([tensor, published]) => ({ what: tensor, unit: 'number', published }));
    case 'rangeTest':
      return (['etaMin', 'etaMax'] as const).map((what) => ({ what, unit: 'number', published: row.published[what] }));
    case 'overfit':
    case 'exercise':
    case 'figures':
      return [];
  }
  return row satisfies never;
}

function unitOf({ metric }: TrainRow | SearchRow): ComparedNumber['unit'] {
  return metric === 'accuracy' ? 'share' : 'number';
}

function bestPublished(row: SearchRow): ComparedNumber[] {
  return (['validation', 'test'] as const).flatMap((split) => {
    const values = row.published.flatMap((trial) => trial[split] ?? []);
    if (values.length === 0) return [];
    const published = row.metric === 'accuracy' ? Math.max(...values) : Math.min(...values);
    return [{ what: `best ${split} ${row.metric}`, unit: unitOf(row), published }];
  });
}

type OwnPart = Pick<RowOutcome, 'numbers' | 'seeds' | 'adapter' | 'seconds' | 'trainRows' | 'steps'>;

function ours(row: PublishedRow, { folder }: DoneWork, published: readonly ComparedNumber[]): OwnPart {
  switch (row.kind) {
    case 'train':
      return trainedNumbers(row, folder);
    case 'search':
      return searchNumbers(row, readSearch(folder), published);
    case 'gradients':
      return gradientNumbers(row, readRowResult(folder, 'gradients'));
    case 'overfit': {
      const { adapter, seconds, seed, loss, epochs } = readRowResult(folder, 'overfit');
      const numbers: ComparedNumber[] = [
        { what: 'training loss', unit: 'number', ours: loss },
        { what: 'epochs', unit: 'number', ours: epochs },
      ];
      return { numbers, seeds: [seed], adapter, seconds };
    }
    case 'rangeTest': {
      const { adapter, seconds, seed, suggestions, points } = readRowResult(folder, 'rangeTest');
      const numbers = published.map((number) => {
        const found = suggestions[number.what as 'etaMin' | 'etaMax'];
        // Rates are compared by their ratio, which the figure shows.
        return { ...number, ...(found !== undefined && { ours: found }) };
      });
      return { numbers, seeds: [seed], adapter, seconds, steps: points.length };
    }
    case 'exercise': {
      const { seconds, gradient, after, loss, lossAfter } = readRowResult(folder, 'exercise');
      const named = { loss, 'gradient of w1_11': gradient, 'w1_11 after': after, 'loss after': lossAfter };
      const numbers = Object.entries(named).map(([what, value]) => ({ what, unit: 'exact' as const, ours: value }));
      return { numbers, adapter: 'CPU path, float64', seconds };
    }
    case 'figures': {
      const { adapter, seconds } = readRowResult(folder, 'figures');
      return { numbers: [], adapter, seconds };
    }
  }
  return row satisfies never;
}

function trainedNumbers(row: TrainRow, folder: string): OwnPart {
  const result = requireResult(folder);
  const numbers = splits.flatMap((split): ComparedNumber[] => {
    const measured = result[split]?.[row.metric];
    const published = row.published[split];
    if (measured === undefined && published === undefined) return [];
    const own = measured === undefined ? {} : average(measured);
    return [withDifference({ what: `${split} ${row.metric}`, unit: unitOf(row), published, ...own })];
  });
  const { trainRows } = readModelFile(folder);
  return {
    numbers,
    seeds: [result.seed].flat(),
    adapter: result.adapter,
    seconds: result.seconds.total,
    steps: Math.max(...[result.steps].flat()),
    ...(trainRows !== undefined && { trainRows }),
  };
}

function requireResult(folder: string): ResultJson {
  const result = readResult(folder);
  if (result === undefined) throw new DataError(join(folder, 'result.json'), 'is missing. Run the row again.');
  return result;
}

/** Mean over the members that have not diverged, and their deviation where there are several. */
function average(measured: Measured): Pick<ComparedNumber, 'ours' | 'deviation'> {
  const values = [measured].flat().filter((value) => value !== null);
  if (values.length === 0) return {};
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { ours: mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { ours: mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

type Undefinable<T> = { readonly [Key in keyof T]: T[Key] | undefined };

/** The number without what is undefined, and with the difference where both are there. */
function withDifference(number: Undefinable<ComparedNumber> & Pick<ComparedNumber, 'what' | 'unit'>): ComparedNumber {
  const { what, unit, published, ours: own, deviation } = number;
  return {
    what,
    unit,
    ...(published !== undefined && { published }),
    ...(own !== undefined && { ours: own }),
    ...(deviation !== undefined && { deviation }),
    ...(published !== undefined && own !== undefined && { difference: own - published }),
  };
}

/** The best trial, and how ours does at the setting that the report found best. */
function searchNumbers(row: SearchRow, data: SearchData, published: readonly ComparedNumber[]): OwnPart {
  const { best, adapter, seconds, records } = data;
  const what = `best validation ${row.metric}`;
  const own = { ours: best.value, deviation: best.deviation };
  const ofBest = withDifference({
    what,
    unit: unitOf(row),
    published: published.find((number) => number.what === what)?.published,
    ...own,
  });
  const others = published.filter((number) => number.what !== what);
  const bestSetting = matchTrials(row, data.table).toSorted((a, b) => compare(row, a, b))[0];
  const there = bestSetting?.trial;
  const atTheirs =
    there === undefined || there.index === best.index
      ? []
      : [
          withDifference({
            what: 'at the published best',
            unit: unitOf(row),
            published: bestSetting?.published.validation,
            ours: there.value,
            deviation: there.deviation,
          }),
        ];
  const seeds = [...new Set(records.map(({ seed }) => seed))];
  const { trainRows } = readSearchFile(data.folder);
  return { numbers: [ofBest, ...atTheirs, ...others], seeds, adapter, seconds, trainRows, steps: best.step };
}

type Matched = ReturnType<typeof matchTrials>[number];

/** Best published number first. */
function compare({ metric }: SearchRow, a: Matched, b: Matched): number {
  const value = ({ published }: Matched): number => published.validation ?? published.test ?? Number.NaN;
  return metric === 'accuracy' ? value(b) - value(a) : value(a) - value(b);
}

/** Of the last scene, as the reports give them. */
function gradientNumbers(row: GradientRow, { scenes, seconds, seed }: ResultOf<'gradients'>): OwnPart {
  const tensors = scenes.at(-1)?.tensors ?? [];
  const names = [...new Set([...Object.keys(row.published), ...tensors.map(({ name }) => name)])];
  const numbers = names.map((name): ComparedNumber => {
    const own = tensors.find((tensor) => tensor.name === name);
    const published = row.published[name];
    return {
      what: name,
      unit: 'number',
      ...(published !== undefined && { published }),
      ...(own && { ours: own[row.measure] }),
    };
  });
  return { numbers, seeds: [seed], adapter: 'CPU path, float64', seconds };
}
