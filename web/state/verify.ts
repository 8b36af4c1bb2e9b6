/**
 * The checks of the page, and how each of them goes. What blocks its thread, the gradient check and the CPU's side of a training beside the GPU,
 * runs in a second worker, which is ended to stop it.
 */
import { computed, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { memberRecipes, overrideRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { ConformanceRow } from '../../src/verify/conformance.ts';
import type { GradientCheck } from '../../src/verify/gradcheck.ts';
import type { Verification } from '../../src/verify/lockstep.ts';
import type { Overfitting } from '../../src/verify/overfit.ts';
import { engine, EngineError, openEngine } from '../engine/engine.ts';
import type { Engine } from '../engine/engine.ts';
import type { Part, SideReport } from '../protocol/verifying.ts';
import { checked } from './draft.ts';
import { run } from './run.ts';
import { addReport, endSide, sideNames, startSides } from './sides.ts';
import type { SideName, Sides } from './sides.ts';

/** How a check goes; `name` is the recipe that it was started on. */
export type Check<Progress, Result> =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly name: string; readonly progress?: Progress }
  | { readonly state: 'stopped'; readonly name: string; readonly progress?: Progress }
  | { readonly state: 'failed'; readonly name: string; readonly progress?: Progress; readonly message: string }
  | { readonly state: 'done'; readonly name: string; readonly progress?: Progress; readonly result: Result };

export interface Tool<Progress, Result, Choice = void> {
  readonly check: ReadonlySignal<Check<Progress, Result>>;
  /** On the recipe that is chosen; nothing happens while it runs. */
  start(choice: Choice): Promise<void>;
  stop(): void;
}

interface Job<Progress, Choice> {
  readonly recipe: Recipe;
  readonly choice: Choice;
  readonly signal: AbortSignal;
  tell(progress: Progress): void;
}

function createTool<Progress, Result, Choice = void>(
  work: (job: Job<Progress, Choice>) => Promise<Result>,
): Tool<Progress, Result, Choice> {
  const check = signal<Check<Progress, Result>>({ state: 'idle' });
  let controller: AbortController | undefined;
  return {
    check,
    async start(choice) {
      const recipe = chosenRecipe.value;
      if (recipe === undefined || check.value.state === 'running') return;
      const { name } = recipe;
      controller = new AbortController();
      let progress: Progress | undefined;
      const soFar = () => ({ name, ...(progress !== undefined && { progress }) });
      check.value = { state: 'running', name };
      const tell = (next: Progress): void => {
        progress = next;
        check.value = { state: 'running', ...soFar(), progress: next };
      };
      try {
        const result = await work({ recipe, choice, signal: controller.signal, tell });
        check.value = { state: 'done', ...soFar(), result };
      } catch (cause) {
        const isStopped = controller.signal.aborted && cause instanceof EngineError && cause.kind === 'interrupted';
        const message = sayCause(cause);
        check.value = isStopped ? { state: 'stopped', ...soFar() } : { state: 'failed', ...soFar(), message };
      }
    },
    stop: () => controller?.abort(),
  };
}

/** Which recipe is checked: the draft, or that of the run on the page. */
export const source = signal<'draft' | 'run'>('draft');

export const chosenRecipe = computed(() => {
  if (source.value === 'run' && run.value !== undefined) return run.value.recipe;
  return 'recipe' in checked.value ? checked.value.recipe : undefined;
});

export const recipeCheck = createTool<Part, Verification, number>(({ recipe, choice: steps, signal, tell }) =>
  engine.call('verifyRecipe', { recipe, steps }, { signal, onEvent: tell }),
);

export interface KernelProgress extends Part {
  readonly rows: readonly ConformanceRow[];
}

export const kernelCheck = createTool<KernelProgress, readonly ConformanceRow[]>(({ signal, tell }) => {
  const rows: ConformanceRow[] = [];
  const onEvent = ({ row, ...part }: Part & { readonly row: ConformanceRow }): void => {
    rows.push(row);
    tell({ ...part, rows });
  };
  return engine.call('verifyKernels', undefined, { signal, onEvent });
});

/** A second worker, with the files that it would not find. */
async function openSecond(): Promise<Engine> {
  const files = await engine.call('unkeptFiles', null);
  const second = openEngine();
  if (files.length > 0) await second.call('addFiles', { files });
  return second;
}

/** Does something as soon as the signal is aborted, or now where it is. */
function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}

export const gradientCheck = createTool<Part, GradientCheck>(async ({ recipe, signal, tell }) => {
  using second = await openSecond();
  whenAborted(signal, () => second[Symbol.dispose]());
  return await second.call('checkGradient', { recipe }, { onEvent: tell });
});

export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
}

/** By epoch, from the first; where a rate diverged, from the next one's first. */
export const overfitCheck = createTool<readonly Epoch[], Overfitting>(({ recipe, signal, tell }) => {
  const epochs: Epoch[] = [];
  const onEvent = (event: Epoch): void => {
    if (event.epoch === 1) epochs.length = 0;
    epochs.push(event);
    tell(epochs);
  };
  return engine.call('overfit', { recipe }, { signal, onEvent });
});

/** Trains the recipe, of a population its first member, for so many steps on GPU and CPU at once. */
export const sidesCheck = createTool<Sides, Sides, number>(async ({ recipe, choice: steps, signal, tell }) => {
  const [first = recipe] = memberRecipes(recipe);
  const alone = overrideRecipe(first, { steps });
  using second = await openSecond();
  const controller = new AbortController();
  const end = (): void => {
    controller.abort();
    second[Symbol.dispose]();
  };
  whenAborted(signal, end);
  let sides = startSides(steps);
  const train = async (side: SideName): Promise<void> => {
    const onEvent = (report: SideReport): void => {
      sides = addReport(sides, side, report);
      tell(sides);
    };
    const { call } = side === 'gpu' ? engine : second;
    const result = await call('trainSide', { recipe: alone, side }, { signal: controller.signal, onEvent });
    sides = endSide(sides, side, result);
    tell(sides);
  };
  const trained = sideNames.map(train);
  try {
    await Promise.all(trained);
  } finally {
    // Where one side fails, the other has to be stopped before anything else can be done.
    end();
    await Promise.allSettled(trained);
  }
  return sides;
});
