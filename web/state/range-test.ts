/** The learning-rate range test on the page, and what its result would change in the draft. */
import { batch, computed, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import type { RangePoint } from '../../src/lr-find/range-test.ts';
import type { RangeChange } from '../../src/lr-find/apply-range.ts';
import { engine } from '../engine/engine.ts';
import type { RangeResult, RangeSettings } from '../protocol/range-testing.ts';
import { checked, draft, replaceDraft } from './draft.ts';
import type { RecipeJson } from './draft.ts';
import { searchTab } from './search.ts';
import { showView } from './view.ts';

export interface CurrentRangeTest {
  readonly state: 'testing' | 'stopping' | 'stopped' | 'finished' | 'failed';
  /** Of the recipe that is tested. */
  readonly name: string;
  /** That the whole test takes; 0 until it has begun. */
  readonly steps: number;
  readonly samplesPerSecond?: number;
  readonly result?: RangeResult;
  readonly message?: string;
}

export const rangeSettings = signal<RangeSettings>({});
export const rangeRun = signal<CurrentRangeTest | undefined>(undefined);
/** What is drawn while the test runs; grows in place, and `rangeVersion` tells that there is more. */
export const rangePoints: RangePoint[] = [];
export const rangeVersion = signal(0);

export const isTestingRange = computed(() => ['testing', 'stopping'].includes(rangeRun.value?.state ?? ''));

const drawMilliseconds = 100;

let controller: AbortController | undefined;

function change(fields: Partial<CurrentRangeTest>): void {
  if (rangeRun.value !== undefined) rangeRun.value = { ...rangeRun.value, ...fields };
}

let drawTimer: ReturnType<typeof setTimeout> | undefined;

/** Chunks come a hundred times a second; they are drawn ten times. */
function drawSoon(samplesPerSecond: number): void {
  drawTimer ??= setTimeout(() => {
    drawTimer = undefined;
    batch(() => {
      change({ samplesPerSecond });
      rangeVersion.value++;
    });
  }, drawMilliseconds);
}

/** Shows the range test, for the links to it. */
export function showRangeTest(): void {
  searchTab.value = 'range';
  showView('search');
}

export async function startRangeTest(): Promise<void> {
  if (!('recipe' in checked.value) || isTestingRange.value) return;
  const { recipe } = checked.value;
  controller = new AbortController();
  rangePoints.length = 0;
  rangeVersion.value++;
  rangeRun.value = { state: 'testing', name: recipe.name, steps: 0 };
  try {
    const outcome = await engine.call(
      'testRange',
      { recipe, settings: rangeSettings.value },
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'start') {
            change({ steps: event.steps });
            return;
          }
          rangePoints.push(event.point);
          drawSoon(event.samplesPerSecond);
        },
      },
    );
    if (outcome.state === 'stopped') {
      change({ state: 'stopped' });
      return;
    }
    rangePoints.splice(0, Infinity, ...outcome.result.points);
    rangeVersion.value++;
    change({ state: 'finished', result: outcome.result });
  } catch (cause) {
    change({ state: 'failed', message: sayCause(cause) });
  }
}

export function stopRangeTest(): void {
  change({ state: 'stopping' });
  controller?.abort();
}

/** What taking the suggestion would make of the draft. */
export interface RangeProposal {
  readonly recipe: RecipeJson;
  readonly changes: readonly RangeChange[];
}
export const rangeProposal = signal<RangeProposal | undefined>(undefined);

let asked = 0;

/** Asks what the suggestions would change, whenever they or the draft do. */
export async function proposeRange(): Promise<void> {
  const ticket = ++asked;
  const { result } = rangeRun.value ?? {};
  let next: RangeProposal | undefined;
  if (result !== undefined && 'recipe' in checked.value) {
    next = await engine.call('applyRange', { json: draft.value, suggestions: result.suggestions });
  }
  if (ticket === asked) rangeProposal.value = next;
}

/** Takes the suggestion into the draft; undone like any other change. */
export function takeRange(): void {
  if (rangeProposal.value !== undefined) replaceDraft(rangeProposal.value.recipe);
}
