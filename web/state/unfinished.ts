/** A run that was interrupted, by closing or reloading the page for instance: offered when the page opens. */
import { effect, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { engine } from '../engine/engine.ts';
import type { RunEntry } from '../storage/database.ts';
import { replaceDraft } from './draft.ts';
import { resumeRun, run, showStoredRun } from './run.ts';

/** The newest of them. */
export const unfinished = signal<RunEntry | undefined>(undefined);
/** Why it could not be gone on with. */
export const unfinishedFault = signal<string | undefined>(undefined);

export async function lookForUnfinished(): Promise<void> {
  try {
    const { runs } = await engine.call('listRuns', undefined);
    unfinished.value = runs.find(({ kind, state }) => kind === 'run' && state === 'paused');
    // Offered until there is a run on the page.
    effect(() => {
      if (run.value !== undefined) unfinished.value = undefined;
    });
  } catch {
    // The runs view says what is wrong with the storage; nothing is offered here.
  }
}

/** Goes on with it; its recipe becomes the draft. */
export async function resumeUnfinished(): Promise<void> {
  const { id } = unfinished.value ?? {};
  if (id === undefined) return;
  try {
    await showStoredRun(id);
    if (run.value !== undefined) replaceDraft(run.value.recipe);
    await resumeRun();
  } catch (cause) {
    unfinishedFault.value = sayCause(cause);
  }
}
