/** What lines of observations.jsonl say, checked: runs come from other programs and other versions too. */
import * as v from 'valibot';
import { DataError } from '../errors.ts';
import type { Observation } from './observe.ts';

/** null where a number was not finite. */
const number = v.nullable(v.number());

const tensorSchema = v.object({
  name: v.string(),
  layer: v.string(),
  kind: v.picklist(['weight', 'gradient', 'update', 'activation']),
  mean: number,
  rms: number,
  min: number,
  max: number,
  zeros: number,
  bins: v.array(v.number()),
});

const observationSchema = v.object({
  step: v.number(),
  epoch: v.number(),
  members: v.array(
    v.object({
      tensors: v.array(tensorSchema),
      deadUnits: v.array(v.object({ layer: v.string(), share: number })),
    }),
  ),
});

export type TensorRecord = Readonly<v.InferOutput<typeof tensorSchema>>;

export type ObservationRecord = Readonly<v.InferOutput<typeof observationSchema>>;

/** Throws DataError for a line, counted from 1, that is no observation. */
export function parseObservationLine(text: string, place: string, line: number): ObservationRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataError(place, `line ${line} is no JSON. Delete the line, or copy the run again.`);
  }
  const parsed = v.safeParse(observationSchema, json);
  if (parsed.success) return parsed.output;
  const field = v.getDotPath(parsed.issues[0]) ?? 'the top';
  throw new DataError(place, `line ${line} is no observation: ${field}: ${parsed.issues[0].message}. Copy it again.`);
}

/** The same with NaN where a number was not finite, as it was when it was observed. */
export function observationOf({ step, epoch, members }: ObservationRecord): Observation {
  const number = (value: number | null): number => value ?? Number.NaN;
  return {
    step,
    epoch,
    members: members.map(({ tensors, deadUnits }) => ({
      tensors: tensors.map(({ mean, rms, min, max, zeros, ...tensor }) => ({
        ...tensor,
        mean: number(mean),
        rms: number(rms),
        min: number(min),
        max: number(max),
        zeros: number(zeros),
      })),
      deadUnits: deadUnits.map(({ layer, share }) => ({ layer, share: number(share) })),
    })),
  };
}
