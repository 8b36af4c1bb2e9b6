/** The run: its controls, how far it is, how fast it goes, and what came of it. */
import { checked, described, fault, setFields } from '../state/draft.ts';
import { run } from '../state/run.ts';
import type { CurrentRun } from '../state/run.ts';
import { Button } from '../ui/button.tsx';
import { NumberField } from '../ui/fields.tsx';
import { formatBytes, formatCount, formatSeconds, formatShort } from '../ui/format.ts';
import { Notice, Panel, Readout } from '../ui/panel.tsx';
import { describeState } from './actions.ts';
import { FirstRun } from './first-run.tsx';
import { RunControls } from './run-controls.tsx';
import { RunResult } from './run-result.tsx';
import './train.css';

const stateNames: Readonly<Record<CurrentRun['state'], string>> = {
  starting: 'Starting',
  training: 'Training',
  pausing: 'Pausing',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Failed',
};

/** Seeds that people can read out to each other. */
const seedCount = 1_000_000;

export function RunPanel() {
  const current = run.value;
  const sentence = describeState();
  return (
    <Panel
      title={current === undefined ? 'Run' : `Run: ${current.name}`}
      actions={
        <>
          {current !== undefined && (
            <span class="run-state" data-state={current.state} role="status">
              {stateNames[current.state]}
            </span>
          )}
          <Seed />
        </>
      }
    >
      <div class="stack">
        <RunControls />
        {fault.value !== undefined && <Notice tone="bad">{fault.value}</Notice>}
        {current === undefined ? <FirstRun /> : <Progress current={current} />}
        {sentence !== undefined && <p class="small muted">{sentence}</p>}
        {current?.message !== undefined && (
          <Notice tone={current.state === 'failed' ? 'bad' : 'warn'}>{current.message}</Notice>
        )}
        {notesOf(current).map((note) => (
          <Notice key={note}>{note}</Notice>
        ))}
        {current?.result !== undefined && <RunResult recipe={current.recipe} result={current.result} />}
      </div>
    </Panel>
  );
}

function notesOf(current: CurrentRun | undefined): readonly string[] {
  if (current !== undefined) return current.start?.notes ?? [];
  return described.value.state === 'known' && fault.value === undefined ? described.value.description.notes : [];
}

/** Of the next run: initial weights and dropout. */
function Seed() {
  const seed = 'recipe' in checked.value ? checked.value.recipe.seed : undefined;
  const choose = (next: number | undefined): void => {
    if (next !== undefined) setFields({ seed: next });
  };
  return (
    <div class="run-seed">
      <NumberField
        label="Seed"
        title="Of the initial weights and of dropout, in the next run: one seed gives one result, to the bit"
        value={seed}
        onChange={choose}
      />
      <Button
        title="Draws another seed for the next run"
        onClick={() => choose((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % seedCount)}
      >
        New seed
      </Button>
    </div>
  );
}

function Progress({ current }: { readonly current: CurrentRun }) {
  const { step, steps, start, progress, result } = current;
  const stepsPerEpoch = start?.stepsPerEpoch;
  const epoch = stepsPerEpoch === undefined ? undefined : step / stepsPerEpoch;
  const adapter = start?.adapter ?? result?.adapter;
  const isRunning = current.state === 'training' || current.state === 'pausing';
  return (
    <div class="stack run-progress">
      <div>
        <progress max={steps ?? 1} value={step} aria-label="Progress of the run" />
        <div class="run-line small">
          <span class="number">
            Step {formatCount(step)}
            {steps !== undefined && ` of ${formatCount(steps)}`}
            {epoch !== undefined && stepsPerEpoch !== undefined && steps !== undefined && (
              <>
                {' '}
                · epoch {epoch.toFixed(steps === step ? 0 : 1)} of {formatCount(steps / stepsPerEpoch)}
              </>
            )}
          </span>
          <span class="number muted">
            {current.state === 'starting' && 'Getting ready: data, plan and kernels'}
            {isRunning && progress !== undefined && `${formatSeconds(progress.secondsLeft)} left, `}
            {result !== undefined && `trained in ${formatSeconds(result.seconds.train)} `}
            {adapter !== undefined && `on ${adapter}`}
          </span>
        </div>
      </div>
      <dl class="readouts">
        <Readout label="Steps a second">{progress === undefined ? '–' : formatShort(progress.stepsPerSecond)}</Readout>
        <Readout
          label="Samples a second"
          title="Rows of the training data that went through the network, of all members"
        >
          {formatShort(progress?.samplesPerSecond ?? result?.samplesPerSecond ?? Number.NaN)}
        </Readout>
        <Readout label="Device memory" title="Buffers of the plan: data, parameters, activations">
          {start === undefined && result === undefined
            ? '–'
            : formatBytes(start?.peakDeviceBytes ?? result?.peakDeviceBytes ?? 0)}
        </Readout>
        <Readout label="Made ready in" title="Uploading the data, compiling the kernels, measuring the fastest ones">
          {start === undefined ? '–' : formatSeconds(start.compileSeconds)}
        </Readout>
      </dl>
    </div>
  );
}
