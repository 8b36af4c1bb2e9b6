/** The counters of a run, and what early stopping and reduce-on-plateau decide from them at each evaluation. */
import type { Recipe } from '../recipe/schema.ts';
import type { Counters, MemberProgress } from './checkpoint.ts';
import type { MemberEvaluation } from './events.ts';
import type { Prepared } from './session.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Progress {
  step: number;
  evaluatedAt: number;
  secondsTrained: number;
  secondsTotal: number;
  readonly members: readonly Mutable<MemberProgress>[];
  /** Members that are no longer trained: stopped early, or diverged. */
  frozen(): ReadonlySet<number>;
  /** Gives up a member whose loss or weights are not finite. */
  diverge(member: number, step: number): void;
  plateaus(): readonly number[];
  counters(): Counters;
  /** Starts new sums after an evaluation. */
  evaluated(): void;
}

/** A member before its first step. */
export const freshProgress: MemberProgress = {
  best: null,
  badEvaluations: 0,
  stoppedAt: null,
  divergedAt: null,
  plateau: 1,
  plateauBest: null,
  plateauBad: 0,
  lossSum: 0,
  correctSum: 0,
  extraSum: 0,
};

export function startProgress({ members }: Prepared, from?: Counters): Progress {
  const states: Mutable<MemberProgress>[] = members.map((_, index) => ({ ...(from?.members[index] ?? freshProgress) }));
  let evaluations = from?.evaluations ?? 0;
  return {
    step: from?.step ?? 0,
    evaluatedAt: from?.evaluatedAt ?? 0,
    secondsTrained: from?.secondsTrained ?? 0,
    secondsTotal: from?.secondsTotal ?? 0,
    members: states,
    frozen: () => new Set(states.flatMap((state, index) => (isTrained(state) ? [] : [index]))),
    diverge(member, step) {
      Object.assign(states[member]!, { divergedAt: step, lossSum: 0, correctSum: 0, extraSum: 0 });
    },
    plateaus: () => states.map((state) => state.plateau),
    counters() {
      const { step, evaluatedAt, secondsTrained, secondsTotal } = this;
      const members = states.map((state) => ({ ...state }));
      return { step, evaluatedAt, evaluations, secondsTrained, secondsTotal, members };
    },
    evaluated() {
      this.evaluatedAt = this.step;
      evaluations++;
      for (const state of states) state.lossSum = state.correctSum = state.extraSum = 0;
    },
  };
}

function isTrained({ stoppedAt, divergedAt }: MemberProgress): boolean {
  return stoppedAt === null && divergedAt === null;
}

/**
 * Takes an evaluation into account: validation if there is one, else the training batches. Returns whether it is the member's best so
 * far; a member that has waited long enough is marked as stopped at `step`.
 */
export function judge(
  recipe: Recipe,
  state: Mutable<MemberProgress>,
  evaluation: MemberEvaluation,
  step: number,
): boolean {
  if (!isTrained(state)) return false;
  const metrics = evaluation.validation ?? evaluation.train;
  const { earlyStopping, schedule } = recipe;
  if (schedule.type === 'plateau') {
    // As torch's ReduceLROnPlateau: mode min, relative threshold.
    if (state.plateauBest === null || metrics.loss < state.plateauBest * (1 - schedule.threshold)) {
      state.plateauBest = metrics.loss;
      state.plateauBad = 0;
    } else if (++state.plateauBad > schedule.patience) {
      state.plateau *= schedule.factor;
      state.plateauBad = 0;
    }
  }
  if (earlyStopping === undefined) return false;
  const value = earlyStopping.metric === 'accuracy' ? -(metrics.accuracy ?? 0) : metrics.loss;
  if (state.best === null || value < state.best - earlyStopping.minDelta) {
    state.best = value;
    state.badEvaluations = 0;
    return true;
  }
  state.badEvaluations++;
  if (state.badEvaluations >= earlyStopping.patience) state.stoppedAt = step;
  return false;
}
