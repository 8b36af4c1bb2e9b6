/** The trials of the search, best first: a table that can be sorted and walked through by keyboard, and the details of the one that is chosen. */
import { useSignal } from '@preact/signals';
import { shortNames } from '../../src/recipe/search-axes.ts';
import { sayInJson, sayValues } from '../../src/recipe/search-values.ts';
import type { MetricName, TrialSummary } from '../../src/search/trials.ts';
import { chosenTrial, isSearching, search } from '../state/search.ts';
import type { CurrentSearch } from '../state/search.ts';
import { Button } from '../ui/button.tsx';
import { formatCount, formatNumber, sayCount } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { TrialDetails } from './trial-details.tsx';
import { byRank, nextSort, recordsOf, sayMean, sayMetric, sayState, sortTrials } from './trial-view.ts';
import type { Sort, SortKey } from './trial-view.ts';

/** Rows that are drawn until a person asks for all. */
const fewRows = 100;

export function TrialsPanel() {
  const current = search.value;
  if (current === undefined || current.metric === undefined || current.table.length === 0) return undefined;
  const { metric, table } = current;
  const chosen = table.find(({ index }) => index === chosenTrial.value) ?? table[0];
  return (
    <>
      <TrialsTable current={current} metric={metric} />
      {chosen !== undefined && (
        <TrialDetails trial={chosen} metric={metric} records={recordsOf(current.records, chosen.index)} />
      )}
    </>
  );
}

interface TrialsTableProps {
  readonly current: CurrentSearch;
  readonly metric: MetricName;
}

interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly isNumeric: boolean;
}

function TrialsTable({ current: { table, records, recipe }, metric }: TrialsTableProps) {
  const sort = useSignal<Sort>(byRank);
  const showsAll = useSignal(false);
  const paths = Object.keys(recipe.search?.space ?? {});
  const names = shortNames(paths);
  const ranks = new Map(table.map(({ index }, place) => [index, place + 1]));
  // What tells the values apart in the whole table.
  const cells = new Map(
    paths.map((path) => {
      const column = sayValues(
        table.map(({ values }) => values[path]),
        formatNumber,
      );
      return [path, new Map(table.map(({ index }, place) => [index, column[place] ?? '']))];
    }),
  );
  const columns: readonly Column[] = [
    { key: 'rank', title: 'Rank', isNumeric: true },
    { key: 'trial', title: 'Trial', isNumeric: true },
    { key: 'value', title: `Validation ${metric}`, isNumeric: true },
    ...paths.map((path, index) => ({ key: path, title: names[index] ?? path, isNumeric: true })),
    { key: 'train', title: `Train ${metric}`, isNumeric: true },
    { key: 'steps', title: 'Steps', isNumeric: true },
    { key: 'state', title: 'State', isNumeric: false },
  ];
  const sorted = sortTrials(table, metric, sort.value);
  const shown = showsAll.value ? sorted : sorted.slice(0, fewRows);
  const chosen = chosenTrial.value ?? table[0]?.index;
  return (
    <Panel title="Trials" actions={<span class="small muted">{sayCount(table.length, 'trial')}</span>}>
      <div class="table-scroll search-trials">
        <table aria-label="Trials, best first">
          <thead>
            <tr>
              {columns.map(({ key, title, isNumeric }) => (
                <th
                  key={key}
                  class={isNumeric ? 'numeric' : undefined}
                  aria-sort={sort.value.key !== key ? 'none' : sort.value.descending ? 'descending' : 'ascending'}
                >
                  <button
                    type="button"
                    class="search-sort"
                    title={key}
                    onClick={() => {
                      sort.value = nextSort(sort.value, key);
                    }}
                  >
                    {title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={moveBetweenRows}>
            {shown.map((trial) => (
              <tr
                key={trial.index}
                tabIndex={trial.index === chosen ? 0 : -1}
                aria-current={trial.index === chosen}
                data-trial={trial.index}
                data-state={trial.state}
                data-weights-sha256={hashesOf(recordsOf(records, trial.index))}
                onClick={() => choose(trial)}
                onFocus={() => choose(trial)}
              >
                <td class="numeric">{trial.value === undefined ? '' : ranks.get(trial.index)}</td>
                <td class="numeric">{trial.index}</td>
                <td class="numeric">{sayMean(metric, trial)}</td>
                {paths.map((path) => (
                  <td key={path} class="numeric" title={sayInJson(trial.values[path], String)}>
                    {cells.get(path)?.get(trial.index)}
                  </td>
                ))}
                <td class="numeric">{sayMetric(metric, trial.train?.[metric])}</td>
                <td class="numeric">{formatCount(trial.step)}</td>
                <td>{sayState(trial, isSearching.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > shown.length && (
        <Button
          kind="quiet"
          onClick={() => {
            showsAll.value = true;
          }}
        >
          Show all {formatCount(sorted.length)} trials
        </Button>
      )}
    </Panel>
  );
}

function choose({ index }: TrialSummary): void {
  chosenTrial.value = index;
}

/** Of every run that is done, with a space between them. */
function hashesOf(records: ReturnType<typeof recordsOf>): string | undefined {
  const hashes = records.flatMap(({ weightsSha256 }) => weightsSha256 ?? []);
  return hashes.length === 0 ? undefined : hashes.join(' ');
}

/** The arrow keys go from row to row, Home and End to the first and the last. */
function moveBetweenRows(event: KeyboardEvent): void {
  const row = (event.target as Element).closest('tr');
  const next = row === null ? undefined : targetOf(row, event.key);
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

function targetOf(row: Element, key: string): Element | null | undefined {
  switch (key) {
    case 'ArrowDown':
      return row.nextElementSibling;
    case 'ArrowUp':
      return row.previousElementSibling;
    case 'Home':
      return row.parentElement?.firstElementChild;
    case 'End':
      return row.parentElement?.lastElementChild;
    default:
      return undefined;
  }
}
