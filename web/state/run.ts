/**
 * The run on the page: what it is doing, its curves, and the actions that a person takes. The worker trains it and keeps it in the browser's
 * storage. It trains one run at a time, so a session waits for the one before, which may still be on its way to its last checkpoint.
 */
import { batch, computed, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { EvaluationEvent } from '../../src/train/events.ts';
import type { Observation } from '../../src/train/observe.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import { engine, EngineError } from '../engine/engine.ts';
import type { LossPoint, ProgressReport, StartReport, TrainReport } from '../protocol/training.ts';
import { newId } from '../storage/new-id.ts';
import { refreshDevice } from './device.ts';
import { checked } from './draft.ts';

export type RunState = 'starting' | 'training' | 'pausing' | 'paused' | 'finished' | 'failed';

export interface CurrentRun {
  readonly id: string;
  readonly name: string;
  readonly recipe: Recipe;
  readonly state: RunState;
  /** Of the session; absent until it has begun. */
  readonly start?: StartReport;
  readonly step: number;
  /** Of the whole run, as soon as they are known. */
  readonly steps?: number;
  /** Of the session. */
  readonly progress?: ProgressReport | undefined;
  readonly result?: ResultJson;
  /** Why it failed or stands still, or what happened to it, such as a device that was lost. */
  readonly message?: string | undefined;
}

export const run = signal<CurrentRun | undefined>(undefined);
/** Curves of the current run; the arrays grow in place, so `curveVersion` tells that there is more. */
export const curves = { points: [] as LossPoint[], evaluations: [] as EvaluationEvent[] };
export const curveVersion = signal(0);
/** Those of a stored run that are shown when it is put on the page. */
const shownObservations = 48;
export const observation = signal<Observation | undefined>(undefined);

export const runState = computed(() => run.value?.state);
export const isBusy = computed(() => ['starting', 'training', 'pausing'].includes(runState.value ?? ''));

/** Whether the draft is what the current run trains, so that it can be gone on with. */
export const isDraftOfRun = computed(
  () => 'recipe' in checked.value && JSON.stringify(checked.value.recipe) === JSON.stringify(run.value?.recipe),
);

/** What trains, or has trained last; `done` never rejects. */
let session: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

export interface SessionOptions {
  /** Pauses again after one step. */
  readonly singleStep?: boolean;
}

function change(fields: Partial<CurrentRun>): void {
  if (run.value !== undefined) run.value = { ...run.value, ...fields };
}

/** A run of the draft, from its beginning. Does nothing while another is trained. */
export async function startRun(options: SessionOptions = {}): Promise<void> {
  if ('recipe' in checked.value && !isBusy.value) await startRecipe(checked.value.recipe, options);
}

/** Goes on with the current run where it is paused. */
export async function resumeRun(options: SessionOptions = {}): Promise<void> {
  if (runState.value !== 'paused') return;
  change({ state: 'starting', message: undefined, progress: undefined });
  await trainShown(options);
}

/** Ends the session after the chunk that is computed, with a checkpoint. */
export function pauseRun(): void {
  if (!isBusy.value) return;
  change({ state: 'pausing' });
  session?.controller.abort();
}

/** Pauses the run and takes it off the page; it stays among the runs. */
export function leaveRun(): void {
  pauseRun();
  batch(() => {
    run.value = undefined;
    clearCurves();
  });
}

/** Leaves the run and trains its recipe from the beginning, as a new run. */
export async function restartRun(): Promise<void> {
  if (run.value === undefined) return;
  const { recipe } = run.value;
  leaveRun();
  await startRecipe(recipe, {});
}

/** Puts a stored run on the page, to look at or to go on with. The one that is trained there is paused; it is not shown anew. */
export function showRun(shown: CurrentRun, evaluations: readonly EvaluationEvent[]): void {
  if (isBusy.value && run.value?.id === shown.id) return;
  pauseRun();
  batch(() => {
    clearCurves();
    curves.evaluations.push(...evaluations);
    run.value = shown;
    curveVersion.value++;
  });
}

/** Puts a run of the browser's storage on the page. Rejects where it cannot be read. */
export async function showStoredRun(id: string): Promise<void> {
  const [{ entry, recipe, evaluations, result }, observations] = await Promise.all([
    engine.call('readRun', { id }),
    engine.call('readObservations', { id, most: shownObservations }),
  ]);
  const { name, state, step, steps, note } = entry;
  showRun(
    {
      id,
      name,
      recipe,
      // Nobody on this page trains it; whether somebody elsewhere does is found out when it is gone on with.
      // Only a search is ever stopped.
      state: state === 'training' || state === 'stopped' ? 'paused' : state,
      step,
      steps,
      ...(result && { result }),
      ...(note !== undefined && { message: note }),
    },
    evaluations,
  );
  // One by one, as they came when it was trained.
  for (const each of observations) observation.value = each;
}

async function startRecipe(recipe: Recipe, options: SessionOptions): Promise<void> {
  batch(() => {
    clearCurves();
    run.value = { id: newId(), name: recipe.name, recipe, state: 'starting', step: 0 };
  });
  await trainShown(options);
}

function clearCurves(): void {
  curves.points.length = 0;
  curves.evaluations.length = 0;
  observation.value = undefined;
  curveVersion.value++;
}

/** A session of the run that is shown, after the one before. */
function trainShown(options: SessionOptions): Promise<void> {
  const trained = run.value;
  if (trained === undefined) return Promise.resolve();
  const controller = new AbortController();
  const before = session?.done;
  const trainAfter = async (): Promise<void> => {
    await before;
    await train(trained, options, controller.signal);
  };
  const done = trainAfter();
  session = { controller, done };
  return done;
}

async function train(
  { id: runId, name, recipe }: CurrentRun,
  { singleStep = false }: SessionOptions,
  signal: AbortSignal,
): Promise<void> {
  /** Another run may have been put on the page since, or a later session of this one may have been begun. */
  const isShown = (): boolean => run.value?.id === runId && session?.controller.signal === signal;
  if (signal.aborted) {
    if (isShown()) change({ state: 'paused' });
    return;
  }
  try {
    const outcome = await engine.call(
      'train',
      { runId, name, recipe, singleStep },
      {
        signal,
        onEvent: (event) => {
          if (isShown()) batch(() => receive(event));
        },
      },
    );
    if (!isShown()) return;
    const { state, step } = outcome;
    change({ state, step, ...(state === 'finished' && { result: outcome.result }) });
  } catch (cause) {
    if (isShown()) change({ state: canGoOn(cause) ? 'paused' : 'failed', message: sayCause(cause) });
  }
}

/** What ends a session without a fault of the run itself: a device that is gone, a full storage, another tab that trains it. */
function canGoOn(cause: unknown): boolean {
  const hasBegun = run.value?.start !== undefined || (run.value?.step ?? 0) > 0;
  return hasBegun && cause instanceof EngineError && (cause.kind === 'device' || cause.kind === 'input');
}

function receive(event: TrainReport): void {
  switch (event.type) {
    case 'start':
      // What was drawn after the checkpoint is trained again.
      cutCurves(event.step);
      curves.evaluations.splice(0, Infinity, ...event.evaluations);
      curveVersion.value++;
      change({
        state: runState.value === 'pausing' ? 'pausing' : 'training',
        start: event,
        step: event.step,
        steps: event.steps,
      });
      return;
    case 'progress':
      curves.points.push(...event.points);
      change({ progress: event, step: event.step });
      curveVersion.value++;
      return;
    case 'evaluation':
      curves.evaluations.push(event);
      curveVersion.value++;
      return;
    case 'observation':
      observation.value = event.observation;
      return;
    case 'recovered':
      change({
        message: `The device was lost (${event.reason}); the run goes on from step ${event.step} on a new one.`,
      });
      // The new one may be another.
      void refreshDevice();
      return;
    case 'saved':
      return;
  }
  event satisfies never;
}

function cutCurves(step: number): void {
  const end = curves.points.findIndex((point) => point.step > step);
  if (end >= 0) curves.points.length = end;
}
