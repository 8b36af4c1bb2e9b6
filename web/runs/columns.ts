/** The columns of the list of runs: how each is written, and how it sorts. */
import type { RunEntry } from '../storage/database.ts';
import { formatCount, formatNumber, formatSeconds, formatShare } from '../ui/format.ts';
import { splitNames } from '../ui/metrics.ts';

export const columns = ['name', 'data', 'state', 'steps', 'accuracy', 'loss', 'time', 'adapter', 'started'] as const;
export type Column = (typeof columns)[number];

export const columnTitles: Readonly<Record<Column, string>> = {
  name: 'Name',
  data: 'Data',
  state: 'State',
  steps: 'Steps',
  accuracy: 'Accuracy',
  loss: 'Loss',
  time: 'Time',
  adapter: 'Adapter',
  started: 'Started',
};
export const numericColumns: ReadonlySet<Column> = new Set(['steps', 'accuracy', 'loss', 'time']);

export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}
export const newestFirst: Sort = { column: 'started', descending: true };

/** The order that a click on a column asks for: the other way round where it is sorted by already, else with what is sought first on top. */
export function nextSort(sort: Sort, column: Column): Sort {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: column === 'accuracy' || column === 'started' };
}

const stateOrder: readonly RunEntry['state'][] = ['training', 'paused', 'failed', 'stopped', 'finished'];

function sortValue(entry: RunEntry, column: Column): string | number | undefined {
  switch (column) {
    case 'name':
      return entry.name.toLowerCase();
    case 'data':
      return entry.dataset;
    case 'state':
      return stateOrder.indexOf(entry.state);
    case 'steps':
      return entry.step;
    case 'accuracy':
      return entry.accuracy;
    case 'loss':
      return entry.loss;
    case 'time':
      return entry.seconds;
    case 'adapter':
      return entry.adapter;
    case 'started':
      return entry.created;
  }
  return column satisfies never;
}

/** Runs that lack what is sorted by come last in either direction; equal ones stay as they are. */
export function sortRuns(runs: readonly RunEntry[], { column, descending }: Sort): RunEntry[] {
  return runs.toSorted((first, second) => {
    const [a, b] = [sortValue(first, column), sortValue(second, column)];
    if (a === b) return 0;
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    return a < b === descending ? 1 : -1;
  });
}

/** What a cell says, and of what where that matters. */
export function cellText(entry: RunEntry, column: Column): { readonly text: string; readonly of?: string } {
  const { split } = entry;
  const of = split === undefined ? {} : { of: splitNames[split].toLowerCase() };
  switch (column) {
    case 'name':
      return { text: entry.name };
    case 'data':
      return { text: entry.dataset };
    case 'state':
      return { text: sayState(entry) };
    case 'steps':
      return { text: formatCount(entry.step), ...(entry.kind === 'search' && { of: 'runs' }) };
    case 'accuracy':
      return entry.accuracy === undefined ? { text: '–' } : { text: formatShare(entry.accuracy), ...of };
    case 'loss':
      return entry.loss === undefined ? { text: '–' } : { text: formatNumber(entry.loss), ...of };
    case 'time':
      return { text: entry.seconds === undefined ? '–' : formatSeconds(entry.seconds) };
    case 'adapter':
      return { text: entry.adapter ?? '–' };
    case 'started':
      return { text: sayDate(entry.created) };
  }
  return column satisfies never;
}

const stateWords = {
  training: 'Training',
  paused: 'Paused',
  stopped: 'Stopped',
  finished: 'Finished',
  failed: 'Failed',
} as const;

/** With the share of the steps, of a run that can go on. */
export function sayState({ state, step, steps }: RunEntry): string {
  const word = stateWords[state];
  if ((state !== 'training' && state !== 'paused') || steps === 0) return word;
  return `${word} at ${Math.floor((100 * step) / steps)} %`;
}

/** The day and the minute; the year where it is another one. */
export function sayDate(iso: string, now = new Date()): string {
  const date = new Date(iso);
  const isThisYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
  });
}
