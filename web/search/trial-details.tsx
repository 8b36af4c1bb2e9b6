/** One trial of a search: its values, its runs with the hashes of their weights, and what can be done with it. */
import { sayInJson } from '../../src/recipe/search-values.ts';
import type { MetricName, RunRecord, TrialSummary } from '../../src/search/trials.ts';
import { isSearching, trainTrial, useTrial } from '../state/search.ts';
import { isBusy } from '../state/run.ts';
import { Button } from '../ui/button.tsx';
import { formatCount, formatNumber } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { sayMetric } from './trial-view.ts';

interface TrialDetailsProps {
  readonly trial: TrialSummary;
  readonly metric: MetricName;
  readonly records: readonly RunRecord[];
}

export function TrialDetails({ trial, metric, records }: TrialDetailsProps) {
  const isComputing = isSearching.value || isBusy.value;
  return (
    <Panel
      title={`Trial ${trial.index}`}
      actions={
        <div class="button-row">
          <Button
            onClick={() => void useTrial(trial)}
            label="Put the recipe of this trial, without the search, into the editor"
          >
            Use this trial
          </Button>
          <Button
            disabled={isComputing}
            onClick={() => void trainTrial(trial)}
            label="Put the recipe of this trial into the editor and train it: only this looks at the test rows"
          >
            Train this trial
          </Button>
        </div>
      }
    >
      <div class="stack">
        <dl class="search-values">
          {Object.entries(trial.values).map(([path, value]) => (
            <div key={path}>
              <dt>{path}</dt>
              <dd class="number">{sayInJson(value, formatNumber)}</dd>
            </div>
          ))}
        </dl>
        {records.length === 0 ? (
          <p class="small muted">None of its runs is done yet.</p>
        ) : (
          <RunsTable metric={metric} records={records} />
        )}
      </div>
    </Panel>
  );
}

function RunsTable({ metric, records }: Pick<TrialDetailsProps, 'metric' | 'records'>) {
  const hasFolds = records.some(({ fold }) => fold !== undefined);
  return (
    <div class="table-scroll">
      <table aria-label="Runs of this trial">
        <thead>
          <tr>
            {hasFolds && <th class="numeric">Fold</th>}
            <th class="numeric">Seed</th>
            <th class="numeric">Validation {metric}</th>
            <th class="numeric">Train {metric}</th>
            <th class="numeric">Steps</th>
            <th title="Population and place in it">Place</th>
            <th>State</th>
            <th title="sha256 of the weights: equal to that of the same recipe trained alone">Weights</th>
          </tr>
        </thead>
        <tbody>
          {records.map(({ fold, seed, population, member, step, state, train, validation, weightsSha256 }) => (
            <tr key={`${population}/${member}`} data-run={`${population}/${member}`}>
              {hasFolds && <td class="numeric">{fold}</td>}
              <td class="numeric">{seed}</td>
              <td class="numeric">{sayMetric(metric, validation?.[metric])}</td>
              <td class="numeric">{sayMetric(metric, train?.[metric])}</td>
              <td class="numeric">{formatCount(step)}</td>
              <td>
                {population}/{member}
              </td>
              <td>{state}</td>
              <td>
                <code class="small" title={weightsSha256} data-weights-sha256={weightsSha256}>
                  {weightsSha256?.slice(0, 16)}
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
