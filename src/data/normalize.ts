/**
 * Scaling of the inputs, measured on the training rows alone, in float64, and rounded once. Bytes stay bytes: the
 * device applies scale and shift as it reads them. Other numbers are scaled here, so that a large mean cancels nothing.
 */
import { elementCount } from '../formats/shape.ts';
import { float32 } from '../arithmetic/arithmetic.ts';
import { DataError, RecipeError } from '../errors.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { Dataset } from './dataset.ts';
import type { Split } from './split.ts';

/**
 * x = (value - center) / spread, float64. One number each for all features, for each channel or for each feature: the
 * index is feature mod length. Plain JSON, for the run folder.
 */
export interface Normalization {
  readonly center: readonly number[];
  readonly spread: readonly number[];
}

export interface NormalizedInputs {
  /** The data set's bytes themselves, or float32 values that are already normalised. */
  readonly inputs: Uint8Array | Float32Array;
  /** One per feature: x = inputs * scale + shift. 1 and 0 where the inputs are normalised already. */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly normalization: Normalization;
}

type NormalizeMode = DataRecipe['normalize'];

/**
 * Normalises by the training rows. Deviations divide by the number of rows; a feature without variance (or range) is
 * divided by 1. Throws DataError for NaN or infinity, naming row and column, and RecipeError for channels of a table.
 */
export function normalize(dataset: Dataset, split: Pick<Split, 'train'>, mode: NormalizeMode): NormalizedInputs {
  checkFinite(dataset);
  const featureCount = elementCount(dataset.inputShape);
  return applyNormalization(dataset.inputs, measure(dataset, split.train, mode), featureCount);
}

/** Inputs [rows, featureCount] under a measured normalisation: bytes stay as they are, other numbers are scaled here. */
export function applyNormalization(
  inputs: Dataset['inputs'],
  normalization: Normalization,
  featureCount: number,
): NormalizedInputs {
  if (inputs instanceof Uint8Array) {
    const { center, spread } = normalization;
    const at = (values: readonly number[], feature: number): number => values[feature % values.length] ?? 0;
    return {
      inputs,
      scale: Float32Array.from({ length: featureCount }, (_, feature) => 1 / at(spread, feature)),
      shift: Float32Array.from({ length: featureCount }, (_, feature) => 0 - at(center, feature) / at(spread, feature)),
      normalization,
    };
  }
  return {
    inputs: normalizeRows(inputs, normalization),
    scale: new Float32Array(featureCount).fill(1),
    shift: new Float32Array(featureCount),
    normalization,
  };
}

/** Applies a measured normalisation to rows of a table, as for predictions. Rounds once, at the end. */
export function normalizeRows(inputs: Float32Array | Float64Array, { center, spread }: Normalization): Float32Array {
  const period = center.length;
  const values = new Float32Array(inputs.length);
  for (let i = 0; i < inputs.length; i++) {
    const value = ((inputs[i] ?? 0) - (center[i % period] ?? 0)) / (spread[i % period] ?? 1);
    // Subnormal numbers are nothing to some adapters.
    values[i] = float32.flush(Math.fround(value));
  }
  return values;
}

function checkFinite(dataset: Dataset): void {
  const { inputs, targets } = dataset;
  if (!(inputs instanceof Uint8Array)) {
    const wrong = inputs.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const featureCount = elementCount(dataset.inputShape);
      const column = wrong % featureCount;
      throw new DataError(
        dataset.name,
        `row ${Math.floor(wrong / featureCount)}, column ${dataset.inputNames?.[column] ?? column} is ` +
          `${inputs[wrong]}. Remove the row or fill in a finite value.`,
      );
    }
  }
  const wrong = targets?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (wrong >= 0) {
    throw new DataError(
      dataset.name,
      `row ${Math.floor(wrong / dataset.outputCount)} has the target ${targets?.[wrong]}. Remove it or correct it.`,
    );
  }
}

function measure(dataset: Dataset, rows: Uint32Array, mode: NormalizeMode): Normalization {
  const { inputs, inputShape, largestByte = 255 } = dataset;
  const bytes = inputs instanceof Uint8Array;
  if (mode === 'none') return { center: [0], spread: [1] };
  if (mode === 'unit' && bytes) return { center: [0], spread: [largestByte] };
  if (mode === 'channel' && inputShape.length !== 3) {
    throw new RecipeError(
      'data.normalize',
      `"channel" needs images, ${dataset.name} has ${inputShape[0]} separate features. Use "feature".`,
    );
  }
  const featureCount = elementCount(inputShape);
  const period = mode === 'channel' ? (inputShape[2] ?? 1) : featureCount;
  return bytes
    ? measureBytes(inputs, rows, featureCount, period)
    : measureNumbers(inputs, rows, featureCount, period, mode);
}

/** Sums of bytes and of their squares are whole numbers below 2^53, hence exact: one pass is enough. */
function measureBytes(inputs: Uint8Array, rows: Uint32Array, featureCount: number, period: number): Normalization {
  const sums = new Float64Array(featureCount);
  const squares = new Float64Array(featureCount);
  for (const row of rows) {
    const from = row * featureCount;
    for (let feature = 0; feature < featureCount; feature++) {
      const value = inputs[from + feature] ?? 0;
      sums[feature] = (sums[feature] ?? 0) + value;
      squares[feature] = (squares[feature] ?? 0) + value * value;
    }
  }
  const count = (rows.length * featureCount) / period;
  const center: number[] = [];
  const spread: number[] = [];
  for (let group = 0; group < period; group++) {
    let sum = 0;
    let square = 0;
    for (let feature = group; feature < featureCount; feature += period) {
      sum += sums[feature] ?? 0;
      square += squares[feature] ?? 0;
    }
    const variance = (count * square - sum * sum) / (count * count);
    center.push(sum / count);
    spread.push(variance > 0 ? Math.sqrt(variance) : 1);
  }
  return { center, spread };
}

/** Mean and deviation in two passes, or minimum and range. A constant feature is known by its range: no rounding. */
function measureNumbers(
  inputs: Float32Array | Float64Array,
  rows: Uint32Array,
  featureCount: number,
  period: number,
  mode: NormalizeMode,
): Normalization {
  const smallest = new Float64Array(period).fill(Infinity);
  const largest = new Float64Array(period).fill(-Infinity);
  const sums = new Float64Array(period);
  eachValue(inputs, rows, featureCount, period, (value, group) => {
    smallest[group] = Math.min(smallest[group] ?? 0, value);
    largest[group] = Math.max(largest[group] ?? 0, value);
    sums[group] = (sums[group] ?? 0) + value;
  });
  const isConstant = (group: number): boolean => smallest[group] === largest[group];
  if (mode === 'unit') {
    return {
      center: [...smallest],
      spread: Array.from(largest, (value, group) => (isConstant(group) ? 1 : value - (smallest[group] ?? 0))),
    };
  }
  const count = (rows.length * featureCount) / period;
  const center = Array.from(sums, (sum, group) => (isConstant(group) ? (smallest[group] ?? 0) : sum / count));
  const squares = new Float64Array(period);
  eachValue(inputs, rows, featureCount, period, (value, group) => {
    const difference = value - (center[group] ?? 0);
    squares[group] = (squares[group] ?? 0) + difference * difference;
  });
  return {
    center,
    spread: Array.from(squares, (square, group) => (isConstant(group) ? 1 : Math.sqrt(square / count))),
  };
}

function eachValue(
  inputs: Float32Array | Float64Array,
  rows: Uint32Array,
  featureCount: number,
  period: number,
  visit: (value: number, group: number) => void,
): void {
  for (const row of rows) {
    for (let feature = 0; feature < featureCount; feature++) {
      visit(inputs[row * featureCount + feature] ?? 0, feature % period);
    }
  }
}
