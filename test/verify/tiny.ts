/** Small data and recipes for the checkers' tests: every field of a recipe can be set, and nothing takes long. */
import type { Dataset } from '../../src/data/dataset.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { normals, streams } from '../../src/random/draws.ts';

export interface TinyOptions {
  readonly task?: Dataset['task'];
  readonly inputShape?: readonly number[];
  readonly rowCount?: number;
  /** Values of some rows in place of the random ones. */
  readonly rows?: Readonly<Record<number, (feature: number) => number>>;
}

export const tinyOutputs = 3;

/** Normal inputs; labels go round, targets are normal. */
export function tinyDataset(options: TinyOptions = {}): Dataset {
  const { task = 'classification', inputShape = [5], rowCount = 40, rows = {} } = options;
  const features = inputShape.reduce((product, length) => product * length, 1);
  const draw = (count: number, salt: number) => normals(count, { seed: 11, stream: streams.synthetic, step: 0, salt });
  const inputs = draw(rowCount * features, 0);
  for (const [row, value] of Object.entries(rows)) {
    for (let feature = 0; feature < features; feature++) inputs[Number(row) * features + feature] = value(feature);
  }
  const known =
    task === 'classification'
      ? { labels: Uint32Array.from({ length: rowCount }, (_, row) => (row * 7) % tinyOutputs) }
      : { targets: draw(rowCount * tinyOutputs, 1) };
  return { name: 'tiny', task, rowCount, inputShape, inputs, ...known, outputCount: tinyOutputs, parts: {}, notes: [] };
}

/** A recipe for the tiny data: 5-6-3 with relu and Adam unless told otherwise. The order of the rows is kept. */
export function tinyRecipe(fields: Readonly<Record<string, unknown>> = {}): Recipe {
  return parseRecipe({
    data: { source: 'spirals', shuffleSplit: false, validation: 10, test: 0 },
    model: { layers: denseLayers(['relu', 'linear'], [6, tinyOutputs]) },
    batch: 8,
    epochs: 1,
    ...fields,
  });
}

export function denseLayers(activations: readonly string[], units: readonly number[]): readonly object[] {
  return activations.map((activation, index) => ({ type: 'dense', units: units[index], activation }));
}
