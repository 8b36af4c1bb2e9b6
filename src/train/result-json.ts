/** What a run says of itself as JSON: the result that `train --json` prints, and the lines of metrics.jsonl. */
import * as v from 'valibot';
import type { EvaluationEvent, TrainResult } from './events.ts';

const perMember = v.union([v.number(), v.array(v.number())]);
const metrics = v.object({ loss: perMember, cost: perMember, accuracy: v.optional(perMember) });

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
  seconds: v.object({ compile: v.number(), train: v.number(), total: v.number() }),
  samplesPerSecond: v.number(),
  peakDeviceBytes: v.number(),
  weightsSha256: v.union([v.string(), v.array(v.string())]),
  /** The run folder. */
  run: v.string(),
});
export type ResultJson = v.InferOutput<typeof resultSchema>;
type SplitName = 'train' | 'validation' | 'test';
export type MetricsJson = ResultJson['train'];

export function resultJson(result: TrainResult, run: string): ResultJson {
  const merged = mergeMembers(result.members) as Pick<ResultJson, 'seed' | 'steps' | SplitName | 'weightsSha256'>;
  const { seed, steps, train, validation, test, weightsSha256 } = merged;
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
    weightsSha256,
    run,
  };
}

/** One line of metrics.jsonl, without the line break. Holds no times: an interrupted run writes the same lines. */
export function evaluationLine({ step, epoch, members }: EvaluationEvent): string {
  return JSON.stringify({ step, epoch, ...mergeMembers(members) });
}

/** A single member as it is; several as one object whose values are lists, one entry per member. */
function mergeMembers(members: readonly object[]): Record<string, unknown> {
  const [first = {}] = members;
  if (members.length === 1) return { ...first };
  return Object.fromEntries(
    Object.entries(first).map(([field, value]) => {
      const values = members.map((member) => (member as Record<string, unknown>)[field]);
      return [field, typeof value === 'object' && value !== null ? mergeMembers(values as object[]) : values];
    }),
  );
}
