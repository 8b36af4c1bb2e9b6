/** A recipe to begin with for a set of one's own: a small perceptron that learns within seconds, sound enough to be changed step by step. */
import type { RecipeInput } from '../../src/recipe/schema.ts';
import type { DataDescription } from '../protocol/data.ts';

export type DataInput = RecipeInput['data'];

/** Steps that a first run should take, about. */
const wantedSteps = 3000;
const share = 0.15;
/** Of fewer rows a share of 0.15 says nothing. */
const fewestRowsToSplit = 20;

/** `data` names the set; where it leaves them open, its shares of rows (70, 15 and 15 %) and its scaling are filled in. */
export function startingRecipe(name: string, data: DataInput, description: DataDescription): RecipeInput {
  const { task, rowCount, inputShape, outputCount, hasTestPart } = description;
  const isSplit = rowCount >= fewestRowsToSplit;
  const trainRows = Math.floor(rowCount * (isSplit ? 1 - 2 * share : 1));
  const batch = Math.min(trainRows, rowCount < 500 ? 16 : rowCount < 5000 ? 32 : 128);
  const isImages = inputShape.length === 3;
  const units = rowCount < 500 ? 16 : isImages ? 128 : 64;
  return {
    name,
    data: {
      // First, so that it stands first; last, so that it holds.
      ...data,
      ...(isSplit && { validation: share }),
      ...(isSplit && !hasTestPart && { test: share }),
      ...(task === 'classification' && { stratify: true }),
      normalize: isImages ? 'unit' : 'feature',
      ...data,
    },
    model: {
      layers: [
        { type: 'dense', units, activation: 'relu' },
        { type: 'dense', units, activation: 'relu' },
        { type: 'dense', units: outputCount },
      ],
    },
    loss: task === 'classification' ? 'crossEntropy' : 'mse',
    optimizer: { type: 'adam', learningRate: 2e-3 },
    schedule: { type: 'cosine' },
    batch,
    epochs: Math.min(100, Math.max(5, Math.round((wantedSteps * batch) / trainRows))),
  };
}
