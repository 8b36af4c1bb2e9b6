/**
 * What must be kept beside a recipe and its weights to use the model again: shapes, names and the normalisation that was measured on the
 * training rows. With it predictions need no dataset.
 */
import * as v from 'valibot';
import { applyNormalization } from '../data/dataset.ts';
import type { Dataset, Normalization } from '../data/dataset.ts';
import { DataError } from '../errors.ts';
import { elementCount } from '../formats/shape.ts';
import { buildPlan } from '../plan/build.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Prepared, PrepareOptions } from './session.ts';

const numbers = v.array(v.number());

export const savedModelSchema = v.strictObject({
  task: v.picklist(['classification', 'regression']),
  /** [features], or [height, width, channels]. */
  inputShape: numbers,
  /** Bytes are scaled on the device; floats are normalised on the host, in float64. */
  inputs: v.picklist(['bytes', 'floats']),
  /** What counts as 1 when bytes are scaled to 0..1. */
  largestByte: v.optional(v.number()),
  inputNames: v.optional(v.array(v.string())),
  outputCount: v.number(),
  classNames: v.optional(v.array(v.string())),
  /** x = (input - center) / spread, with index feature mod length: one for all members, or one each. */
  normalizations: v.pipe(v.array(v.strictObject({ center: numbers, spread: numbers })), v.minLength(1)),
});

export type SavedModel = v.InferOutput<typeof savedModelSchema>;

/** Describes the model of a run, as plain JSON. */
export function describeModel({ dataset, views }: Prepared): SavedModel {
  const { task, inputShape, largestByte, inputNames, outputCount, classNames } = dataset;
  return {
    task,
    inputShape: [...inputShape],
    inputs: dataset.inputs instanceof Uint8Array ? 'bytes' : 'floats',
    ...(largestByte !== undefined && { largestByte }),
    ...(inputNames !== undefined && { inputNames: [...inputNames] }),
    outputCount,
    ...(classNames !== undefined && { classNames: [...classNames] }),
    normalizations: views.map(({ normalization: { center, spread } }) => ({
      center: [...center],
      spread: [...spread],
    })),
  };
}

/**
 * New rows [rowCount, features] under a saved model, ready for the plan's `predict` program; `recipe` is that of the member alone. Throws
 * DataError at `place` for pixels that are no bytes.
 */
export function prepareRows(
  recipe: Recipe,
  model: SavedModel,
  member: number,
  rows: Float64Array,
  place: string,
  { maxBindingBytes, shareSlots = true }: PrepareOptions,
): Prepared {
  const features = elementCount(model.inputShape);
  const rowCount = rows.length / features;
  const normalization = memberNormalization(model, member);
  const dataset: Dataset = {
    name: place,
    task: model.task,
    rowCount,
    inputShape: model.inputShape,
    inputs: rowsAsStored(model, rows, place),
    outputCount: model.outputCount,
    parts: {},
    notes: [],
  };
  const none = new Uint32Array();
  const split = { train: Uint32Array.from({ length: rowCount }, (_, row) => row), validation: none, test: none };
  return {
    recipe,
    members: [recipe],
    dataset,
    views: [{ split, seed: recipe.data.seed, normalization }],
    duration: { steps: 1, stepsPerEpoch: 1 },
    plan: buildPlan({
      recipe,
      data: { ...dataset, inputs: model.inputs },
      ...(maxBindingBytes !== undefined && { maxBindingBytes }),
      shareSlots,
    }),
    inputs: [applyNormalization(dataset.inputs, normalization, features)],
  };
}

/** New rows [rowCount, features] as they are written to the device. Throws DataError at `place` for pixels that are no bytes. */
export function rowInputs(
  model: SavedModel,
  member: number,
  rows: Dataset['inputs'],
  place: string,
): Uint8Array | Float32Array {
  const stored = rowsAsStored(model, rows, place);
  return applyNormalization(stored, memberNormalization(model, member), elementCount(model.inputShape)).inputs;
}

function memberNormalization({ normalizations }: SavedModel, member: number): Normalization {
  return normalizations[member] ?? normalizations[0]!;
}

function rowsAsStored(model: SavedModel, rows: Dataset['inputs'], place: string): Dataset['inputs'] {
  if (model.inputs === 'floats' || rows instanceof Uint8Array) return rows;
  return pixelBytes(rows, elementCount(model.inputShape), model.largestByte ?? 255, place);
}

function pixelBytes(rows: Float32Array | Float64Array, features: number, largest: number, place: string): Uint8Array {
  const wrong = rows.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value <= largest));
  if (wrong >= 0) {
    const where = `row ${Math.floor(wrong / features) + 1}, pixel ${(wrong % features) + 1}`;
    throw new DataError(
      place,
      `${where} is ${rows[wrong]}, but the model takes pixels: whole numbers from 0 to ${largest}. Scale them back.`,
    );
  }
  return Uint8Array.from(rows);
}
