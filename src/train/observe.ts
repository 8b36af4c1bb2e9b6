/**
 * Observations of a run: statistics of its weights, gradients, updates and activations at some of its steps. An observed step runs by the
 * program `observe` in place of `train`, to the same bits; its numbers come back with the chunk that it ends.
 */
import { binCount, statisticsColumns, statisticsStride } from '../ops/statistics.ts';
import type { StepScalars, Values } from '../ops/kernel.ts';
import type { ObservedKind } from '../plan/observe.ts';
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import { openObserveClock } from './observe-clock.ts';
import type { ClockOptions } from './observe-clock.ts';

/** Of one tensor of one member, in one step; of a large tensor an even sample: 16,384 elements, shared out among the members of a population. */
export interface TensorStatistics {
  /** `dense1.weight`; of an activation the layer's name. */
  readonly name: string;
  readonly layer: string;
  /**
   * The weights are those after the step, the update is what the step changed, and gradients are those of the loss alone: without the L2
   * penalty, and before they are clipped.
   */
  readonly kind: ObservedKind;
  /** NaN, as all other numbers and without bins, if an element is not finite or the member has diverged. */
  readonly mean: number;
  /** Root of the mean square. */
  readonly rms: number;
  readonly min: number;
  readonly max: number;
  /** Share of elements that are 0. */
  readonly zeros: number;
  /** Counts of 64 bins of equal width from min to max. */
  readonly bins: readonly number[];
}

export interface MemberObservation {
  readonly tensors: readonly TensorStatistics[];
  /** Of each layer with relu: share of units (channels) that are 0 for every row and place of the batch; of more than 4,096 an even sample. */
  readonly deadUnits: readonly { readonly layer: string; readonly share: number }[];
}

export interface Observation {
  /** Steps done, the observed one included. */
  readonly step: number;
  readonly epoch: number;
  readonly members: readonly MemberObservation[];
  /** [population, memberStride], if they were asked for: as they are after the step. */
  readonly parameters?: Float32Array;
}

/**
 * When to observe. `count`: so many times, evenly from the first step to the last, at most every other step; the same steps in a run that
 * was resumed. `everySeconds`: by the clock. With `parameters`, the parameters themselves come along.
 */
export type ObserveOptions = ({ readonly count: number } | ClockOptions) & { readonly parameters?: boolean };

/** The steps that are observed of so many, from 0. */
export function observedSteps(count: number, steps: number): readonly number[] {
  const fitting = Math.min(count, Math.ceil(steps / 2));
  if (fitting <= 1) return fitting < 1 ? [] : [steps - 1];
  return Array.from({ length: fitting }, (_, index) => Math.round((index * (steps - 1)) / (fitting - 1)));
}

export interface Observer {
  /** Steps are run again from here on, after an evaluation: what came before does not count. */
  resume(step: number): void;
  /** Where a chunk from this step on has to end, at most at `stop`: after the next step that is observed. */
  stopAt(step: number, stop: number): number;
  /** Runs the steps of a chunk, those that are not observed by `train`. */
  run(steps: readonly StepScalars[], train: (steps: readonly StepScalars[]) => Promise<void> | void): Promise<void>;
  /** What was observed of the step before this one, if it was; asked when a chunk is done that ends there. */
  take(step: number, diverged: (member: number) => boolean): Promise<Observation | undefined>;
}

/** Observes a run of so many steps; the plan has the program `observe`. */
export function openObserver(
  plan: Plan,
  executor: Executor,
  options: ObserveOptions,
  duration: { readonly steps: number; readonly stepsPerEpoch: number },
): Observer {
  const planned = 'count' in options ? observedSteps(options.count, duration.steps) : [];
  const isPlanned = new Set(planned);
  const clock = 'count' in options ? undefined : openObserveClock(options);
  const flying = new Map<number, Promise<readonly Values[]>>();
  let done = 0;

  return {
    resume(step) {
      done = step;
      clock?.resume();
    },
    stopAt: (step, stop) => Math.min(stop, ...planned.filter((observed) => observed >= step).map((each) => each + 1)),
    async run(steps, train) {
      const last = steps.at(-1);
      if (last === undefined || !(clock?.isDue() ?? isPlanned.has(last.step))) {
        await train(steps);
        return;
      }
      if (steps.length > 1) await train(steps.slice(0, -1));
      executor.run('observe', { steps: [last] });
      const wanted = options.parameters === true ? ['statistics', 'parameters'] : ['statistics'];
      const tables = Promise.all(wanted.map((buffer) => executor.read(buffer)));
      // Handled where it is awaited; a lost device must not end the process before that.
      tables.catch(() => undefined);
      flying.set(last.step + 1, tables);
    },
    async take(step, diverged) {
      const tables = flying.get(step);
      clock?.finished(step - done, tables !== undefined);
      done = step;
      if (tables === undefined) return undefined;
      flying.delete(step);
      const [statistics, parameters] = await tables;
      const members = Array.from({ length: plan.population }, (_, member) =>
        describeMember(plan, statistics!, member, diverged(member)),
      );
      const weights = parameters instanceof Float32Array ? { parameters } : {};
      return { step, epoch: step / duration.stepsPerEpoch, members, ...weights };
    },
  };
}

/** Reads one member's statistics from the table. */
function describeMember(plan: Plan, table: Values, member: number, diverged: boolean): MemberObservation {
  const { tensors = [], units = [] } = plan.observation ?? {};
  return {
    tensors: tensors.map(({ name, layer, kind, region }, row) => {
      const start = (row * plan.population + member) * statisticsStride;
      const bins = table.subarray(start + statisticsColumns.length, start + statisticsColumns.length + binCount);
      const column = (wanted: (typeof statisticsColumns)[number]) =>
        table[start + statisticsColumns.indexOf(wanted)] ?? Number.NaN;
      const isFinite = !diverged && column('count') === region.count;
      const number = (value: number): number => (isFinite ? value : Number.NaN);
      return {
        name,
        layer,
        kind,
        mean: number(column('mean')),
        rms: number(column('rootMeanSquare')),
        min: number(column('min')),
        max: number(column('max')),
        zeros: number(column('zeros') / region.count),
        bins: isFinite ? Array.from(bins) : [],
      };
    }),
    deadUnits: units.map(({ layer, units: count, place, blocks, memberStride }) => {
      const start = place + member * memberStride;
      const dead = Array.from(table.subarray(start, start + blocks)).reduce((sum, each) => sum + each, 0);
      return { layer, share: diverged ? Number.NaN : dead / count };
    }),
  };
}

/** One line of observations.jsonl, without the line break; numbers have seven digits, and are null where they are not finite. */
export function observationLine({ step, epoch, members }: Observation): string {
  return JSON.stringify({ step, epoch, members }, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value,
  );
}

/** The step of such a line; NaN if it is none. */
export function observationStep(line: string): number {
  return Number(/^\{"step":(\d+),/.exec(line)?.[1] ?? Number.NaN);
}
