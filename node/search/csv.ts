/** The table of a search as CSV, for spreadsheets and other programs: numbers whole, a line for each trial, best first. */
import { trialPlaces } from '../../src/search/places.ts';
import type { RunRecord, TrialSummary } from '../../src/search/trials.ts';
import type { Metrics } from '../../src/train/events.ts';
import { formatCsv } from '../output.ts';

const metricNames = ['loss', 'cost', 'accuracy', 'topKAccuracy', 'rmse', 'r2'] as const satisfies (keyof Metrics)[];
const splitNames = ['train', 'validation'] as const;

/**
 * `paths` are the fields of the space; `value` is the metric that trials are compared by. A cell is empty where a trial has no such number; values that
 * are no numbers and no texts are JSON. `populations` names the last population and the member of each run: `001/4 001/5`.
 */
export function trialsCsv(
  table: readonly TrialSummary[],
  paths: readonly string[],
  records: readonly RunRecord[],
): string {
  const places = trialPlaces(records);
  const measured = splitNames.flatMap((split) =>
    metricNames
      .filter((name) => table.some((trial) => trial[split]?.[name] !== undefined))
      .map((name) => ({ split, name })),
  );
  const header = ['rank', 'trial', 'stage', 'state', ...paths, 'value', 'deviation'];
  const rows = table.map((trial, index) => [
    trial.value === undefined ? '' : index + 1,
    trial.index,
    trial.stage,
    trial.state,
    ...paths.map((path) => asCell(trial.values[path])),
    trial.value ?? '',
    trial.deviation ?? '',
    ...measured.map(({ split, name }) => trial[split]?.[name] ?? ''),
    trial.runs,
    trial.step,
    places.get(trial.index) ?? '',
  ]);
  const titles = measured.map(({ split, name }) => `${split}_${name}`);
  return formatCsv([[...header, ...titles, 'runs', 'steps', 'populations'], ...rows]);
}

function asCell(value: unknown): string | number {
  if (value === undefined) return '';
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}
