/**
 * The recipe that is being written: JSON as a person wrote it, checked by the one schema at every change, with undo. What it comes to (shapes,
 * parameters, memory) is asked of the worker.
 */
import { batch, computed, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseJson } from '../../src/recipe/json.ts';
import { overrideJson, parseRecipe, upgradeRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { engine } from '../engine/engine.ts';
import type { Description } from '../protocol/build.ts';

export type RecipeJson = Readonly<Record<string, unknown>>;

/** Changes within so many ms with the same label are undone together: a slider that is dragged, a number that is typed. */
const togetherMilliseconds = 800;
const mostUndo = 200;
const describeDelayMilliseconds = 60;

const startRecipe = builtInRecipes['digits'] as RecipeJson;

interface History {
  readonly past: readonly RecipeJson[];
  readonly present: RecipeJson;
  readonly future: readonly RecipeJson[];
}

const history = signal<History>({ past: [], present: startRecipe, future: [] });
let lastChange = { label: '', time: 0 };

export const draft = computed(() => history.value.present);
export const canUndo = computed(() => history.value.past.length > 0);
export const canRedo = computed(() => history.value.future.length > 0);

/** The draft with every default filled in, or the sentence that says what is wrong with it. */
export const checked = computed((): { readonly recipe: Recipe } | { readonly fault: string } => {
  try {
    return { recipe: parseRecipe(draft.value) };
  } catch (cause) {
    return { fault: sayCause(cause) };
  }
});

/** A recipe as text, from a file or typed. Throws the errors of the command line. */
export function readRecipeText(text: string, place: string): RecipeJson {
  const json = upgradeRecipe(parseJson(text, place));
  parseRecipe(json);
  return json as RecipeJson;
}

/** Puts another recipe in place of the draft. Changes with one `label` in quick succession are one step of undo. */
export function replaceDraft(next: RecipeJson, label = ''): void {
  const { past, present } = history.value;
  if (JSON.stringify(next) === JSON.stringify(present)) return;
  const now = performance.now();
  const joins = label !== '' && label === lastChange.label && now - lastChange.time < togetherMilliseconds;
  lastChange = { label, time: now };
  history.value = { past: joins ? past : [...past, present].slice(-mostUndo), present: next, future: [] };
}

/**
 * Sets fields by dotted path, such as `optimizer.learningRate`; `undefined` takes a field away. The label of the step of undo is the paths.
 */
export function setFields(fields: Readonly<Record<string, unknown>>): void {
  const next = JSON.stringify(overrideJson(draft.value, fields));
  replaceDraft(JSON.parse(next) as RecipeJson, Object.keys(fields).join(' '));
}

export function undo(): void {
  const { past, present, future } = history.value;
  const previous = past.at(-1);
  if (previous === undefined) return;
  lastChange = { label: '', time: 0 };
  history.value = { past: past.slice(0, -1), present: previous, future: [present, ...future] };
}

export function redo(): void {
  const { past, present, future } = history.value;
  const [next, ...later] = future;
  if (next === undefined) return;
  lastChange = { label: '', time: 0 };
  history.value = { past: [...past, present], present: next, future: later };
}

/** What the draft `of` comes to, perhaps one that has changed since; the fault is that of the data or of a layer that does not fit. */
export type Described =
  | { readonly state: 'asking' }
  | { readonly state: 'fault'; readonly of: RecipeJson; readonly fault: string }
  | { readonly state: 'known'; readonly of: RecipeJson; readonly description: Description };

export const described = signal<Described>({ state: 'asking' });

/** The newest draft that could be described, and what it came to. */
export const lastKnown = signal<Extract<Described, { readonly state: 'known' }> | undefined>(undefined);

/** Whether the draft has changed since it was described, and the answer is on its way. */
export const isDescribing = computed(
  () => !('fault' in checked.value) && (described.value.state === 'asking' || described.value.of !== draft.value),
);

/** The one sentence that keeps the draft from being trained, if there is one. */
export const fault = computed(() => {
  if ('fault' in checked.value) return checked.value.fault;
  return described.value.state === 'fault' ? described.value.fault : undefined;
});

let isAsking = false;
let askAgain = false;

/**
 * Asks what the draft comes to, a moment after it changed or when data came or went. One question is asked at a time, always about the newest
 * draft, so that a large set does not pile them up.
 */
export async function describeDraft(): Promise<void> {
  askAgain = true;
  if (isAsking) return;
  isAsking = true;
  while (askAgain) {
    await new Promise((resolve) => setTimeout(resolve, describeDelayMilliseconds));
    askAgain = false;
    const of = draft.value;
    if ('fault' in checked.value) continue;
    const answer = await ask(of, checked.value.recipe);
    if (draft.value !== of) continue;
    batch(() => {
      described.value = answer;
      if (answer.state === 'known') lastKnown.value = answer;
    });
  }
  isAsking = false;
}

async function ask(of: RecipeJson, recipe: Recipe): Promise<Described> {
  try {
    return { state: 'known', of, description: await engine.call('describe', { recipe }) };
  } catch (cause) {
    return { state: 'fault', of, fault: sayCause(cause) };
  }
}
