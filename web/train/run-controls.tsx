/** The buttons of the run. On a narrow screen they stand at the foot of the window. */
import { useEffect } from 'preact/hooks';
import { fault } from '../state/draft.ts';
import { isBusy, leaveRun, pauseRun, restartRun, resumeRun, run, runState, startRun } from '../state/run.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { listenToKeys, mainAction, stepRun } from './actions.ts';

export function RunControls() {
  useEffect(listenToKeys, []);
  const main = mainAction();
  const cannotStart = isBusy.value || fault.value !== undefined;
  const isPaused = runState.value === 'paused';
  return (
    <div class="run-controls" role="group" aria-label="Controls of the run">
      <Button
        kind={main === 'train' ? 'primary' : 'plain'}
        disabled={cannotStart}
        onClick={() => void startRun()}
        title={main === 'train' ? 'Starts a new run of the recipe (space)' : 'Starts a new run of the recipe'}
        {...(main === 'train' && { shortcut: 'Space' })}
      >
        <Icon name="play" />
        Train
      </Button>
      {isPaused ? (
        <Button
          kind={main === 'resume' ? 'primary' : 'plain'}
          onClick={() => void resumeRun()}
          title={main === 'resume' ? 'Goes on with this run (space)' : 'Goes on with this run and its own recipe'}
          {...(main === 'resume' && { shortcut: 'Space' })}
        >
          <Icon name="play" />
          Resume
        </Button>
      ) : (
        <Button
          disabled={!isBusy.value || runState.value === 'pausing'}
          onClick={({ detail }) => {
            // The second of a double click on Resume, which was here a moment ago, is not meant.
            if (detail < 2) pauseRun();
          }}
          title="Pauses after the steps that are on the device, and keeps them (space)"
          {...(main === 'pause' && { shortcut: 'Space' })}
        >
          <Icon name="pause" />
          Pause
        </Button>
      )}
      <Button
        disabled={isBusy.value || (!isPaused && fault.value !== undefined)}
        onClick={stepRun}
        title={isPaused ? 'Goes on by one step (full stop)' : 'Starts a new run with one step (full stop)'}
        shortcut="."
      >
        <Icon name="step" />
        Step
      </Button>
      <Button
        disabled={run.value === undefined}
        onClick={leaveRun}
        title="Takes the run off this view; it stays among the runs"
      >
        <Icon name="stop" />
        Stop
      </Button>
      <Button
        disabled={run.value === undefined || runState.value === 'pausing'}
        onClick={() => void restartRun()}
        title="Trains the recipe of this run from the beginning, as a new run"
      >
        <Icon name="restart" />
        Restart
      </Button>
    </div>
  );
}
