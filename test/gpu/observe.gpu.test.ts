// Observed runs on the adapter of the tests: the bits of training stay, and the numbers are those of the CPU path.
import { expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Observation } from '../../src/train/observe.ts';
import { loadDigits } from '../../src/data/digits.ts';
import { digitsPopulation } from '../train/digits-run.ts';
import { hashes, trainAll } from '../train/support.ts';
import type { Finished } from '../train/support.ts';
import { openTestGpu } from '../verify/gpu.ts';

function observationsOf({ events }: Finished): Observation[] {
  return events.flatMap((event) => (event.type === 'observation' ? [event.observation] : []));
}

test('a population that is observed trains to the same bits, and the CPU path observes the same', async () => {
  const device = await openTestGpu();
  const dataset = await loadDigits();
  const recipe = parseRecipe({ ...digitsPopulation, epochs: 1 });
  const plain = await trainAll(recipe, { device, dataset });
  const observed = await trainAll(recipe, { device, dataset, observations: { count: 3 } });
  expect(hashes(observed)).toEqual(hashes(plain));
  const observations = observationsOf(observed);
  expect(observations).toHaveLength(3);
  const onCpu = observationsOf(await trainAll(recipe, { dataset, observations: { count: 3 } }));
  if (device.arithmetic.exact) expect(observations).toEqual(onCpu);
  for (const [index, { step, members }] of observations.entries()) {
    expect(step).toBe(onCpu[index]!.step);
    for (const { tensors } of members) expect(tensors.every(({ rms }) => Number.isFinite(rms))).toBe(true);
  }
});
