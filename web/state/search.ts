/**
 * The search on the page: what it is doing, its table and curves, and the actions that a person takes. The worker searches and keeps it in the
 * browser's storage, so that it is there again when the page is opened anew.
 */
import { batch, computed, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { withoutDefaults } from '../../src/recipe/fields.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { MetricName, RunRecord, TrialSummary } from '../../src/search/trials.ts';
import { engine } from '../engine/engine.ts';
import type {
  BestPoint,
  SearchPlanReport,
  SearchProgress,
  SearchReport,
  StageReport,
  StoredSearch,
  TrialPoint,
} from '../protocol/searching.ts';
import { newId } from '../storage/new-id.ts';
import { checked, replaceDraft } from './draft.ts';
import { startRun } from './run.ts';
import { showView } from './view.ts';

/** `stopped`: ended by the person before all was trained. */
export type SearchState = 'starting' | 'searching' | 'pausing' | 'paused' | 'stopped' | 'finished' | 'failed';

export interface CurrentSearch {
  readonly id: string;
  readonly name: string;
  /** With its section `search`. */
  readonly recipe: Recipe;
  readonly memoryBytes?: number;
  readonly state: SearchState;
  /** Of the session; absent until it has begun. */
  readonly stage?: StageReport;
  readonly progress?: SearchProgress;
  readonly metric?: MetricName;
  /** Best first. */
  readonly table: readonly TrialSummary[];
  /** The last of every run that is done or was cut. */
  readonly records: readonly RunRecord[];
  /** Why it failed, or what happened to it, such as a device that was lost. */
  readonly message?: string | undefined;
}

export const searchTabs = ['search', 'range'] as const;
export type SearchTab = (typeof searchTabs)[number];
export const searchTab = signal<SearchTab>('search');

export const search = signal<CurrentSearch | undefined>(undefined);
/** Curves of the current search; the arrays grow in place, so `searchCurveVersion` tells that there is more. */
export const searchCurves = { trials: new Map<number, TrialPoint[]>(), best: [] as BestPoint[] };
export const searchCurveVersion = signal(0);
/** The trial that is looked at. */
export const chosenTrial = signal<number | undefined>(undefined);

export const isSearching = computed(() => ['starting', 'searching', 'pausing'].includes(search.value?.state ?? ''));

/** Whether the draft is what the current search searches. */
export const isDraftOfSearch = computed(
  () => 'recipe' in checked.value && JSON.stringify(checked.value.recipe) === JSON.stringify(search.value?.recipe),
);

/** Device memory that a population of the next search may take, in GiB, if the person said so. */
export const memoryGib = signal<number | undefined>(undefined);

/** What the search of the draft comes to. */
export type PlannedSearch =
  | { readonly state: 'asking' }
  | { readonly state: 'fault'; readonly fault: string }
  | { readonly state: 'known'; readonly plan: SearchPlanReport };
export const planned = signal<PlannedSearch>({ state: 'asking' });

const planDelayMilliseconds = 120;
let asked = 0;

/** Asks what a search would do, a moment after the draft has changed. */
export async function planDraft(): Promise<void> {
  const ticket = ++asked;
  if (!('recipe' in checked.value)) {
    planned.value = { state: 'fault', fault: checked.value.fault };
    return;
  }
  const { recipe } = checked.value;
  const memory = memoryBytes();
  await new Promise((resolve) => setTimeout(resolve, planDelayMilliseconds));
  if (ticket !== asked) return;
  let next: PlannedSearch;
  try {
    next = { state: 'known', plan: await engine.call('planSearch', { recipe, ...memory }) };
  } catch (cause) {
    next = { state: 'fault', fault: sayCause(cause) };
  }
  if (ticket === asked) planned.value = next;
}

const memoryBytes = (): { readonly memoryBytes?: number } =>
  memoryGib.value === undefined ? {} : { memoryBytes: Math.floor(memoryGib.value * 2 ** 30) };

let controller: AbortController | undefined;

function change(fields: Partial<CurrentSearch>): void {
  if (search.value !== undefined) search.value = { ...search.value, ...fields };
}

/** A search of the draft, from its beginning. */
export async function startSearch(): Promise<void> {
  if (!('recipe' in checked.value) || isSearching.value) return;
  const { recipe } = checked.value;
  show({
    id: newId(),
    name: recipe.name,
    recipe,
    ...memoryBytes(),
    state: 'starting',
    table: [],
    records: [],
  });
  await searchOn();
}

/** Goes on where the search is paused. */
export async function resumeSearch(): Promise<void> {
  change({ state: 'starting', message: undefined });
  await searchOn();
}

/** Ends the session after the chunk that is computed, with a checkpoint. */
export function pauseSearch(): void {
  if (!isSearching.value) return;
  change({ state: 'pausing' });
  controller?.abort();
}

let endsWhenPaused = false;

/** Ends the search for good, with what it has found. */
export async function stopSearch(): Promise<void> {
  if (isSearching.value) {
    endsWhenPaused = true;
    pauseSearch();
    return;
  }
  const id = search.value?.id;
  if (id === undefined) return;
  try {
    await engine.call('endSearch', { id });
    change({ state: 'stopped' });
  } catch (cause) {
    change({ state: 'failed', message: sayCause(cause) });
  }
}

let restored: Promise<void> | undefined;

/** Shows the search that was on the page when it was closed: the newest. Done once. */
export function restoreSearch(): Promise<void> {
  restored ??= openSearch();
  return restored;
}

/** Puts a stored search on the page, to look at or to go on with: the one with this id, or the newest. */
export async function openSearch(id?: string): Promise<void> {
  try {
    const stored = await engine.call('readSearch', id === undefined ? {} : { id });
    if (stored !== undefined && !isSearching.value && (id !== undefined || search.value === undefined)) {
      showStored(stored);
    }
  } catch (cause) {
    // Without a search on the page there is nothing to say it of.
    change({ message: sayCause(cause) });
  }
}

function showStored({ curves, ...stored }: StoredSearch): void {
  const isWhole = stored.table.every(({ state }) => state !== 'waiting' && state !== 'running');
  batch(() => {
    show({ ...stored, state: stored.state === 'finished' && !isWhole ? 'stopped' : stored.state });
    for (const point of curves.trials) addPoint(point);
    searchCurves.best.push(...curves.best);
    searchCurveVersion.value++;
  });
}

function show(next: CurrentSearch): void {
  batch(() => {
    searchCurves.trials.clear();
    searchCurves.best.length = 0;
    searchCurveVersion.value++;
    chosenTrial.value = undefined;
    search.value = next;
  });
}

async function searchOn(): Promise<void> {
  const searched = search.value;
  if (searched === undefined) return;
  const { id, name, recipe } = searched;
  controller = new AbortController();
  endsWhenPaused = false;
  try {
    const outcome = await engine.call(
      'search',
      { id, name, recipe, ...(searched.memoryBytes !== undefined && { memoryBytes: searched.memoryBytes }) },
      { signal: controller.signal, onEvent: (event) => batch(() => receive(event)) },
    );
    if (outcome.state === 'finished') {
      change({ state: 'finished', ...(outcome.problem !== undefined && { message: outcome.problem }) });
      return;
    }
    change({ state: 'paused' });
    if (endsWhenPaused) await stopSearch();
  } catch (cause) {
    change({ state: 'failed', message: sayCause(cause) });
  }
}

function receive(event: SearchReport): void {
  switch (event.type) {
    case 'stage':
      change({ stage: event, state: search.value?.state === 'pausing' ? 'pausing' : 'searching' });
      return;
    case 'progress':
      change({ progress: event });
      return;
    case 'table':
      change({ metric: event.metric, table: event.table });
      for (const point of event.points) addPoint(point);
      if (event.best !== undefined) addBest(event.best);
      searchCurveVersion.value++;
      return;
    case 'records':
      change({ records: event.records });
      return;
    case 'recovered':
      change({
        message: `The device was lost (${event.reason}); the search goes on from its last checkpoint on a new one.`,
      });
      return;
  }
  event satisfies never;
}

function addPoint(point: TrialPoint): void {
  const { trials } = searchCurves;
  const points = trials.get(point.trial);
  if (points === undefined) trials.set(point.trial, [point]);
  // What comes again after a resumption is there already.
  else if (point.step > (points.at(-1)?.step ?? 0)) points.push(point);
}

function addBest(point: BestPoint): void {
  const { best } = searchCurves;
  if (best.at(-1)?.samples === point.samples) best.pop();
  best.push(point);
}

/** Puts the recipe of the search in place of the draft, with what it varies. */
export function editSearch(): void {
  if (search.value !== undefined) replaceDraft(withoutDefaults(search.value.recipe));
}

/** Puts the recipe of a trial in place of the draft, without the search, and shows it. */
export async function useTrial({ values }: Pick<TrialSummary, 'values'>): Promise<void> {
  const searched = search.value;
  if (searched === undefined) return;
  replaceDraft(withoutDefaults(await engine.call('trialRecipe', { recipe: searched.recipe, values })));
  showView('train');
}

/** The same, and trains it. */
export async function trainTrial(trial: Pick<TrialSummary, 'values'>): Promise<void> {
  await useTrial(trial);
  await startRun();
}
