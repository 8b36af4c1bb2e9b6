/**
 * What a row's folder holds beside a run or a search: row.json, which tells what was done by which program on which data; and, of rows that
 * are neither, result.json with their numbers, written last.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../src/errors.ts';
import { readJson, writeWhole } from '../run-folder.ts';

const aboutSchema = v.object({
  version: v.string(),
  commit: v.optional(v.string()),
  /** The recipe before it was made quick or rescaled, as JSON; none of an exercise. */
  recipe: v.optional(v.unknown()),
  /** What is to be known of the data. */
  notes: v.array(v.string()),
});
export type AboutRow = v.InferOutput<typeof aboutSchema>;

const gradientsSchema = v.object({
  kind: v.literal('gradients'),
  seconds: v.number(),
  seed: v.number(),
  step: v.number(),
  scenes: v.array(
    v.object({
      title: v.string(),
      rows: v.number(),
      features: v.number(),
      seconds: v.number(),
      tensors: v.array(
        v.object({
          name: v.string(),
          elements: v.number(),
          coordinates: v.number(),
          redrawn: v.number(),
          relativeError: v.number(),
          meanDifference: v.number(),
          directionError: v.optional(v.number()),
        }),
      ),
    }),
  ),
});

const overfitSchema = v.object({
  kind: v.literal('overfit'),
  adapter: v.string(),
  seconds: v.number(),
  seed: v.number(),
  examples: v.number(),
  epochs: v.number(),
  loss: v.number(),
  threshold: v.number(),
  learningRate: v.number(),
  /** Mean loss of each epoch. */
  curve: v.array(v.number()),
});

const rangeSchema = v.object({
  kind: v.literal('rangeTest'),
  adapter: v.string(),
  seconds: v.number(),
  seed: v.number(),
  from: v.number(),
  to: v.number(),
  curve: v.picklist(['exponential', 'linear']),
  steps: v.number(),
  stepsPerEpoch: v.number(),
  smoothing: v.number(),
  ended: v.picklist(['complete', 'diverged', 'notFinite']),
  points: v.array(
    v.object({
      step: v.number(),
      rate: v.number(),
      loss: v.number(),
      smoothedLoss: v.number(),
      accuracy: v.optional(v.number()),
      smoothedAccuracy: v.optional(v.number()),
    }),
  ),
  suggestions: v.object({
    etaMin: v.optional(v.number()),
    etaMax: v.optional(v.number()),
    steepest: v.optional(v.number()),
    valley: v.optional(v.number()),
    notes: v.array(v.string()),
  }),
});

const exerciseSchema = v.object({
  kind: v.literal('exercise'),
  seconds: v.number(),
  hidden: v.array(v.number()),
  outputs: v.array(v.number()),
  loss: v.number(),
  gradient: v.number(),
  before: v.number(),
  after: v.number(),
  lossAfter: v.number(),
});

const figuresSchema = v.object({
  kind: v.literal('figures'),
  adapter: v.string(),
  seconds: v.number(),
  /** Each is there as `figures/NAME.svg` and `.png`. */
  figures: v.array(v.object({ title: v.optional(v.string()), name: v.string(), alt: v.string(), caption: v.string() })),
});

const resultSchema = v.variant('kind', [gradientsSchema, overfitSchema, rangeSchema, exerciseSchema, figuresSchema]);
export type RowResult = v.InferOutput<typeof resultSchema>;
export type ResultOf<Kind extends RowResult['kind']> = Extract<RowResult, { readonly kind: Kind }>;

/** Says what is being done in a row's folder, before it is done. */
export function writeAbout(folder: string, about: AboutRow): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, 'row.json'), `${JSON.stringify(about, undefined, 2)}\n`);
}

export function readAbout(folder: string): AboutRow {
  const path = join(folder, 'row.json');
  if (!existsSync(path)) throw new DataError(path, 'is missing. Delete this folder, and the row is done again.');
  const about = v.safeParse(aboutSchema, readJson(path));
  if (about.success) return about.output;
  throw new DataError(path, 'does not tell what was done. Delete this folder, and the row is done again.');
}

/** Makes a row's folder finished. */
export function writeRowResult(folder: string, result: RowResult): void {
  writeWhole(join(folder, 'result.json'), `${JSON.stringify(result)}\n`);
}

export function readRowResult<Kind extends RowResult['kind']>(folder: string, kind: Kind): ResultOf<Kind> {
  const path = join(folder, 'result.json');
  const parsed = v.safeParse(resultSchema, readJson(path));
  if (parsed.success && parsed.output.kind === kind) return parsed.output as ResultOf<Kind>;
  throw new DataError(path, `holds no result of this kind (${kind}). Delete this folder, and the row is done again.`);
}
