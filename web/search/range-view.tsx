/** The learning-rate range test: its settings, the curves over the rate while it runs, and what it suggests. */
import { useEffect } from 'preact/hooks';
import { draft, fault } from '../state/draft.ts';
import {
  isTestingRange,
  proposeRange,
  rangePoints,
  rangeRun,
  rangeSettings,
  rangeVersion,
  startRangeTest,
  stopRangeTest,
} from '../state/range-test.ts';
import type { RangeSettings } from '../protocol/range-testing.ts';
import { Button } from '../ui/button.tsx';
import { NumberField, SelectField } from '../ui/fields.tsx';
import { formatCount, formatSeconds, formatShort } from '../ui/format.ts';
import { EmptyState, Notice, Panel, Readout } from '../ui/panel.tsx';
import { RangeCharts } from './range-charts.tsx';
import { RangeSuggestions } from './range-suggestions.tsx';

export function RangeView() {
  const result = rangeRun.value?.result;
  useEffect(() => void proposeRange(), [draft.value, result]);
  return (
    <div class="search-columns">
      <div class="stack">
        <SettingsPanel />
        {result !== undefined && <RangeSuggestions result={result} />}
      </div>
      <div class="stack">
        <CurvesPanel />
      </div>
    </div>
  );
}

type Length = 'usual' | 'epochs' | 'steps';

function change(fields: RangeSettings): void {
  const next = { ...rangeSettings.value, ...fields };
  // What is not given is left out.
  rangeSettings.value = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
}

function SettingsPanel() {
  const { from, to, curve = 'exponential', epochs, steps, smoothing } = rangeSettings.value;
  const length: Length = steps !== undefined ? 'steps' : epochs !== undefined ? 'epochs' : 'usual';
  const { value } = rangeRun;
  return (
    <Panel title="Range test of the learning rate">
      <div class="stack">
        <p class="small muted">
          One training in which the rate rises from step to step. Where the loss falls and where it breaks down tells
          which rates are worth taking. Everything else is as in the recipe.
        </p>
        <div class="fields">
          <NumberField
            label="From"
            value={from}
            placeholder="1e-5"
            optional
            onChange={(next) => change({ from: next })}
          />
          <NumberField label="To" value={to} placeholder="1" optional onChange={(next) => change({ to: next })} />
          <SelectField
            label="Rises"
            value={curve}
            options={[
              { value: 'exponential', text: 'By factor' },
              { value: 'linear', text: 'Evenly' },
            ]}
            onChange={(next) => change({ curve: next })}
          />
          <SelectField
            label="Length"
            value={length}
            options={[
              { value: 'usual', text: 'The usual' },
              { value: 'epochs', text: 'Epochs' },
              { value: 'steps', text: 'Steps' },
            ]}
            title="The usual: five epochs, and at least 1,000 steps"
            onChange={(next) =>
              change({ epochs: next === 'epochs' ? 5 : undefined, steps: next === 'steps' ? 1000 : undefined })
            }
          />
          {epochs !== undefined && (
            <NumberField label="Epochs" value={epochs} onChange={(next) => change({ epochs: next })} />
          )}
          {steps !== undefined && (
            <NumberField label="Steps" value={steps} onChange={(next) => change({ steps: next })} />
          )}
          <NumberField
            label="Smoothing"
            value={smoothing}
            placeholder="by length"
            optional
            title="Share of the average that each step keeps, from 0 to below 1"
            onChange={(next) => change({ smoothing: next })}
          />
        </div>
        {fault.value !== undefined && <Notice tone="bad">{fault.value}</Notice>}
        <div class="button-row">
          {isTestingRange.value ? (
            <Button disabled={value?.state === 'stopping'} onClick={stopRangeTest}>
              Stop
            </Button>
          ) : (
            <Button kind="primary" disabled={fault.value !== undefined} onClick={() => void startRangeTest()}>
              Test the rates
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

function CurvesPanel() {
  const { value } = rangeRun;
  // Read, so that the curves are drawn again whenever there is more of them.
  void rangeVersion.value;
  const last = rangePoints.at(-1);
  return (
    <Panel title="Loss over the learning rate">
      {value === undefined ? (
        <EmptyState title="No test yet">
          <p>A test of the digits takes a few seconds. Press Test the rates.</p>
        </EmptyState>
      ) : (
        <div class="stack" data-range-state={value.state}>
          {value.state === 'failed' && <Notice tone="bad">{value.message}</Notice>}
          {value.state === 'stopped' && <Notice>Stopped: nothing is suggested from a part of a test.</Notice>}
          <dl class="readouts">
            <Readout label="Recipe">{value.name}</Readout>
            <Readout label="Step">
              {formatCount(last === undefined ? 0 : last.step + 1)} of {formatCount(value.steps)}
            </Readout>
            {isTestingRange.value && value.samplesPerSecond !== undefined && (
              <Readout label="Samples a second">{formatShort(value.samplesPerSecond)}</Readout>
            )}
            {value.result !== undefined && <Readout label="Time">{formatSeconds(value.result.seconds)}</Readout>}
          </dl>
          {isTestingRange.value && (
            <progress
              max={Math.max(1, value.steps)}
              value={last === undefined ? 0 : last.step + 1}
              aria-label="Progress of the test"
            />
          )}
          {(value.state !== 'failed' || last !== undefined) && (
            <RangeCharts points={rangePoints} suggested={value.result?.suggested ?? []} />
          )}
          {value.result?.ended !== undefined && (
            <p class="small muted">
              The test ended after {formatCount(value.result.points.length)} of {formatCount(value.result.steps)} steps:{' '}
              {value.result.ended}.
            </p>
          )}
        </div>
      )}
    </Panel>
  );
}
