/** What a run says of itself at its evaluation points and at its end, member by member. */
import { parameterTensors } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import type { Executor } from '../plan/executor.ts';
import { weightsSha256 } from './checkpoint.ts';
import { evaluateSplit, sumOfSquares, toMetrics } from './evaluate.ts';
import type { EvaluationEvent, MemberEvaluation, MemberResult, MemberWeights, Metrics } from './events.ts';
import { judge } from './progress.ts';
import type { Progress } from './progress.ts';
import { learningRate } from './schedule.ts';
import type { Feed, Prepared } from './session.ts';

interface Scores {
  readonly train: Metrics;
  readonly validation?: Metrics;
  readonly test?: Metrics;
}

/**
 * Evaluates the training batches since the last point, and validation. A member whose numbers are not finite has diverged; `found` is
 * called for it, and may throw.
 */
export async function evaluatePoint(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  progress: Progress,
  found: (member: number) => void,
): Promise<EvaluationEvent> {
  const { plan, members, duration } = prepared;
  const rows = (progress.step - progress.evaluatedAt) * plan.batch;
  const squares = await sumOfSquares(executor);
  const validation = await evaluateSplit(prepared, executor, feed, 'validation');
  const evaluations: MemberEvaluation[] = members.map((member, index) => {
    const { lossSum, correctSum, extraSum, plateau } = progress.members[index]!;
    const sums = { loss: lossSum, correct: correctSum, extra: extraSum };
    const train = toMetrics(prepared, index, 'train', sums, rows, squares[index]!);
    const rate = learningRate(member, Math.max(0, progress.step - 1), duration, plateau);
    return { learningRate: rate, train, ...(validation && { validation: validation[index]! }) };
  });
  for (const [index, evaluation] of evaluations.entries()) {
    if (progress.members[index]!.divergedAt === null && !isFiniteEverywhere(evaluation)) found(index);
  }
  return {
    type: 'evaluation',
    step: progress.step,
    epoch: progress.step / duration.stepsPerEpoch,
    members: evaluations.map((scores, index) => maskDiverged(scores, progress.members[index]!)),
  };
}

/** Lets early stopping and reduce-on-plateau decide; returns whether they changed anything. */
export function decide(
  prepared: Prepared,
  executor: Executor,
  progress: Progress,
  { members }: EvaluationEvent,
): boolean {
  const { plan } = prepared;
  const frozenBefore = progress.frozen().size;
  const plateausBefore = progress.plateaus();
  for (const [index, evaluation] of members.entries()) {
    const recipe = prepared.members[index]!;
    const improved = judge(recipe, progress.members[index]!, evaluation, progress.step);
    const { memberStride } = plan.model;
    if (improved && recipe.earlyStopping?.restoreBest === true) {
      executor.copy('parameters', 'best', index * memberStride, memberStride);
    }
  }
  const replanned = progress.plateaus().some((plateau, index) => plateau !== plateausBefore[index]);
  return replanned || progress.frozen().size > frozenBefore;
}

/** Whether loss and cost are numbers on every split; weights can overflow after the last loss of training. */
function isFiniteEverywhere({ train: onTrain, validation, test }: Scores): boolean {
  return [onTrain, validation, test].every((metrics) => metrics === undefined || Number.isFinite(metrics.cost));
}

/** The scores of a member that has diverged are those of the zeros that its weights are set to, so they are NaN instead. */
function maskDiverged<T extends Scores>(scores: T, { divergedAt }: Progress['members'][number]): T {
  if (divergedAt === null) return scores;
  const { train: onTrain, validation, test } = scores;
  const mask = (metrics: Metrics): Metrics => ({
    loss: Number.NaN,
    cost: Number.NaN,
    ...Object.fromEntries(Object.keys(metrics).map((name) => [name, Number.NaN])),
  });
  return {
    ...scores,
    train: mask(onTrain),
    ...(validation && { validation: mask(validation) }),
    ...(test && { test: mask(test) }),
  };
}

/** Final scores of every member; those of members that diverge only here are zeroed in `parameters`, after `found` was called. */
export async function finalResults(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  progress: Progress,
  parameters: Float32Array,
  evaluateTest: boolean,
  found: (member: number) => void,
): Promise<MemberResult[]> {
  const { members, plan } = prepared;
  const train = await evaluateSplit(prepared, executor, feed, 'train');
  const validation = await evaluateSplit(prepared, executor, feed, 'validation');
  const test = evaluateTest ? await evaluateSplit(prepared, executor, feed, 'test') : undefined;
  const scores = members.map((_, index) => ({
    train: train![index]!,
    ...(validation && { validation: validation[index]! }),
    ...(test && { test: test[index]! }),
  }));
  for (const [index, one] of scores.entries()) {
    if (progress.members[index]!.divergedAt !== null || isFiniteEverywhere(one)) continue;
    found(index);
    zeroMember(prepared, parameters, index);
  }
  return Promise.all(
    members.map(async ({ seed }, index) => {
      const state = progress.members[index]!;
      const hash = await weightsSha256(plan.model, parameters, index);
      return {
        seed,
        ...maskDiverged(scores[index]!, state),
        steps: state.divergedAt ?? state.stoppedAt ?? progress.step,
        ...(hash !== undefined && { weightsSha256: hash }),
        ...(state.divergedAt !== null && { divergedAt: state.divergedAt }),
      };
    }),
  );
}

/** Zeroes a member's share of an arena; returns that share. */
export function zeroMember({ plan }: Prepared, arena: Float32Array, member: number): Float32Array {
  const start = member * plan.model.memberStride;
  return arena.subarray(start, start + plan.model.memberStride).fill(0);
}

export function namedWeights({ plan }: Prepared, parameters: Float32Array, member: number): MemberWeights {
  return Object.fromEntries(
    parameterTensors(plan.model).map(({ name, shape, arenaOffset }) => {
      const start = member * plan.model.memberStride + arenaOffset;
      return [name, { shape, data: parameters.slice(start, start + elementCount(shape)) }];
    }),
  );
}
