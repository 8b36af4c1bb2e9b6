/** How far a search is: which populations of a stage are done, and how much of its training, counted in samples. */
import type { PopulationsEvent } from './search.ts';
import type { SearchPopulation } from './store.ts';

/** The populations between two cuts, and the steps at which they begin. */
export interface Stage extends PopulationsEvent {
  readonly firstSteps: readonly number[];
}

/** `before`: the stage that came before, if there was one. */
export function beginStage(event: PopulationsEvent, before: Stage | undefined): Stage {
  const cut = event.cut === 0 ? undefined : before;
  const ends = cut?.populations.flatMap(({ runs, until }) => runs.map(({ trial }) => [trial, until] as const));
  const firstSteps = new Map(ends);
  return { ...event, firstSteps: event.populations.map(({ runs }) => firstSteps.get(runs[0]?.trial ?? -1) ?? 0) };
}

/** Samples that the populations of a stage train, and of these what is trained where the population at `place` has come to a step. */
export function stageSamples(
  { populations, firstSteps }: Stage,
  place: number,
  step: number,
): { readonly done: number; readonly all: number } {
  const samples = (population: SearchPopulation, steps: number): number =>
    Math.max(0, steps) * population.runs.length * population.recipe.batch;
  let done = 0;
  let all = 0;
  for (const [index, population] of populations.entries()) {
    const first = firstSteps[index] ?? 0;
    const whole = samples(population, population.until - first);
    all += whole;
    if (index < place) done += whole;
    if (index === place) done += samples(population, step - first);
  }
  return { done, all };
}

export function countTrials(event: PopulationsEvent | undefined): number {
  return new Set(event?.populations.flatMap(({ runs }) => runs.map(({ trial }) => trial))).size;
}
