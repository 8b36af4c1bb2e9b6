/**
 * A few rows and features of a data set as a data set of their own. They are normalised before they are cut out: by all training rows of the
 * recipe, since one row alone has no deviation.
 */
import { normalize, splitDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { RecipeError } from '../../src/errors.ts';
import { elementCount } from '../../src/formats/shape.ts';
import { memberRecipes } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';

export interface Cut {
  /** The first so many training rows. */
  readonly rows: number;
  /** The first so many features, as a flat row. Default: all, in their shape. */
  readonly features?: number;
}

/**
 * The cut data, and the recipe on it: all rows are for training, and one batch takes them all. Throws RecipeError where there are fewer
 * rows or features.
 */
export function cutData(
  recipe: Recipe,
  dataset: Dataset,
  { rows, features: asked }: Cut,
): { readonly recipe: Recipe; readonly dataset: Dataset } {
  const [first = recipe] = memberRecipes(recipe);
  const split = splitDataset(dataset, first.data);
  const width = elementCount(dataset.inputShape);
  const features = asked ?? width;
  if (rows > split.train.length || features > width) {
    throw new RecipeError(
      first.name,
      `has ${split.train.length} training rows of ${width} features, but ${rows} rows of ${features} were asked for. Ask for fewer.`,
    );
  }
  const { inputs, scale, shift } = normalize(dataset, split, first.data.normalize);
  const chosen = split.train.slice(0, rows);
  const values = new Float64Array(rows * features);
  for (const [place, row] of chosen.entries()) {
    for (let feature = 0; feature < features; feature++) {
      const value = inputs[row * width + feature] ?? 0;
      values[place * features + feature] = value * (scale[feature] ?? 1) + (shift[feature] ?? 0);
    }
  }
  const { labels, targets, outputCount, name, task, classNames } = dataset;
  const takeTargets = (all: Float32Array): Float32Array =>
    Float32Array.from({ length: rows * outputCount }, (_, index) => {
      const row = chosen[Math.floor(index / outputCount)] ?? 0;
      return all[row * outputCount + (index % outputCount)] ?? 0;
    });
  return {
    recipe: {
      ...first,
      batch: rows,
      data: {
        source: 'csv',
        file: name,
        task,
        shuffleSplit: false,
        stratify: false,
        normalize: 'none',
        shuffle: false,
        seed: first.data.seed,
      },
    },
    dataset: {
      name,
      task,
      rowCount: rows,
      inputShape: asked === undefined ? dataset.inputShape : [features],
      inputs: values,
      ...(labels && { labels: Uint32Array.from(chosen, (row) => labels[row] ?? 0) }),
      ...(targets && { targets: takeTargets(targets) }),
      ...(classNames && { classNames }),
      outputCount,
      parts: {},
      notes: dataset.notes,
    },
  };
}
