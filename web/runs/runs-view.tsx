/** The runs that the browser keeps: the list, and those that are chosen beside one another. */
import { useEffect, useRef } from 'preact/hooks';
import {
  chosen,
  clearChoice,
  comparison,
  deleteRuns,
  followRuns,
  importRunFile,
  restoreRuns,
  runList,
  runNotice,
} from '../state/runs.ts';
import { showView } from '../state/view.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState, Notice, Panel } from '../ui/panel.tsx';
import { StorageLine } from '../ui/storage-line.tsx';
import { ComparePanel } from './compare-panel.tsx';
import { RunsTable } from './runs-table.tsx';
import './runs.css';

export function RunsView() {
  useEffect(() => {
    const stop = new AbortController();
    void followRuns(stop.signal);
    return () => stop.abort();
  }, []);
  const list = runList.value;
  return (
    <div class="stack runs-view">
      <Panel title="Runs" actions={<RunsActions />}>
        <div class="stack">
          <RunsNotice />
          {list?.memoryOnly !== undefined && (
            <Notice tone="warn">{list.memoryOnly} Export the runs that you want to keep.</Notice>
          )}
          {list === undefined ? (
            <p class="muted">Reading the runs</p>
          ) : list.runs.length === 0 ? (
            <NoRuns />
          ) : (
            <RunsTable runs={list.runs} />
          )}
          <StorageLine />
        </div>
      </Panel>
      {comparison.value.length > 0 && <ComparePanel runs={comparison.value} />}
    </div>
  );
}

function RunsActions() {
  const file = useRef<HTMLInputElement>(null);
  const picked = runList.value?.runs.filter(({ id }) => chosen.value.has(id)) ?? [];
  return (
    <div class="button-row">
      {picked.length > 0 && (
        <>
          <span class="small muted">{picked.length} chosen</span>
          <Button kind="quiet" onClick={clearChoice}>
            Clear
          </Button>
          <Button
            kind="quiet"
            disabled={picked.some(({ state }) => state === 'training')}
            onClick={() => void deleteRuns(picked)}
          >
            Delete chosen
          </Button>
        </>
      )}
      <Button onClick={() => file.current?.click()}>Import zip</Button>
      <input
        ref={file}
        type="file"
        accept=".zip,application/zip"
        hidden
        aria-label="Run as a zip file"
        onChange={({ currentTarget }) => {
          const [chosenFile] = currentTarget.files ?? [];
          if (chosenFile !== undefined) void importRunFile(chosenFile, chosenFile.name);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

function RunsNotice() {
  const notice = runNotice.value;
  if (notice === undefined) return null;
  return (
    <Notice tone={notice.tone}>
      <div class="button-row">
        <span>{notice.text}</span>
        {notice.canRestore === true && <Button onClick={() => void restoreRuns()}>Undo</Button>}
        <Button
          kind="quiet"
          onClick={() => {
            runNotice.value = undefined;
          }}
        >
          Dismiss
        </Button>
      </div>
    </Notice>
  );
}

function NoRuns() {
  return (
    <EmptyState title="No runs yet">
      <span>
        Every run that you train on this page is kept here, in this browser: to go on with it, to compare it, and to
        take it to the command line. A run folder of the command line comes in as a zip, which <code>descent pack</code>{' '}
        makes.
      </span>
      <Button kind="primary" onClick={() => showView('train')}>
        Train the first run
      </Button>
    </EmptyState>
  );
}
