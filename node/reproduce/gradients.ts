/** Gradient checks as the reports make them: one check for each scene, in float64 on the CPU path. */
import type { Dataset } from '../../src/data/dataset.ts';
import { elementCount } from '../../src/formats/shape.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { differenceStep, gradcheck } from '../../src/verify/gradcheck.ts';
import { cutData } from './cut-data.ts';
import type { GradientRow } from './published/types.ts';
import type { ResultOf } from './stored.ts';

/** The most coordinates of a tensor that are compared. */
const mostCoordinates = 200;
/** At least so many, however long a pass over the batch takes. */
const leastCoordinates = 3;
/** Multiply-adds of the first layer that the coordinates of one tensor may take: about a minute on one core. */
const mostProducts = 1e10;

/** Coordinates of each tensor that are compared in a scene: each takes two passes over all of its rows. */
export function sampledCoordinates(rows: number, parameterCount: number): number {
  const affordable = Math.floor(mostProducts / (2 * rows * parameterCount));
  return Math.max(leastCoordinates, Math.min(mostCoordinates, affordable));
}

/** Checks the gradient in every scene of a row; `onProgress` is called before each tensor, and may throw to end the check. */
export async function checkScenes(
  recipe: Recipe,
  dataset: Dataset,
  scenes: GradientRow['scenes'],
  onProgress: (text: string) => void,
): Promise<ResultOf<'gradients'>> {
  const started = performance.now();
  const results: ResultOf<'gradients'>['scenes'] = [];
  for (const [index, { title, rows, features }] of scenes.entries()) {
    const sceneStarted = performance.now();
    const cut = cutData(recipe, dataset, { rows, ...(features !== undefined && { features }) });
    const width = elementCount(cut.dataset.inputShape);
    const firstUnits = cut.recipe.model.layers.find((layer) => 'units' in layer)?.units ?? 1;
    const { tensors } = await gradcheck(cut.recipe, {
      dataset: cut.dataset,
      examples: rows,
      coordinates: sampledCoordinates(rows, width * firstUnits),
      onTensor: (name, tensor, count) =>
        onProgress(`scene ${index + 1} of ${scenes.length}   ${name}, ${tensor + 1} of ${count} tensors`),
    });
    const seconds = (performance.now() - sceneStarted) / 1000;
    results.push({ title, rows, features: width, seconds, tensors: [...tensors] });
  }
  const seconds = (performance.now() - started) / 1000;
  return { kind: 'gradients', seconds, seed: recipe.seed, step: differenceStep, scenes: results };
}
