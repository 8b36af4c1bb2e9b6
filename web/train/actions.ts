/** What a person can do with the run at the moment, and the keys for it. */
import { fault } from '../state/draft.ts';
import { isBusy, isDraftOfRun, pauseRun, resumeRun, run, runState, startRun } from '../state/run.ts';
import { view } from '../state/view.ts';

/** What the large button does: the next thing that a person wants. */
export function mainAction(): 'train' | 'pause' | 'resume' {
  if (isBusy.value) return 'pause';
  return runState.value === 'paused' && isDraftOfRun.value ? 'resume' : 'train';
}

export function toggleRun(): void {
  const action = mainAction();
  if (action === 'pause') pauseRun();
  else if (action === 'resume') void resumeRun();
  else if (fault.value === undefined) void startRun();
}

/** One step of the run that is paused, else of a new one. */
export function stepRun(): void {
  if (runState.value === 'paused') void resumeRun({ singleStep: true });
  else if (fault.value === undefined) void startRun({ singleStep: true });
}

const shortcuts: Readonly<Record<string, () => void>> = { ' ': toggleRun, '.': stepRun };

/** Keys of the training view, unless they mean something where the focus is. Gives back what takes them away. */
export function listenToKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const action = shortcuts[event.key];
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    if (action === undefined || event.defaultPrevented || event.repeat || hasModifier) return;
    if (view.value !== 'train' || isTakenBy(event.target)) return;
    event.preventDefault();
    action();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

const takers =
  'input, textarea, select, button, a, summary, canvas, dialog, [contenteditable], [tabindex]:not([tabindex="-1"]), [role="menu"]';

function isTakenBy(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(takers) !== null;
}

/** The one sentence that says where things stand and what the buttons would do. */
export function describeState(): string | undefined {
  const state = runState.value;
  if (run.value === undefined || state === undefined) return undefined;
  const isEdited = !isDraftOfRun.value;
  switch (state) {
    case 'starting':
    case 'training':
      return isEdited
        ? 'The recipe was edited. This run goes on with its own; pause it, and Train starts a new one of the edited recipe.'
        : undefined;
    case 'pausing':
      return 'Pausing as soon as the steps on the device are done.';
    case 'paused':
      return isEdited
        ? 'Paused. The recipe was edited: Resume goes on with the run’s own recipe, Train starts a new run of the edited one.'
        : 'Paused. The run is kept in this browser and goes on to the same bits, also after the page was closed.';
    case 'finished':
      return isEdited ? 'Finished. The recipe was edited: Train starts a new run of it.' : undefined;
    case 'failed':
      return 'Stopped. Change the recipe and train it anew.';
  }
  return state satisfies never;
}
