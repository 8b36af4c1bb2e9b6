/** The recorded run on the CPU path. The numbers change only with a definition, and then the commit says so. */
import { expect, test } from 'vitest';
import { memberRecipes, parseRecipe } from '../../src/recipe/parse.ts';
import { loadDigits } from '../../src/data/digits.ts';
import { digitsPopulation, digitsRun } from './digits-run.ts';
import expected from './expected.json' with { type: 'json' };
import { hashes, trainAll } from './support.ts';

test('three epochs of digits end with the recorded bits', async () => {
  const { result } = await trainAll(digitsRun, { dataset: await loadDigits() });
  expect(result.weightsSha256).toBe(expected.digits.weightsSha256);
  expect(result.test?.accuracy).toBe(expected.digits.testAccuracy);
  expect(result.test?.accuracy).toBeGreaterThan(0.9);
  expect(result.steps).toBe(117);
});

test('a population of three on digits ends with the recorded bits, which are those of plain runs', async () => {
  const dataset = await loadDigits();
  const recipe = parseRecipe(digitsPopulation);
  const together = hashes(await trainAll(recipe, { dataset }));
  expect(together).toEqual(expected.digits.population);
  expect(together[0]).toBe(expected.digits.weightsSha256);
  const alone = await trainAll(memberRecipes(recipe)[2]!, { dataset });
  expect(hashes(alone)[0]).toBe(together[2]);
});
