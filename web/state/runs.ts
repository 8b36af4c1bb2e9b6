/**
 * The runs that the browser keeps, as the list shows them: which are compared, and what can be done with each. The list follows what is
 * trained on this page and in other tabs as long as somebody follows it.
 */
import { batch, computed, signal } from '@preact/signals';
import { DataError, sayCause } from '../../src/errors.ts';
import { withoutDefaults } from '../../src/recipe/fields.ts';
import { engine } from '../engine/engine.ts';
import type { RunList, StoredRun } from '../protocol/runs.ts';
import type { RunEntry } from '../storage/database.ts';
import { downloadFile } from './download.ts';
import { replaceDraft } from './draft.ts';
import { leaveRun, resumeRun, run, showStoredRun } from './run.ts';
import { keepChosen, mostChosen, toggleChoice } from './run-choice.ts';
import type { RunChoice } from './run-choice.ts';
import { openSearch, search } from './search.ts';
import { readStorageUse } from './storage.ts';
import { showView } from './view.ts';

const followMilliseconds = 1000;

/** Undefined until the worker has answered. */
export const runList = signal<RunList | undefined>(undefined);
export const chosen = signal<RunChoice>(new Map());
/** All of the chosen runs, by id; of a run that was just chosen it comes a moment later. */
export const compared = signal<ReadonlyMap<string, StoredRun>>(new Map());

export interface RunNotice {
  readonly tone: 'plain' | 'bad';
  readonly text: string;
  /** What was done can be taken back by `restoreRuns`. */
  readonly canRestore?: boolean;
}
export const runNotice = signal<RunNotice | undefined>(undefined);

/** The chosen runs in the order in which they were chosen, each with its colour, as far as they are read. */
export const comparison = computed(() =>
  Array.from(chosen.value, ([id, colour]) => ({ stored: compared.value.get(id), colour })).flatMap(
    ({ stored, colour }) => (stored === undefined ? [] : [{ stored, colour }]),
  ),
);
export type ComparedRun = (typeof comparison.value)[number];

/** Does what a person asked for; what goes wrong is told where the runs are. */
async function attempt(action: () => Promise<void>): Promise<void> {
  runNotice.value = undefined;
  try {
    await action();
  } catch (cause) {
    tell(cause);
  }
}

function tell(cause: unknown): void {
  const text = sayCause(cause);
  // What is said already is not read out again.
  if (text !== runNotice.value?.text) runNotice.value = { tone: 'bad', text };
}

async function refreshRuns(): Promise<void> {
  const next = await engine.call('listRuns', undefined);
  const ids = new Set(next.runs.map(({ id }) => id));
  batch(() => {
    if (JSON.stringify(next) !== JSON.stringify(runList.value)) runList.value = next;
    chosen.value = keepChosen(chosen.value, ids);
  });
  await readChosen();
}

/** Keeps the list as it is now, until the signal is aborted. */
export async function followRuns(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (document.visibilityState === 'visible') {
      try {
        await Promise.all([refreshRuns(), readStorageUse()]);
      } catch (cause) {
        tell(cause);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, followMilliseconds));
  }
}

/** Reads the chosen runs that have changed since. One that cannot be read is chosen no longer. */
async function readChosen(): Promise<void> {
  for (const id of chosen.value.keys()) {
    const entry = runList.value?.runs.find((each) => each.id === id);
    if (entry === undefined || JSON.stringify(compared.value.get(id)?.entry) === JSON.stringify(entry)) continue;
    try {
      // The entry of the list knows whether anybody trains the run.
      const stored = { ...(await engine.call('readRun', { id })), entry };
      compared.value = new Map([...compared.value, [id, stored]]);
    } catch (cause) {
      chosen.value = keepChosen(chosen.value, new Set([...chosen.value.keys()].filter((each) => each !== id)));
      throw cause;
    }
  }
  if ([...compared.value.keys()].some((id) => !chosen.value.has(id))) {
    compared.value = new Map([...compared.value].filter(([id]) => chosen.value.has(id)));
  }
}

export async function toggleRun(id: string): Promise<void> {
  const next = toggleChoice(chosen.value, id);
  if (next === chosen.value) {
    runNotice.value = { tone: 'plain', text: `At most ${mostChosen} runs are compared. Take one out first.` };
    return;
  }
  chosen.value = next;
  // What can be taken back stays so.
  if (runNotice.value?.canRestore !== true) runNotice.value = undefined;
  await readChosen().catch(tell);
}

export function clearChoice(): void {
  batch(() => {
    chosen.value = new Map();
    compared.value = new Map();
  });
}

/** Puts a run on the train view, and its recipe into the draft; another that is trained there is paused. */
async function putOnPage(id: string): Promise<void> {
  if (run.value?.id !== id) {
    const listed = runList.value?.runs.find((each) => each.id === id);
    if (listed?.state === 'training') {
      throw new DataError(listed.name, 'is being trained in another tab. Stop it there first.');
    }
    await showStoredRun(id);
    if (run.value?.id === id) replaceDraft(withoutDefaults(run.value.recipe));
  }
  showView('train');
}

/** A run on the train view; searches have a view of their own. */
export function openRun({ id, kind }: RunEntry): Promise<void> {
  return attempt(async () => {
    if (kind === 'run') {
      await putOnPage(id);
      return;
    }
    await openSearch(id);
    showView('search');
  });
}

export function resumeStoredRun(id: string): Promise<void> {
  return attempt(async () => {
    await putOnPage(id);
    await resumeRun();
  });
}

export function useRecipeOf(id: string): Promise<void> {
  return attempt(async () => {
    const { recipe } = await engine.call('readRun', { id });
    replaceDraft(withoutDefaults(recipe));
    showView('train');
  });
}

export function renameRun(id: string, name: string): Promise<void> {
  return attempt(async () => {
    await engine.call('renameRun', { id, name });
    if (run.value?.id === id) run.value = { ...run.value, name: name.trim() };
    await refreshRuns();
  });
}

export function deleteRuns(entries: readonly Pick<RunEntry, 'id' | 'name'>[]): Promise<void> {
  return attempt(async () => {
    const [first] = entries;
    try {
      await engine.call('deleteRuns', { ids: entries.map(({ id }) => id) });
      const what = entries.length === 1 && first !== undefined ? first.name : `${entries.length} runs`;
      runNotice.value = { tone: 'plain', text: `Deleted ${what}.`, canRestore: true };
      const ids = new Set(entries.map(({ id }) => id));
      if (run.value !== undefined && ids.has(run.value.id)) leaveRun();
      if (search.value !== undefined && ids.has(search.value.id)) search.value = undefined;
    } finally {
      await refreshRuns();
    }
  });
}

export function restoreRuns(): Promise<void> {
  return attempt(async () => {
    await engine.call('restoreRuns', undefined);
    await refreshRuns();
  });
}

export function exportRun(id: string): Promise<void> {
  return attempt(async () => {
    const { fileName, bytes } = await engine.call('exportRun', { id });
    downloadFile(fileName, new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' }));
  });
}

/** Keeps the run of a zip file that the page or the command line has written, and shows it among the runs. */
export async function importRunFile(file: Blob, fileName: string): Promise<void> {
  showView('runs');
  await attempt(async () => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { id, name } = await engine.call('importRun', { fileName, bytes }, { transfer: [bytes.buffer] });
    await refreshRuns();
    if (chosen.value.size < mostChosen) await toggleRun(id);
    runNotice.value = { tone: 'plain', text: `Imported ${name} from ${fileName}.` };
  });
}
