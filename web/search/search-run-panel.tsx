/** The controls of the search, and how its populations go. */
import { fault } from '../state/draft.ts';
import { isBusy } from '../state/run.ts';
import {
  editSearch,
  isDraftOfSearch,
  isSearching,
  pauseSearch,
  planned,
  resumeSearch,
  search,
  startSearch,
  stopSearch,
  trainTrial,
} from '../state/search.ts';
import type { CurrentSearch, SearchState } from '../state/search.ts';
import type { StageReport } from '../protocol/searching.ts';
import { Button } from '../ui/button.tsx';
import { formatCount, formatSeconds, formatShare, formatShort, sayCount } from '../ui/format.ts';
import { EmptyState, Notice, Panel, Readout } from '../ui/panel.tsx';
import { sayListed } from './space-fields.ts';
import { sayMean } from './trial-view.ts';

const stateWords: Readonly<Record<SearchState, string>> = {
  starting: 'Starting',
  searching: 'Searching',
  pausing: 'Pausing',
  paused: 'Paused',
  stopped: 'Stopped',
  finished: 'Finished',
  failed: 'Failed',
};

export function SearchRunPanel() {
  const current = search.value;
  const state = current?.state;
  const canGoOn = state === 'paused' || state === 'failed';
  const [best] = current?.table ?? [];
  const canStart = !isSearching.value && planned.value.state === 'known' && fault.value === undefined;
  return (
    <Panel
      title="Search"
      actions={
        <div class="button-row">
          {isSearching.value ? (
            <Button disabled={state === 'pausing'} onClick={pauseSearch}>
              Pause
            </Button>
          ) : (
            <Button kind={canGoOn ? 'plain' : 'primary'} disabled={!canStart} onClick={() => void startSearch()}>
              {current === undefined ? 'Start the search' : 'Start a new search'}
            </Button>
          )}
          {canGoOn && (
            <Button kind="primary" onClick={() => void resumeSearch()}>
              Resume
            </Button>
          )}
          {(state === 'finished' || state === 'stopped') && best?.value !== undefined && (
            <Button
              disabled={isBusy.value}
              onClick={() => void trainTrial(best)}
              label="Put the recipe of the best trial into the editor and train it: only this looks at the test rows"
            >
              Train the best
            </Button>
          )}
          {!isSearching.value && current !== undefined && !isDraftOfSearch.value && (
            <Button onClick={editSearch} label="Put the recipe of this search into the editor, with what it varies">
              Edit this search
            </Button>
          )}
          {(isSearching.value || state === 'paused') && (
            <Button kind="danger" disabled={state === 'pausing'} onClick={() => void stopSearch()}>
              Stop
            </Button>
          )}
        </div>
      }
    >
      {current === undefined ? (
        <EmptyState title="No search yet">
          <p>
            Choose what to vary, look at the plan, and press Start the search. The trials that may share dispatches
            train together.
          </p>
        </EmptyState>
      ) : (
        <SearchProgress current={current} />
      )}
    </Panel>
  );
}

function SearchProgress({ current }: { readonly current: CurrentSearch }) {
  const { state, stage, progress, table, metric, message, name } = current;
  const done = table.filter((trial) => trial.state !== 'waiting' && trial.state !== 'running').length;
  const share = state === 'finished' ? 1 : (progress?.share ?? 0);
  const [best] = table;
  return (
    <div class="stack">
      {message !== undefined && <Notice tone={state === 'failed' ? 'bad' : 'warn'}>{message}</Notice>}
      <dl class="readouts" data-search-state={state}>
        <Readout label="State">{stateWords[state]}</Readout>
        <Readout label="Recipe">{name}</Readout>
        <Readout label="Trials done">
          {formatCount(done)} of {formatCount(table.length || (stage?.trials ?? 0))}
        </Readout>
        {metric !== undefined && best?.value !== undefined && (
          <Readout label={`Best validation ${metric}`}>{sayMean(metric, best)}</Readout>
        )}
        {isSearching.value && progress?.samplesPerSecond !== undefined && (
          <Readout label="Samples a second">{formatShort(progress.samplesPerSecond)}</Readout>
        )}
        {isSearching.value && progress?.secondsLeft !== undefined && (
          <Readout label={sayTimeLeft(stage)}>{formatSeconds(progress.secondsLeft)}</Readout>
        )}
      </dl>
      {isSearching.value && <progress max={1} value={share} aria-label="Progress of the search" />}
      {stage !== undefined && <Populations stage={stage} place={progress?.place} step={progress?.step} state={state} />}
    </div>
  );
}

/** What the time left is of, where more may come. */
function sayTimeLeft(stage: StageReport | undefined): string {
  if (stage === undefined || stage.isLast) return 'Time left';
  return stage.stage === 'coarse' ? 'Time left, coarse' : 'Time left to the cut';
}

interface PopulationsProps {
  readonly stage: StageReport;
  readonly place: number | undefined;
  readonly step: number | undefined;
  readonly state: SearchState;
}

function Populations({ stage, place = 0, step = 0, state }: PopulationsProps) {
  const { populations, cut, trials } = stage;
  const differs = populations.some(({ values }) => Object.keys(values).length > 0);
  const parts = [
    ...(stage.stage === 'only' ? [] : [`${stage.stage} trials`]),
    ...(cut === 0 ? [] : [`after cut ${cut}`]),
    `${sayCount(trials, 'trial')} in ${sayCount(populations.length, 'population')}`,
  ];
  const title = parts.join(', ').replace(/^./, (letter) => letter.toUpperCase());
  return (
    <div class="table-scroll search-populations">
      <table>
        <caption class="small muted">{title}</caption>
        <thead>
          <tr>
            <th>Population</th>
            {differs && <th>Differs in</th>}
            <th class="numeric">Runs</th>
            <th class="numeric">Step</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {populations.map(({ name, values, runs, until }, index) => {
            const isDone = index < place || state === 'finished';
            const at = isDone ? until : index === place ? step : 0;
            return (
              <tr key={name} data-population={name}>
                <td>{name}</td>
                {differs && <td>{sayDifferences(values)}</td>}
                <td class="numeric">{formatCount(runs)}</td>
                <td class="numeric">
                  {formatCount(at)} of {formatCount(until)}
                </td>
                <td>{isDone ? 'done' : index > place ? 'waits' : sayTraining(state, at / until)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function sayTraining(state: SearchState, share: number): string {
  return state === 'searching' || state === 'pausing'
    ? `trains, ${formatShare(share, 0)}`
    : stateWords[state].toLowerCase();
}

function sayDifferences(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([path, value]) => `${path} ${sayListed([value])}`)
    .join(', ');
}
