/** The list of runs; on a narrow screen each row is a card. */
import { useSignal } from '@preact/signals';
import { chosen, openRun, renameRun, resumeStoredRun, toggleRun } from '../state/runs.ts';
import type { RunEntry } from '../storage/database.ts';
import { Button } from '../ui/button.tsx';
import { cellText, columnTitles, columns, newestFirst, nextSort, numericColumns, sortRuns } from './columns.ts';
import type { Column, Sort } from './columns.ts';
import { RunMenu } from './run-menu.tsx';

export function RunsTable({ runs }: { readonly runs: readonly RunEntry[] }) {
  const sort = useSignal<Sort>(newestFirst);
  const renaming = useSignal<string | undefined>(undefined);
  return (
    <div class="table-scroll runs-scroll">
      <table class="runs-table">
        <thead>
          <tr>
            <th>
              <span class="visually-hidden">Compare</span>
            </th>
            {columns.map((column) => (
              <SortHeader
                key={column}
                column={column}
                sort={sort.value}
                onSort={() => {
                  sort.value = nextSort(sort.value, column);
                }}
              />
            ))}
            <th>
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={moveBetweenRows}>
          {sortRuns(runs, sort.value).map((entry) => (
            <RunRow
              key={entry.id}
              entry={entry}
              isRenamed={renaming.value === entry.id}
              onRename={(isRenamed) => {
                renaming.value = isRenamed ? entry.id : undefined;
              }}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface SortHeaderProps {
  readonly column: Column;
  readonly sort: Sort;
  readonly onSort: () => void;
}

function SortHeader({ column, sort, onSort }: SortHeaderProps) {
  const direction = sort.column !== column ? 'none' : sort.descending ? 'descending' : 'ascending';
  return (
    <th aria-sort={direction} class={numericColumns.has(column) ? 'numeric' : undefined}>
      <button type="button" class="runs-sort" onClick={onSort}>
        {columnTitles[column]}
      </button>
    </th>
  );
}

interface RunRowProps {
  readonly entry: RunEntry;
  readonly isRenamed: boolean;
  readonly onRename: (isRenamed: boolean) => void;
}

function RunRow({ entry, isRenamed, onRename }: RunRowProps) {
  const { id, name, kind, state, note } = entry;
  const colour = chosen.value.get(id);
  return (
    <tr data-run={id} data-state={state}>
      <td class="runs-check">
        {kind === 'run' && (
          <input
            type="checkbox"
            data-control="compare"
            checked={colour !== undefined}
            aria-label={`Compare ${name}`}
            style={colour === undefined ? undefined : { accentColor: `var(--series-${colour + 1})` }}
            onChange={({ currentTarget }) => {
              void toggleRun(id);
              // There may be too many already.
              currentTarget.checked = chosen.value.has(id);
            }}
          />
        )}
      </td>
      {columns.map((column) => (
        <td
          key={column}
          class={`runs-${column} ${numericColumns.has(column) ? 'numeric' : ''}`}
          data-title={columnTitles[column]}
        >
          {column === 'name' ? (
            <>
              <RunName entry={entry} isRenamed={isRenamed} onRename={onRename} />
              {kind === 'search' && <span class="runs-of">search</span>}
            </>
          ) : (
            <Cell entry={entry} column={column} {...(column === 'state' && note !== undefined && { title: note })} />
          )}
        </td>
      ))}
      <td class="runs-actions">
        <div>
          {state === 'paused' && kind === 'run' && (
            <Button kind="quiet" label={`Resume ${name}`} onClick={() => void resumeStoredRun(id)}>
              Resume
            </Button>
          )}
          <RunMenu entry={entry} onRename={() => onRename(true)} />
        </div>
      </td>
    </tr>
  );
}

interface CellProps {
  readonly entry: RunEntry;
  readonly column: Column;
  readonly title?: string;
}

function Cell({ entry, column, title }: CellProps) {
  const { text, of } = cellText(entry, column);
  return (
    <span class="runs-text" title={title ?? text}>
      {text}
      {of !== undefined && <span class="runs-of">{of}</span>}
    </span>
  );
}

/** The name opens the run; it is edited in place. */
function RunName({ entry, isRenamed, onRename }: RunRowProps) {
  const { id, name } = entry;
  if (!isRenamed) {
    return (
      <button
        type="button"
        class="runs-open"
        data-control="open"
        title={`Open ${name}`}
        onClick={() => void openRun(entry)}
        onKeyDown={({ key }) => {
          if (key === 'F2') onRename(true);
        }}
      >
        {name}
      </button>
    );
  }
  const save = (text: string): void => {
    onRename(false);
    if (text.trim() !== name) void renameRun(id, text);
  };
  return (
    <input
      aria-label={`New name of ${name}`}
      defaultValue={name}
      ref={(input) => input?.focus()}
      onFocus={({ currentTarget }) => currentTarget.select()}
      onBlur={({ currentTarget }) => save(currentTarget.value)}
      onKeyDown={({ key, currentTarget }) => {
        // A field that loses the focus is saved.
        if (key === 'Escape') currentTarget.value = name;
        if (key === 'Enter' || key === 'Escape') currentTarget.blur();
      }}
    />
  );
}

/** The arrow keys go to the same control of the next row. */
function moveBetweenRows(event: KeyboardEvent): void {
  const { key, target } = event;
  const control = target instanceof HTMLElement ? target.dataset['control'] : undefined;
  if (!(target instanceof HTMLElement) || control === undefined || (key !== 'ArrowDown' && key !== 'ArrowUp')) return;
  const row = target.closest('tr');
  const next = key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const wanted = next?.querySelector<HTMLElement>(`[data-control="${control}"]`);
  if (wanted === null || wanted === undefined) return;
  event.preventDefault();
  wanted.focus();
}
