/**
 * Synthetic spirals: one arm per class, from radius 0 to 1. Sine and cosine are polynomials here, because Math.sin and
 * Math.cos may differ between JavaScript engines in the last bit, and a recipe shall give the same rows everywhere.
 */
import { RecipeError } from '../errors.ts';
import { normals, streams } from '../random/draws.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { Dataset } from './dataset.ts';

type SpiralsRecipe = Extract<DataRecipe, { source: 'spirals' }>;

/** Inputs [rows, 2]; row i belongs to class i mod classes. Throws RecipeError if a class would get no row. */
export function loadSpirals(data: SpiralsRecipe): Dataset {
  const { rows, classes, turns, noise } = data;
  if (rows < classes) {
    throw new RecipeError('data.rows', `${rows} rows cannot fill ${classes} classes. Give at least one row per class.`);
  }
  const deviates = normals(2 * rows, { seed: data.seed, stream: streams.synthetic, step: 0, salt: 0 });
  const inputs = new Float64Array(2 * rows);
  const labels = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = row % classes;
    const armRows = Math.ceil((rows - label) / classes);
    const radius = armRows === 1 ? 1 : Math.floor(row / classes) / (armRows - 1);
    const { sine, cosine } = sineCosineOfTurns(turns * radius + label / classes);
    inputs[2 * row] = radius * cosine + noise * (deviates[2 * row] ?? 0);
    inputs[2 * row + 1] = radius * sine + noise * (deviates[2 * row + 1] ?? 0);
    labels[row] = label;
  }
  return {
    name: 'spirals',
    task: 'classification',
    rowCount: rows,
    inputShape: [2],
    inputs,
    inputNames: ['x', 'y'],
    labels,
    classNames: Array.from({ length: classes }, (_, label) => `arm ${label}`),
    outputCount: classes,
    parts: {},
    notes: [],
  };
}

/**
 * Sine and cosine of an angle in turns, float64, by + - * and / alone. The angle is reduced to an eighth of a turn
 * around a multiple of a quarter; Taylor's series of degree 17 and 16 are exact to 1e-15 there.
 */
export function sineCosineOfTurns(turns: number): { readonly sine: number; readonly cosine: number } {
  const quarter = Math.round(4 * turns);
  const angle = (turns - quarter / 4) * (2 * 3.141592653589793);
  const square = angle * angle;
  let sine = 1;
  for (let k = 8; k >= 1; k--) sine = 1 - (square / (2 * k * (2 * k + 1))) * sine;
  sine *= angle;
  let cosine = 1;
  for (let k = 8; k >= 1; k--) cosine = 1 - (square / ((2 * k - 1) * 2 * k)) * cosine;
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return { sine, cosine };
    case 1:
      return { sine: cosine, cosine: -sine };
    case 2:
      return { sine: -sine, cosine: -cosine };
    default:
      return { sine: -cosine, cosine: sine };
  }
}
