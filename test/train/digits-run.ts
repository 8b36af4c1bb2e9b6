/**
 * The run whose final weights are recorded in expected.json: digits, three epochs, Adam, dropout, L2, cyclic schedule. The CPU path,
 * every exact adapter under Node and the page of a browser all end with its hash.
 */
import type { RecipeInput } from '../../src/recipe/schema.ts';

export const digitsRun: RecipeInput = {
  name: 'digits-three-epochs',
  data: { source: 'digits', test: 0.2, validation: 0.1, stratify: true, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 32, activation: 'relu' },
      { type: 'dropout', rate: 0.2 },
      { type: 'dense', units: 10 },
    ],
  },
  l2: 1e-4,
  optimizer: { type: 'adam' },
  schedule: { type: 'cyclic', etaMin: 1e-4, etaMax: 1e-2, stepSize: 20 },
  batch: 32,
  epochs: 3,
};

/** The same run with three lambdas, rates and seeds. */
export const digitsPopulation: RecipeInput = {
  ...digitsRun,
  name: 'digits-population',
  members: [
    {},
    { seed: 1, l2: 1e-3, 'schedule.etaMax': 5e-3, 'model.layers.1.rate': 0 },
    { seed: 2, l2: 0, 'schedule.etaMax': 2e-2, 'model.layers.1.rate': 0.5 },
  ],
};
