/** Recipes that are right in themselves but do not fit their data: layers, losses, batches and populations. */
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, RecipeError, ShapeError } from '../../src/errors.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { prepare } from '../../src/train/session.ts';

const classes: Dataset = {
  name: 'twelve rows',
  task: 'classification',
  rowCount: 12,
  inputShape: [2],
  inputs: Float32Array.from({ length: 24 }, (_, index) => index % 5),
  labels: Uint32Array.from({ length: 12 }, (_, row) => row % 3),
  outputCount: 3,
  parts: {},
  notes: [],
};
const { labels: _labels, ...unlabelled } = classes;
const numbers: Dataset = { ...unlabelled, task: 'regression', targets: new Float32Array(12), outputCount: 1 };
const dense = (units: number, fields: object = {}) => ({ type: 'dense', units, ...fields });

function prepareWith(dataset: Dataset, layers: readonly object[], fields: object = {}) {
  const json = { data: { source: 'csv', file: 'x' }, model: { layers }, batch: 4, epochs: 1, ...fields };
  return prepare(parseRecipe(json), dataset);
}

const shapeFaults: readonly (readonly [string, Dataset, readonly object[], object, string])[] = [
  [
    'a last layer that is too narrow',
    classes,
    [dense(8), dense(2)],
    {},
    'model.layers[1] "dense2": the last layer has 2 units, but the data has 3 classes. Set units to 3.',
  ],
  [
    'a last layer that is too wide for the targets',
    numbers,
    [dense(2, { name: 'out' })],
    { loss: 'mse' },
    'model.layers[0] "out": the last layer has 2 units, but the data has 1 target columns. Set units to 1.',
  ],
  [
    'a last layer without weights',
    classes,
    [dense(3), { type: 'dropout', rate: 0.5 }],
    {},
    'model.layers[1]: the last layer is "dropout"; end with a dense layer of 3 units.',
  ],
  [
    'noise that is only flattened at the end',
    classes,
    [dense(3), { type: 'gaussianNoise', standardDeviation: 0.5 }, { type: 'flatten' }],
    {},
    'model.layers[2]: the last layer is "gaussianNoise"; end with a dense layer of 3 units.',
  ],
  [
    'maps in the place of classes',
    { ...classes, rowCount: 2, inputShape: [2, 2, 3], labels: classes.labels!.slice(0, 2) },
    [{ type: 'conv2d', filters: 3, kernel: 1 }],
    { batch: 1 },
    'model.layers[0] "conv2d1": the last layer gives 2x2x3 numbers, but the data has 3 classes. End with a dense layer of 3 units, or with a globalAveragePool2d.',
  ],
  [
    'nothing to train',
    { ...classes, rowCount: 8, inputShape: [1, 1, 3], labels: classes.labels!.slice(0, 8) },
    [{ type: 'globalAveragePool2d' }],
    {},
    'model.layers: none of them can be trained. Add a dense layer of 3 units.',
  ],
  [
    'class labels wanted from a regression',
    numbers,
    [dense(1)],
    {},
    'loss: "crossEntropy" needs class labels, but the data is a regression. Use "mse".',
  ],
  [
    'two layers of one name',
    classes,
    [dense(4, { name: 'hidden' }), dense(3, { name: 'hidden' })],
    {},
    'model.layers[1].name: "hidden" is taken by another layer.',
  ],
  [
    'a name that another layer gets by default',
    classes,
    [dense(4, { name: 'dense2' }), dense(3)],
    {},
    'model.layers[1].name: "dense2" is taken by another layer.',
  ],
  [
    'a name that is none',
    classes,
    [dense(3, { name: '2nd layer' })],
    {},
    'model.layers[0].name: "2nd layer" is not a letter followed by letters, digits, _ or -.',
  ],
];

test.each(shapeFaults)('%s is a ShapeError', (_name, dataset, layers, fields, sentence) => {
  const preparing = () => prepareWith(dataset, layers, fields);
  expect(preparing).toThrow(ShapeError);
  expect(preparing).toThrow(new ShapeError(sentence.split(': ')[0]!, sentence.split(': ').slice(1).join(': ')));
});

const recipeFaults: readonly (readonly [string, Dataset, object, string])[] = [
  [
    'a batch larger than the set',
    classes,
    { batch: 13 },
    'batch: 13 is larger than the training set of 12 rows. Use at most 12.',
  ],
  [
    'a batch larger than what a split leaves',
    classes,
    { batch: 12, data: { source: 'csv', file: 'x', test: 3 } },
    'batch: 12 is larger than the training set of 9 rows. Use at most 9.',
  ],
  [
    'cropped images of a table',
    classes,
    { augmentation: { cropPadding: 1 } },
    'augmentation.cropPadding: needs images, but each row of this data is 2 plain numbers.',
  ],
  [
    'mirrored images of a table',
    classes,
    { augmentation: { horizontalFlip: true } },
    'augmentation.horizontalFlip: needs images, but each row of this data is 2 plain numbers.',
  ],
  ...(['cutout', 'brightness', 'contrast'] as const).map(
    (field) =>
      [
        `${field} of a table`,
        classes,
        { augmentation: { [field]: 1 } },
        `augmentation.${field}: needs images, but each row of this data is 2 plain numbers.`,
      ] as const,
  ),
  ...(['cutout', 'cropPadding'] as const).map(
    (field) =>
      [
        `${field} as large as the image`,
        { ...classes, rowCount: 6, inputShape: [2, 2, 1], labels: classes.labels!.slice(0, 6) },
        { augmentation: { [field]: 2 }, batch: 2 },
        `augmentation.${field}: is 2, which can leave nothing of images of 2x2. Give at most 1.`,
      ] as const,
  ),
  [
    'weights that leave no class',
    classes,
    { classWeights: [0, 0, 0] },
    'classWeights: are all 0, so that nothing would be learned. Give a class a weight above 0.',
  ],
  [
    'weights for other classes',
    classes,
    { classWeights: [1, 2] },
    'classWeights: has 2 numbers, but the data has 3 classes. Give one for each class, or "balanced".',
  ],
  [
    'balanced weights where a class has no training rows',
    { ...classes, labels: new Uint32Array(12), classNames: ['cat', 'dog', 'cow'] },
    { classWeights: 'balanced' },
    'classWeights: is "balanced", but none of the 12 training rows has the class dog. Give a list of numbers, more ' +
      'training rows, or data.stratify.',
  ],
  [
    'more of the largest outputs than classes',
    classes,
    { evaluation: { topK: 4 } },
    'evaluation.topK: is 4, but the data has 3 classes. Use at most 3.',
  ],
  [
    'stopping on the accuracy of a regression',
    { ...numbers, outputCount: 3, targets: new Float32Array(36) },
    { loss: 'mse', earlyStopping: { patience: 1, metric: 'accuracy' } },
    'earlyStopping.metric: is "accuracy", but the data is a regression. Use "loss".',
  ],
  [
    'members of different lengths',
    classes,
    {
      epochs: undefined,
      cycles: 1,
      schedule: { type: 'cyclic', stepSize: 5 },
      members: [{ seed: 1 }, { 'schedule.stepSize': 6 }],
    },
    'members[1]: runs for 12 steps and members[0] for 10, but a population takes every step together. Give the length ' +
      'in "epochs" or "steps" instead of "cycles".',
  ],
];

test.each(recipeFaults)('%s is a RecipeError', (_name, dataset, fields, sentence) => {
  const preparing = () => prepareWith(dataset, [dense(3)], fields);
  expect(preparing).toThrow(RecipeError);
  expect(preparing).toThrow(sentence);
});

test('a label out of range is a DataError that names the row', () => {
  const labels = Uint32Array.from({ length: 12 }, (_, row) => (row === 7 ? 3 : 0));
  const preparing = () => prepareWith({ ...classes, labels }, [dense(3)]);
  expect(preparing).toThrow(DataError);
  expect(preparing).toThrow('twelve rows: row 7 has the label 3, but labels go from 0 to 2. Mend the row.');
});

test('squared losses take classes as ones and zeros', () => {
  expect(prepareWith(classes, [dense(3)], { loss: 'mse' }).plan.model.outputCount).toBe(3);
});
