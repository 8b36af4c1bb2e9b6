/** What a run says of itself as JSON: the result that `train --json` prints, and the lines of metrics.jsonl. */
import * as v from 'valibot';
import type { SplitName } from '../data/dataset.ts';
import type { EvaluationEvent, TrainResult } from './events.ts';

const perMember = v.union([v.number(), v.array(v.number())]);
/** null for a member that has diverged. */
const measured = v.union([v.number(), v.array(v.nullable(v.number()))]);
const metrics = v.object({
  loss: measured,
  cost: measured,
  accuracy: v.optional(measured),
  topKAccuracy: v.optional(measured),
  rmse: v.optional(measured),
  r2: v.optional(measured),
});

/** The contract of `train --json`; of a population every per-member number is a list. */
export const resultSchema = v.object({
  adapter: v.string(),
  device: v.picklist(['gpu', 'cpu']),
  seed: perMember,
  /** Of one member. */
  parameters: v.number(),
  steps: perMember,
  epochs: v.number(),
  train: metrics,
  validation: v.optional(metrics),
  test: v.optional(metrics),
  /** `train` and `total` add up over the sessions of a resumed run, `compile` is of the last. */
  seconds: v.object({ compile: v.number(), train: v.number(), total: v.number() }),
  samplesPerSecond: v.number(),
  peakDeviceBytes: v.number(),
  /** Absent where the platform offers no sha256. */
  weightsSha256: v.optional(v.union([v.string(), v.array(v.string())])),
  /** Of a population with a member that has diverged: the steps done then, null for the others. */
  divergedAt: v.optional(v.array(v.nullable(v.number()))),
  /** The run folder. */
  run: v.string(),
});
export type ResultJson = v.InferOutput<typeof resultSchema>;
export type MetricsJson = ResultJson['train'];
export type Measured = MetricsJson['loss'];

export function resultJson(result: TrainResult, run: string): ResultJson {
  const merged = mergeMembers(result.members) as Pick<
    ResultJson,
    'seed' | 'steps' | SplitName | 'weightsSha256' | 'divergedAt'
  >;
  const { seed, steps, train, validation, test, weightsSha256, divergedAt } = merged;
  return {
    adapter: result.adapter,
    device: result.device,
    seed,
    parameters: result.parameters,
    steps,
    epochs: result.epochs,
    train,
    ...(validation !== undefined && { validation }),
    ...(test !== undefined && { test }),
    seconds: result.seconds,
    samplesPerSecond: result.samplesPerSecond,
    peakDeviceBytes: result.peakDeviceBytes,
    ...(weightsSha256 !== undefined && { weightsSha256 }),
    ...(divergedAt !== undefined && { divergedAt }),
    run,
  };
}

/** One line of metrics.jsonl, without the line break. Holds no times: an interrupted run writes the same lines. */
export function evaluationLine({ step, epoch, members }: EvaluationEvent): string {
  return JSON.stringify({ step, epoch, ...mergeMembers(members) });
}

/**
 * A single member as it is; several as one object whose values are lists, one entry per member: null where a member has no such field, or
 * a number that is not finite.
 */
function mergeMembers(members: readonly object[]): Record<string, unknown> {
  if (members.length === 1) return { ...members[0] };
  const fields = new Set(members.flatMap(Object.keys));
  return Object.fromEntries(
    Array.from(fields, (field) => {
      const values = members.map((member) => (member as Record<string, unknown>)[field]);
      if (values.every((value) => typeof value === 'object')) return [field, mergeMembers(values as object[])];
      return [field, values.map((value) => (typeof value === 'string' || Number.isFinite(value) ? value : null))];
    }),
  );
}

/** What `evaluationLine` wrote of a population of so many members; the numbers of those that have diverged come back as NaN. */
export function parseEvaluationLine(line: string, population: number): EvaluationEvent {
  const { step, epoch, ...merged } = JSON.parse(line) as { step: number; epoch: number };
  const members = Array.from({ length: population }, (_, member) =>
    population === 1 ? merged : memberOf(merged, member),
  );
  return { type: 'evaluation', step, epoch, members: members as unknown as EvaluationEvent['members'] };
}

function memberOf(merged: Readonly<Record<string, unknown>>, member: number): object {
  const numberOf = (value: unknown): number | null => (value as readonly (number | null)[])[member] ?? null;
  // Every member has a loss: what others lack beside it is no number that was not finite.
  const hasDiverged = 'loss' in merged && numberOf(merged['loss']) === null;
  return Object.fromEntries(
    Object.entries(merged).flatMap(([field, value]): [string, unknown][] => {
      if (!Array.isArray(value)) return [[field, memberOf(value as Record<string, unknown>, member)]];
      const number = numberOf(value);
      return number === null && !hasDiverged ? [] : [[field, number ?? Number.NaN]];
    }),
  );
}
