/** What sharing memory wins on the recipes that come with the project. */
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { prepare } from '../../src/train/session.ts';

function images(edge: number, channels: number): Dataset {
  const rowCount = 10_000;
  const parts = { train: { from: 0, to: 9_000 }, test: { from: 9_000, to: rowCount } };
  return {
    name: 'blank images',
    task: 'classification',
    rowCount,
    inputShape: [edge, edge, channels],
    inputs: new Uint8Array(rowCount * edge * edge * channels),
    labels: Uint32Array.from({ length: rowCount }, (_, row) => row % 10),
    outputCount: 10,
    parts,
    notes: [],
  };
}

const cases = [
  { name: 'fashion-cnn', edge: 28, channels: 1 },
  { name: 'fashion-cnn-best', edge: 28, channels: 1 },
  { name: 'cifar10-cnn', edge: 32, channels: 3 },
];

function planOf({ name, edge, channels }: (typeof cases)[number]) {
  return prepare(parseRecipe(builtInRecipes[name]), images(edge, channels)).plan;
}

test.each(cases)('$name takes at most 1.1 times what lives at once, and two fifths less than a buffer each', (one) => {
  const { slotElements, liveElements, unsharedElements } = planOf(one).memory;
  expect(slotElements).toBeLessThanOrEqual(1.1 * liveElements);
  expect(slotElements).toBeLessThanOrEqual(0.6 * unsharedElements);
});
