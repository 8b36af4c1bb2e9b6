/** Every way to get a recipe wrong, with the sentence that says where it is wrong and what would be right. */
import { expect, test } from 'vitest';
import { RecipeError } from '../../src/errors.ts';
import { memberRecipes, overrideRecipe, parseRecipe, upgradeRecipe } from '../../src/recipe/parse.ts';

const base = { data: { source: 'digits' }, model: { layers: [{ type: 'dense', units: 10 }] }, epochs: 3 };
const layerTypes =
  'dense, conv2d, maxPool2d, averagePool2d, globalAveragePool2d, batchNorm, layerNorm, flatten, add, dropout, gaussianNoise';
const layer = (fields: object) => ({ ...base, model: { layers: [fields, ...base.model.layers] } });
const { epochs: _epochs, ...endless } = base;

function fault(action: () => unknown): { place: string; message: string } {
  try {
    action();
  } catch (cause) {
    if (cause instanceof RecipeError) return { place: cause.place, message: cause.message };
    throw cause;
  }
  throw new Error('nothing was wrong with it');
}

const topFields =
  'name, description, data, model, loss, huberDelta, labelSmoothing, classWeights, l2, l2Factor, optimizer, clipNorm, ' +
  'schedule, augmentation, batch, epochs, steps, cycles, evaluation, earlyStopping, seed, search, members';
const adamFields = 'type, learningRate, weightDecay, beta1, beta2, epsilon';

/** JSON and the sentence. */
const cases: readonly (readonly [string, unknown, string])[] = [
  ['a list', [], 'recipe: expected a JSON object with at least "data", "model" and "epochs".'],
  ['null', null, 'recipe: expected a JSON object with at least "data", "model" and "epochs".'],
  // Missing fields
  ['no data', { ...base, data: undefined }, 'data: is missing. Expected an object {…}.'],
  ['an empty object', {}, 'data: is missing. Expected an object {…}.'],
  ['no layers', { ...base, model: {} }, 'model.layers: is missing. Expected a list […].'],
  ['no units', layer({ type: 'dense' }), 'model.layers[0].units: is missing. Expected a number.'],
  ['no kind of layer', layer({ units: 3 }), `model.layers[0].type: is missing. Expected one of ${layerTypes}.`],
  ['no step size', { ...base, schedule: { type: 'cyclic' } }, 'schedule.stepSize: is missing. Expected a number.'],
  ['no data file', { ...base, data: { source: 'csv' } }, 'data.file: is missing. Expected a text.'],
  // Unknown and misspelt fields
  [
    'a misspelt field at the top',
    { ...base, optimiser: { type: 'adam' } },
    `optimiser: unknown field. Did you mean "optimizer"? Known here: ${topFields}.`,
  ],
  ['a field that is nowhere near', { ...base, gpu: true }, `gpu: unknown field. Known here: ${topFields}.`],
  [
    'the wrong case',
    { ...base, optimizer: { type: 'adam', learningrate: 0.1 } },
    `optimizer.learningrate: unknown field. Did you mean "learningRate"? Known here: ${adamFields}.`,
  ],
  [
    'a field of another optimizer',
    { ...base, optimizer: { type: 'sgd', momentum: 0.9 } },
    'optimizer.momentum: unknown field. Known here: type, learningRate, weightDecay.',
  ],
  [
    'a misspelt field that is required',
    layer({ type: 'dense', unit: 3 }),
    'model.layers[0].unit: unknown field. Did you mean "units"? Known here: type, units, activation, init, name, input.',
  ],
  [
    'a misspelt field inside a share',
    { ...base, data: { source: 'digits', test: { prat: 'test' } } },
    'data.test.prat: unknown field. Did you mean "part"? Known here: part, first.',
  ],
  // Names
  [
    'an unknown source',
    { ...base, data: { source: 'digit' } },
    'data.source: expected one of digits, fashion-mnist, cifar10, csv, spirals, points, images, two-peaks, got "digit". Did you mean "digits"?',
  ],
  [
    'an unknown activation',
    layer({ type: 'dense', units: 3, activation: 'rely' }),
    'model.layers[0].activation: expected one of linear, relu, leakyRelu, sigmoid, tanh, gelu, got "rely". Did you mean "relu"?',
  ],
  [
    'an unknown kind of layer',
    layer({ type: 'conv', units: 3 }),
    `model.layers[0].type: expected one of ${layerTypes}, got "conv". Did you mean "conv2d"?`,
  ],
  [
    'an unknown loss',
    { ...base, loss: 'MSE' },
    'loss: expected one of crossEntropy, mse, mae, huber, quadratic, got "MSE". Did you mean "mse"?',
  ],
  [
    'an unknown optimizer',
    { ...base, optimizer: { type: 'Adam' } },
    'optimizer.type: expected one of sgd, momentum, rmsprop, adam, adamw, got "Adam". Did you mean "adam"?',
  ],
  // Types and ranges
  ['a text for a number', { ...base, batch: '32' }, 'batch: expected a number, got "32".'],
  ['null for a number', { ...base, batch: null }, 'batch: expected a number, got null.'],
  ['NaN', { ...base, l2: Number.NaN }, 'l2: expected a number, got NaN.'],
  ['infinity', { ...base, clipNorm: Infinity }, 'clipNorm: expected a finite number, got Infinity.'],
  [
    'an infinite rate',
    { ...base, optimizer: { type: 'sgd', learningRate: Infinity } },
    'optimizer.learningRate: expected a finite number, got Infinity.',
  ],
  ['a fraction of a row', { ...base, batch: 1.5 }, 'batch: expected a whole number, got 1.5.'],
  ['a batch of none', { ...base, batch: 0 }, 'batch: expected a number of at least 1, got 0.'],
  ['a negative penalty', { ...base, l2: -1 }, 'l2: expected a number of at least 0, got -1.'],
  [
    'a seed beyond 32 bits',
    { ...base, seed: 2 ** 32 },
    'seed: expected a number of at most 4294967295, got 4294967296.',
  ],
  [
    'a dropout of everything',
    layer({ type: 'dropout', rate: 1 }),
    'model.layers[0].rate: expected a number below 1, got 1.',
  ],
  [
    'a rate of nothing',
    { ...base, optimizer: { type: 'sgd', learningRate: 0 } },
    'optimizer.learningRate: expected a number above 0, got 0.',
  ],
  ['a text for an object', { ...base, optimizer: 'adam' }, 'optimizer: expected an object {…}, got "adam".'],
  ['an object for a list', { ...base, model: { layers: {} } }, 'model.layers: expected a list […], got {}.'],
  ['an empty list', { ...base, model: { layers: [] } }, 'model.layers: expected a list of at least 1, got [].'],
  ['a number for a layer', { ...base, model: { layers: [5] } }, 'model.layers[0]: expected an object {…}, got 5.'],
  [
    'a text for a switch',
    { ...base, data: { source: 'digits', shuffle: 'yes' } },
    'data.shuffle: expected true or false, got "yes".',
  ],
  [
    'a text for a share',
    { ...base, data: { source: 'digits', test: 'all' } },
    'data.test: expected a number or an object {…}, got "all".',
  ],
  [
    'a negative share',
    { ...base, data: { source: 'digits', test: -1 } },
    'data.test: expected a number of at least 0, got -1.',
  ],
  [
    'the first none of a part',
    { ...base, data: { source: 'digits', test: { part: 'test', first: 0 } } },
    'data.test.first: expected a number of at least 1, got 0.',
  ],
  ['a smoothing of everything', { ...base, labelSmoothing: 1 }, 'labelSmoothing: expected a number below 1, got 1.'],
  [
    'a negative smoothing',
    { ...base, labelSmoothing: -0.1 },
    'labelSmoothing: expected a number of at least 0, got -0.1.',
  ],
  [
    'misspelt class weights',
    { ...base, classWeights: 'balance' },
    'classWeights: expected "balanced" or a list […], got "balance". Did you mean "balanced"?',
  ],
  ['no class weights', { ...base, classWeights: [] }, 'classWeights: expected a list of at least 1, got [].'],
  [
    'a negative class weight',
    { ...base, classWeights: [1, -1] },
    'classWeights[1]: expected a number of at least 0, got -1.',
  ],
  [
    'no width of the Huber loss',
    { ...base, loss: 'huber', huberDelta: 0 },
    `huberDelta: expected a number of at least ${2 ** -100}, got 0.`,
  ],
  [
    'the best of none',
    { ...base, evaluation: { topK: 0 } },
    'evaluation.topK: expected a number of at least 1, got 0.',
  ],
  [
    'a part of a pixel',
    { ...base, augmentation: { cutout: 1.5 } },
    'augmentation.cutout: expected a whole number, got 1.5.',
  ],
  [
    'images turned negative',
    { ...base, augmentation: { contrast: 2 } },
    'augmentation.contrast: expected a number of at most 1, got 2.',
  ],
  [
    'a field that has got another name',
    { ...base, augmentation: { cropPading: 4 } },
    'augmentation.cropPading: unknown field. Did you mean "cropPadding"? Known here: noise, horizontalFlip, cropPadding, ' +
      'contrast, brightness, cutout.',
  ],
  // Contradictions
  [
    'smoothed labels of a regression loss',
    { ...base, loss: 'mse', labelSmoothing: 0.1 },
    'labelSmoothing: belongs to the loss "crossEntropy", but loss is "mse". Leave it out.',
  ],
  [
    'class weights of a regression loss',
    { ...base, loss: 'huber', classWeights: 'balanced' },
    'classWeights: belongs to the loss "crossEntropy", but loss is "huber". Leave it out.',
  ],
  [
    'the largest outputs of a regression loss',
    { ...base, loss: 'mae', evaluation: { topK: 2 } },
    'evaluation.topK: belongs to the loss "crossEntropy", but loss is "mae". Leave it out.',
  ],
  [
    'the width of the Huber loss in another one',
    { ...base, huberDelta: 2 },
    'huberDelta: belongs to the loss "huber", but loss is "crossEntropy". Leave it out.',
  ],
  ['no length', endless, 'recipe: needs exactly one of "epochs", "steps" and "cycles", got none of them.'],
  [
    'two lengths',
    { ...base, steps: 5 },
    'recipe: needs exactly one of "epochs", "steps" and "cycles", got epochs and steps.',
  ],
  [
    'cycles of a schedule without them',
    { ...endless, cycles: 1 },
    'cycles: counts cycles of the cyclic schedule, but schedule.type is "constant". Use "epochs" instead.',
  ],
  [
    'two evaluation intervals',
    { ...base, evaluation: { everyEpochs: 1, everySteps: 3 } },
    'evaluation: takes "everyEpochs" or "everySteps", not both.',
  ],
  // Members
  ['a population of none', { ...base, members: [] }, 'members: expected at least one member, got an empty list.'],
  ['members that are no list', { ...base, members: 3 }, 'members: expected a list […], got 3.'],
  ['a text in a member', { ...base, members: [{}, { l2: '3' }] }, 'members[1].l2: expected a number, got "3".'],
  [
    'a batch per member',
    { ...base, members: [{ l2: 0 }, { batch: 3 }] },
    'members[1]: "batch" cannot differ between the members of a population; only the seeds, the fold, l2, label smoothing, dropout ' +
      'rates and the numbers of optimizer and schedule can. Train it as a run of its own.',
  ],
  [
    'a negative number in a member',
    { ...base, members: [{}, { l2: -3 }] },
    'members[1]: l2: expected a number of at least 0, got -3.',
  ],
  [
    'a member with a field of another optimizer',
    { ...base, members: [{ 'optimizer.momentum': 0.3 }] },
    `members[0]: optimizer.momentum: unknown field. Known here: ${adamFields}.`,
  ],
  [
    'a member with a layer that is not there',
    { ...base, members: [{ 'model.layers.7.rate': 0.3 }] },
    'members[0]: model.layers.7.rate: "model.layers" has the entries 0 to 0, got "7".',
  ],
  [
    'members with spirals of their own',
    { ...base, data: { source: 'spirals' }, members: [{ 'data.seed': 1 }] },
    'members[0]: "data.seed" draws the rows of this data set, so it cannot differ between the members of a ' +
      'population. Train it as a run of its own.',
  ],
  [
    'points of no shape',
    { ...base, data: { source: 'points', shape: 'moon' } },
    'data.shape: expected one of circles, moons, xor, blobs, got "moon". Did you mean "moons"?',
  ],
];

test.each(cases)('%s is refused with the place and the cure', (_name, json, sentence) => {
  const { place, message } = fault(() => parseRecipe(json));
  expect(message).toBe(sentence);
  expect(message.startsWith(`${place}: `)).toBe(true);
});

test('fields that may differ between members make a population', () => {
  const recipe = parseRecipe({
    ...layer({ type: 'dropout', rate: 0.1 }),
    schedule: { type: 'cyclic', stepSize: 10 },
    members: [
      { seed: 1, l2: 0.1, 'data.seed': 5, 'optimizer.beta1': 0.8, 'optimizer.epsilon': 1e-6 },
      { 'schedule.stepSize': 7, 'schedule.etaMax': 0.3, 'model.layers.0.rate': 0.5, 'optimizer.weightDecay': 0.1 },
    ],
  });
  const members = memberRecipes(recipe);
  expect(members).toHaveLength(2);
  expect(members[0]).toMatchObject({ seed: 1, l2: 0.1, data: { seed: 5 }, optimizer: { beta1: 0.8, epsilon: 1e-6 } });
  expect(members[1]).toMatchObject({
    seed: 0,
    schedule: { stepSize: 7, etaMax: 0.3 },
    model: { layers: [{ rate: 0.5 }, { units: 10 }] },
    optimizer: { weightDecay: 0.1 },
  });
  expect(members.every((member) => member.members === undefined)).toBe(true);
});

test('a plain recipe is its own only member', () => {
  const recipe = parseRecipe(base);
  expect(memberRecipes(recipe)).toEqual([recipe]);
});

const overrides: readonly (readonly [string, unknown, string])[] = [
  ['model.layers.5.units', 3, 'model.layers.5.units: "model.layers" has the entries 0 to 0, got "5".'],
  ['model.layers.x.units', 3, 'model.layers.x.units: "model.layers" has the entries 0 to 0, got "x".'],
  ['batch.size', 3, 'batch: expected a number, got {"size":3}.'],
  ['epochs.count', 3, 'epochs.count: "epochs" is 3, it has no fields.'],
  ['optimizer.learningRat', 3, 'optimizer.learningRat: unknown field. Did you mean "learningRate"? Known here: '],
  ['__proto__.polluted', 3, '__proto__.polluted: "recipe" has no such field, got "__proto__".'],
  ['schedule.everyEpoch', 3, 'schedule.everyEpoch: unknown field. Known here: type, warmupSteps.'],
];

test.each(overrides)('an override of %s is refused', (path, value, sentence) => {
  const json = { ...base, ...(path.startsWith('optimizer') && { optimizer: { type: 'adam' } }) };
  expect(fault(() => overrideRecipe(json, { [path]: value })).message).toContain(sentence);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('an override changes a copy, and reaches into lists', () => {
  const changed = overrideRecipe(base, { 'model.layers.0.units': 7, 'optimizer.type': 'sgd', seed: 3 });
  expect(changed).toMatchObject({ model: { layers: [{ units: 7 }] }, optimizer: { type: 'sgd' }, seed: 3 });
  expect(base.model.layers[0]).toEqual({ type: 'dense', units: 10 });
});

test('a field of a section that the recipe leaves out is set on the default section', () => {
  const plain = { data: { source: 'digits' }, model: { layers: [{ type: 'dense', units: 10 }] }, epochs: 1 };
  const { optimizer, schedule } = overrideRecipe(plain, { 'optimizer.learningRate': 0.5, 'schedule.warmupSteps': 7 });
  expect(optimizer).toMatchObject({ type: 'adam', learningRate: 0.5 });
  expect(schedule).toEqual({ type: 'constant', warmupSteps: 7 });
});

test('an override of the length takes the place of the length that the recipe has', () => {
  const plain = { data: { source: 'digits' }, model: { layers: [{ type: 'dense', units: 10 }] }, epochs: 7 };
  const { steps, epochs } = overrideRecipe(plain, { steps: 10 });
  expect({ steps, epochs }).toEqual({ steps: 10, epochs: undefined });
  expect(overrideRecipe(plain, { batch: 5 }).epochs).toBe(7);
});

test('recipes of run folders of an earlier version get the names that fields have today', () => {
  const older = { ...base, augmentation: { shiftPixels: 2, horizontalFlip: true } };
  expect(parseRecipe(upgradeRecipe(older)).augmentation).toMatchObject({ cropPadding: 2, horizontalFlip: true });
  for (const json of [null, 3, [], { augmentation: null }, { augmentation: 3 }, base])
    expect(upgradeRecipe(json)).toBe(json);
});
