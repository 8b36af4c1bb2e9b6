/** The data sets of recipes, loaded once: a set of 180 MB must not be read and parsed anew for each run. */
import { loadDataset } from '../../src/data/dataset.ts';
import type { DataFiles, Dataset } from '../../src/data/dataset.ts';
import type { DataRecipe } from '../../src/recipe/schema.ts';

export interface Datasets {
  load(data: DataRecipe): Promise<Dataset>;
  forget(): void;
}

export function openDatasets(files: DataFiles): Datasets {
  let kept: { readonly key: string; readonly dataset: Promise<Dataset> } | undefined;
  return {
    load(data) {
      const key = keyOf(data);
      if (kept?.key !== key) {
        const dataset = loadDataset(data, files);
        kept = { key, dataset };
        dataset.catch(() => {
          if (kept?.key === key) kept = undefined;
        });
      }
      return kept.dataset;
    },
    forget() {
      kept = undefined;
    },
  };
}

/** What decides the rows that are loaded; how they are split, ordered and scaled comes later. */
function keyOf({
  shuffleSplit: _split,
  stratify: _stratify,
  normalize: _normalize,
  shuffle: _shuffle,
  ...data
}: DataRecipe) {
  const { folds: _folds, fold: _fold, train, validation, test, seed, ...others } = data;
  switch (others.source) {
    case 'cifar10':
      // Only those batches are read that the shares name.
      return JSON.stringify({ ...others, train, validation, test });
    case 'spirals':
    case 'points':
      return JSON.stringify({ ...others, seed });
    default:
      return JSON.stringify(others);
  }
}
