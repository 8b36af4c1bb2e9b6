/** What a run wrote of itself, of one member: the evaluations of metrics.jsonl and the numbers of result.json. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../src/errors.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import type { CurvePoint } from './figures/curves.ts';

/** One number, or one for each member; null where a member has diverged. */
const measured = v.union([v.number(), v.array(v.nullable(v.number()))]);
const metricsSchema = v.record(v.string(), v.optional(measured));

const lineSchema = v.object({
  step: v.number(),
  epoch: v.number(),
  learningRate: measured,
  train: metricsSchema,
  validation: v.optional(metricsSchema),
});

export interface EvaluationRecord extends CurvePoint {
  readonly step: number;
  readonly learningRate: number;
}

type MetricsRecord = Record<string, number | null>;

/** What follows a fault in metrics.jsonl. */
const cure = 'Copy the run again, or delete the file: the report then has no curves.';

/**
 * Every evaluation of a finished run of `epochs` epochs; none where the file is not there. Throws DataError for a line that is no
 * evaluation and where the last lines are missing: a run that has ended has evaluated its end.
 */
export function readEvaluations(folder: string, member: number, epochs: number): EvaluationRecord[] {
  const path = join(folder, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const torn = lines.pop();
  if (torn !== '') throw new DataError(path, `line ${lines.length + 1} is torn: it has no line break. ${cure}`);
  const records = lines.map((text, index) => {
    const { step, epoch, learningRate, train, validation } = parseLine(text, path, index);
    return {
      step,
      epoch,
      learningRate: ofMember(learningRate, member) ?? Number.NaN,
      train: metricsOfMember(train, member),
      ...(validation && { validation: metricsOfMember(validation, member) }),
    };
  });
  const last = records.at(-1)?.epoch;
  if (last === epochs) return records;
  const ends =
    last === undefined ? 'it holds no evaluation' : `its last evaluation, line ${records.length}, is of epoch ${last}`;
  throw new DataError(path, `is not whole: ${ends}, but the run has ended at epoch ${epochs}. ${cure}`);
}

function parseLine(text: string, path: string, index: number): v.InferOutput<typeof lineSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataError(path, `line ${index + 1} is no JSON. ${cure}`);
  }
  const parsed = v.safeParse(lineSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue) ?? 'the top';
  throw new DataError(path, `line ${index + 1} is no evaluation: ${place}: ${issue.message}. ${cure}`);
}

function ofMember<T>(value: T | readonly T[], member: number): T | undefined {
  return Array.isArray(value) ? (value as readonly T[])[member] : (value as T);
}

function metricsOfMember(metrics: v.InferOutput<typeof metricsSchema>, member: number): MetricsRecord {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, ofMember(value, member) ?? null]],
    ),
  );
}

/** The result of one member. */
export interface MemberSummary {
  readonly adapter: string;
  readonly device: string;
  readonly seed: number;
  readonly parameters: number;
  readonly steps: number;
  readonly epochs: number;
  /** Metrics by split, in the order train, validation, test. */
  readonly splits: readonly { readonly split: 'train' | 'validation' | 'test'; readonly metrics: MetricsRecord }[];
  readonly seconds: ResultJson['seconds'];
  readonly samplesPerSecond: number;
  readonly peakDeviceBytes: number;
  readonly weightsSha256?: string;
  /** When result.json was written; a copy may have lost it. */
  readonly written: Date;
}

export function summarise(folder: string, result: ResultJson, member: number): MemberSummary {
  const { adapter, device, seed, parameters, steps, epochs, seconds, samplesPerSecond, peakDeviceBytes } = result;
  const hash = result.weightsSha256 === undefined ? undefined : ofMember(result.weightsSha256, member);
  return {
    adapter,
    device,
    seed: ofMember(seed, member) ?? 0,
    parameters,
    steps: ofMember(steps, member) ?? 0,
    epochs,
    splits: (['train', 'validation', 'test'] as const).flatMap((split) => {
      const metrics = result[split] as v.InferOutput<typeof metricsSchema> | undefined;
      return metrics === undefined ? [] : [{ split, metrics: metricsOfMember(metrics, member) }];
    }),
    seconds,
    samplesPerSecond,
    peakDeviceBytes,
    ...(hash !== undefined && { weightsSha256: hash }),
    written: statSync(join(folder, 'result.json')).mtime,
  };
}
