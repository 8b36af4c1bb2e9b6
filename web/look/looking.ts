/**
 * What is looked at inside the model: one view at a time, whose answers come as the model changes. Only what is open is asked of the worker.
 */
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SplitName } from '../../src/data/dataset.ts';
import { sayCause } from '../../src/errors.ts';
import { engine } from '../engine/engine.ts';
import type { LookResult, LookSubject, LookView, PickedInput, SeenOf } from '../protocol/looking.ts';
import { run } from '../state/run.ts';

/** Undefined before the first step of the first run. */
export const subject = signal<LookSubject | undefined>(undefined);
/** Which member of a population. */
export const member = signal(0);
/** The last answer of the view that is open. */
export const seen = signal<LookResult | undefined>(undefined);
/** Why there is no answer, or why a stored run cannot be looked at. */
export const lookFault = signal<string | undefined>(undefined);
export const picked = signal<PickedInput>({ from: 'split', split: 'train', index: 0 });

export const isDrawable = ({ inputShape, largestByte }: LookSubject): boolean =>
  inputShape.length === 3 && largestByte !== undefined;

/** Rows that a model is judged by while it is made: validation, else training. */
export const usualSplit = ({ rows }: LookSubject): SplitName => (rows.validation > 0 ? 'validation' : 'train');

export const filledSplits = ({ rows }: LookSubject): SplitName[] =>
  (['train', 'validation', 'test'] as const).filter((name) => rows[name] > 0);

/** The answer of a view of this kind, if that is the one that is open. */
export function seenOf<Kind extends LookView['kind']>(kind: Kind): SeenOf<Kind> | undefined {
  const { value } = seen;
  return value?.kind === kind ? (value as SeenOf<Kind>) : undefined;
}

/** Follows what there is to look at, until the signal is aborted. A stored run that is put on the page is looked at in its place. */
export function followSubject(until: AbortSignal): void {
  engine.call('watchSubject', undefined, { signal: until, onEvent: changeSubject }).catch((cause: unknown) => {
    lookFault.value = sayCause(cause);
  });
  let asked: string | undefined;
  const stop = effect(() => {
    const { id, state } = run.value ?? {};
    const rests = state === 'paused' || state === 'finished' || state === 'failed';
    if (id === undefined || !rests || id === asked || subject.peek()?.runId === id) return;
    asked = id;
    engine.call('lookAt', { runId: id }).catch((cause: unknown) => {
      lookFault.value = sayCause(cause);
    });
  });
  until.addEventListener('abort', stop, { once: true });
}

function changeSubject(next: LookSubject): void {
  const before = subject.peek();
  const sameData =
    before !== undefined &&
    before.inputShape.join() === next.inputShape.join() &&
    before.largestByte === next.largestByte &&
    JSON.stringify(before.rows) === JSON.stringify(next.rows);
  if (!sameData) picked.value = { from: 'split', split: usualSplit(next), index: 0 };
  if (member.peek() >= next.population) member.value = 0;
  lookFault.value = undefined;
  subject.value = next;
}

interface OpenLook {
  readonly controller: AbortController;
  readonly kind: LookView['kind'];
  isAnswered: boolean;
}
interface Asked {
  readonly view: LookView;
  readonly member: number;
}
let open: OpenLook | undefined;
/** What is asked next: a pen moves faster than a slow device answers. */
let waiting: Asked | undefined;

function ask(asked: Asked): void {
  if (open !== undefined && !open.isAnswered && open.kind === asked.view.kind) {
    waiting = asked;
    return;
  }
  open?.controller.abort();
  const own: OpenLook = { controller: new AbortController(), kind: asked.view.kind, isAnswered: false };
  open = own;
  waiting = undefined;
  const answered = (): void => {
    own.isAnswered = true;
    if (open === own && waiting !== undefined) ask(waiting);
  };
  engine
    .call('look', asked, {
      signal: own.controller.signal,
      onEvent: (result) => {
        if (open !== own) return;
        lookFault.value = undefined;
        seen.value = result;
        answered();
      },
    })
    .then(answered, (cause: unknown) => {
      if (open === own) lookFault.value = sayCause(cause);
      answered();
    });
}

function close(): void {
  open?.controller.abort();
  open = undefined;
  waiting = undefined;
  seen.value = undefined;
}

/** Whose view is open: a component that goes may be told so after the next one has opened its own. */
let holder: object | undefined;

/** Keeps a view open as long as the component is there; follows the signals that `make` reads. */
export function useLook(make: () => LookView, dependencies: readonly unknown[] = []): void {
  useEffect(() => {
    const own = {};
    holder = own;
    const stop = effect(() => ask({ view: make(), member: member.value }));
    return () => {
      stop();
      if (holder === own) close();
    };
  }, dependencies);
}

const lookTabs = [
  'boundary',
  'fit',
  'scatter',
  'prediction',
  'activations',
  'weights',
  'distributions',
  'confusion',
] as const;
export type LookTab = (typeof lookTabs)[number];
export const chosenTab = signal<LookTab | undefined>(undefined);

/** Those that have something to show of this model; the one that tells most first. */
export function fittingTabs({ task, inputShape, largestByte, outputNames }: LookSubject): LookTab[] {
  const inputs = inputShape.reduce((product, length) => product * length, 1);
  const isClassifier = task === 'classification';
  const isFit = !isClassifier && inputs === 1 && outputNames.length === 1;
  const fits: Readonly<Record<LookTab, boolean>> = {
    boundary: isClassifier && inputs === 2 && largestByte === undefined,
    fit: isFit,
    scatter: !isClassifier && !isFit,
    prediction: true,
    activations: true,
    weights: true,
    distributions: true,
    confusion: isClassifier,
  };
  return lookTabs.filter((tab) => fits[tab]);
}

export function showTab(tab: LookTab): void {
  chosenTab.value = tab;
}
