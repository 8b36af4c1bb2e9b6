/** What a search leaves, as JSON: a line for each run that is done or was cut, and the result. */
import * as v from 'valibot';
import type { RunRecord } from './trials.ts';

const metricsSchema = v.object({
  loss: v.number(),
  cost: v.number(),
  accuracy: v.optional(v.number()),
  topKAccuracy: v.optional(v.number()),
  rmse: v.optional(v.number()),
  r2: v.optional(v.number()),
});

/** A line of trials.jsonl. */
const recordSchema = v.object({
  trial: v.number(),
  fold: v.optional(v.number()),
  seed: v.number(),
  population: v.string(),
  member: v.number(),
  step: v.number(),
  state: v.picklist(['done', 'cut', 'diverged']),
  train: v.optional(metricsSchema),
  validation: v.optional(metricsSchema),
  weightsSha256: v.optional(v.string()),
  populationSeconds: v.number(),
});

export const summarySchema = v.object({
  index: v.number(),
  values: v.record(v.string(), v.unknown()),
  stage: v.picklist(['coarse', 'fine', 'only']),
  state: v.picklist(['waiting', 'running', 'done', 'pruned', 'diverged']),
  step: v.number(),
  value: v.optional(v.number()),
  deviation: v.optional(v.number()),
  train: v.optional(metricsSchema),
  validation: v.optional(metricsSchema),
  runs: v.number(),
  divergedRuns: v.number(),
});

/** What `descent search --json` prints, but for the folder. */
export const resultSchema = v.object({
  metric: v.picklist(['accuracy', 'loss']),
  best: summarySchema,
  table: v.array(summarySchema),
  adapter: v.string(),
  /** Of training, over all sessions. */
  seconds: v.number(),
});
export type SearchResultJson = v.InferOutput<typeof resultSchema>;

/** The record of a line; of a line that holds none, what is wrong with it. */
export function parseRecord(line: string): RunRecord | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return 'is no JSON';
  }
  const parsed = v.safeParse(recordSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return `is no run of a search: ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`;
}
