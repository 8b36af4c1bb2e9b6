/** What losses and metrics ask of the data: a weight for each class, no more outputs than classes, and how much targets vary. */
import { RecipeError } from '../errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Recipe } from '../recipe/schema.ts';

/**
 * The weights of the classes: those of the recipe, or for `balanced` rows / (classes · rows of the class), counted over the training rows
 * of one view of the data: each class then has the same share in the loss, and the mean weight of the rows is 1.
 */
export function classWeights(
  weights: NonNullable<Recipe['classWeights']>,
  { labels, outputCount, classNames }: Dataset,
  trainRows: Uint32Array,
): readonly number[] {
  if (weights !== 'balanced') {
    if (weights.length === outputCount) {
      if (weights.some((weight) => weight > 0)) return weights;
      throw new RecipeError(
        'classWeights',
        'are all 0, so that nothing would be learned. Give a class a weight above 0.',
      );
    }
    throw new RecipeError(
      'classWeights',
      `has ${weights.length} numbers, but the data has ${outputCount} classes. Give one for each class, or "balanced".`,
    );
  }
  const counts = Array.from({ length: outputCount }, () => 0);
  for (const row of trainRows) counts[labels?.[row] ?? 0]!++;
  const empty = counts.indexOf(0);
  if (empty >= 0) {
    throw new RecipeError(
      'classWeights',
      `is "balanced", but none of the ${trainRows.length} training rows has the class ${classNames?.[empty] ?? empty}. ` +
        'Give a list of numbers, more training rows, or data.stratify.',
    );
  }
  return counts.map((count) => trainRows.length / (outputCount * count));
}

/** Throws where more outputs are asked for than there are classes. */
export function checkTopK({ evaluation: { topK } }: Recipe, { outputCount }: Dataset): void {
  if (topK === undefined || topK <= outputCount) return;
  throw new RecipeError(
    'evaluation.topK',
    `is ${topK}, but the data has ${outputCount} classes. Use at most ${outputCount}.`,
  );
}

/** Mean squared deviation of the targets of rows from their mean, of each output on its own, summed over the outputs. */
export function targetVariance({ targets, outputCount }: Dataset, rows: Uint32Array): number {
  let sum = 0;
  for (let output = 0; output < outputCount; output++) {
    const target = (row: number) => targets?.[row * outputCount + output] ?? 0;
    const mean = rows.reduce((total, row) => total + target(row), 0) / rows.length;
    sum += rows.reduce((total, row) => total + (target(row) - mean) ** 2, 0) / rows.length;
  }
  return sum;
}
