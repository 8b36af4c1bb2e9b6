/** What the editor adds to the schema: names of layers and sets, what a field is for, which fields come first, what a new section starts with. */
import type { RecipeField } from '../../src/recipe/fields.ts';
import type { DataSource, LayerRecipe, Recipe } from '../../src/recipe/schema.ts';

type LayerType = LayerRecipe['type'];

export const layerWords: Readonly<Record<LayerType, string>> = {
  dense: 'fully connected',
  conv2d: 'filters over an image',
  maxPool2d: 'largest of each window',
  averagePool2d: 'mean of each window',
  globalAveragePool2d: 'mean of each channel',
  batchNorm: 'normalise over the batch',
  layerNorm: 'normalise each row',
  flatten: 'image to a row of numbers',
  add: 'sum of layers, a residual connection',
  dropout: 'drops units while training',
  gaussianNoise: 'adds noise while training',
};

/** Those that take an image. */
export const imageLayers: readonly LayerType[] = [
  'conv2d',
  'maxPool2d',
  'averagePool2d',
  'globalAveragePool2d',
  'flatten',
];

/** The fields of a layer that are seen before its card is opened. */
export const firstLayerFields: Readonly<Record<LayerType, readonly string[]>> = {
  dense: ['units', 'activation'],
  conv2d: ['filters', 'kernel', 'activation'],
  maxPool2d: ['size'],
  averagePool2d: ['size'],
  globalAveragePool2d: [],
  batchNorm: ['activation'],
  layerNorm: ['activation'],
  flatten: [],
  add: ['activation'],
  dropout: ['rate'],
  gaussianNoise: ['standardDeviation'],
};

export function isLayerType(type: unknown): type is LayerType {
  return typeof type === 'string' && Object.hasOwn(layerWords, type);
}

interface SourceWords {
  readonly title: string;
  /** Whether the set comes with the page; the others need files. */
  readonly embedded: boolean;
}

/** In the order in which they are offered. */
export const sourceWords: Readonly<Record<DataSource, SourceWords>> = {
  digits: { title: 'Handwritten digits', embedded: true },
  spirals: { title: 'Spirals', embedded: true },
  points: { title: 'Points in the plane', embedded: true },
  'two-peaks': { title: 'Two-peak regression', embedded: true },
  'fashion-mnist': { title: 'Fashion-MNIST', embedded: false },
  cifar10: { title: 'CIFAR-10', embedded: false },
  csv: { title: 'Table (CSV)', embedded: false },
  images: { title: 'Own images', embedded: false },
};

/** The parts of the editor. */
export type Part =
  | 'name'
  | 'data'
  | 'layers'
  | 'length'
  | 'loss'
  | 'optimizer'
  | 'schedule'
  | 'regularisation'
  | 'augmentation'
  | 'evaluation';

/** Where each field of a recipe is edited; the type holds that none is forgotten. */
export const placeOfField: Readonly<Record<keyof Recipe, Part | 'search view' | 'only in JSON'>> = {
  name: 'name',
  description: 'name',
  data: 'data',
  model: 'layers',
  loss: 'loss',
  huberDelta: 'loss',
  labelSmoothing: 'loss',
  classWeights: 'loss',
  l2: 'regularisation',
  l2Factor: 'regularisation',
  clipNorm: 'regularisation',
  earlyStopping: 'regularisation',
  optimizer: 'optimizer',
  schedule: 'schedule',
  augmentation: 'augmentation',
  batch: 'length',
  epochs: 'length',
  steps: 'length',
  cycles: 'length',
  evaluation: 'evaluation',
  seed: 'evaluation',
  search: 'search view',
  // A table of overrides: what a population is made of is better written than clicked.
  members: 'only in JSON',
};

/** What a new field that must be there starts with, by section and name. */
export const startValues: Readonly<Record<string, unknown>> = {
  'model.layers.units': 64,
  'model.layers.filters': 16,
  'model.layers.inputs': ['data', 'data'],
  'model.layers.rate': 0.2,
  'model.layers.standardDeviation': 0.1,
  'data.shape': 'circles',
  'data.file': 'table.csv',
  'schedule.decay': 0.1,
  'schedule.everyEpochs': 10,
  'schedule.stepSize': 500,
  'schedule.etaMax': 0.01,
  'augmentation.noise.standardDeviation': 0.1,
  'earlyStopping.patience': 10,
};

/** Names that the field's own, spelt out, would not tell well. */
const labels: Readonly<Record<string, string>> = {
  'data.train': 'Training rows',
  'data.validation': 'Validation rows',
  'data.test': 'Test rows',
  'data.seed': 'Seed of the data',
  'data.fold': 'Fold that validates',
  'data.stratify': 'Same share of every class',
  'data.shuffleSplit': 'Split at random',
  'data.shuffle': 'New order every epoch',
  'evaluation.batch': 'Rows a batch',
  'evaluation.topK': 'Top-k accuracy',
  'optimizer.beta1': 'Beta 1',
  'optimizer.beta2': 'Beta 2',
  'schedule.etaMin': 'Lowest rate',
  'schedule.etaMax': 'Highest rate',
  'schedule.minimum': 'Lowest rate',
  'schedule.from': 'From rate',
  'schedule.to': 'To rate',
  'model.layers.init': 'Initial weights',
  l2: 'L2 penalty',
  l2Factor: 'Factor of L2',
  clipNorm: 'Clip gradient norm',
  batch: 'Batch',
  seed: 'Seed of the weights',
};

const hints: Readonly<Record<string, string>> = {
  'data.train':
    'A number of rows, a share below 1, or a part of the set such as train or batch1. Empty: all the others',
  'data.validation': 'Rows to choose by: a number, a share below 1, or a part such as batch2. Empty: none',
  'data.test': 'Rows to report on. Empty: the test part of the set, if it has one',
  'data.normalize': 'unit: to 0..1; feature or channel: standardised with the mean and deviation of the training rows',
  'data.folds': 'Cross-validation: parts of equal size, one of which validates. In place of validation rows',
  'data.target': 'Column to predict. Empty: the last',
  'data.noise': 'Standard deviation of the noise on both coordinates',
  'data.seed': 'Of split, order and augmentation',
  seed: 'Of initial weights, dropout and gaussianNoise',
  batch: 'Rows of a step',
  l2: 'Penalty l2 * factor * sum(w^2) in the cost, weights only',
  clipNorm: 'Gradients of all parameters together are scaled down to this norm; 0 does not clip',
  labelSmoothing: 'Share of each row that all classes divide equally; 0 is off',
  huberDelta: 'The difference from which on the loss grows linearly',
  classWeights: 'balanced, or a number for each class',
  'optimizer.weightDecay': 'Decoupled decay: w -= learningRate * weightDecay * w',
  'optimizer.rateInside': 'The rate is inside the momentum: b = m*b + rate*g, w -= b',
  'schedule.warmupSteps': 'The rate rises from 0 over the first so many steps, on top of the schedule',
  'schedule.stepSize': 'Steps up, and as many down',
  'model.layers.bias': 'Superfluous before a batchNorm',
  'model.layers.momentum': 'Share of the batch in the running statistics',
  'model.layers.kernel': 'Rows and columns: 3, or 3×5',
  'model.layers.size': 'Rows and columns: 2, or 2×3',
  'model.layers.stride': 'Rows and columns: 1, or 2×1',
  'model.layers.rate': 'Share of units that are dropped',
  'augmentation.cropPadding': 'Crop at random after so many zeros were put around',
  'augmentation.cutout': 'Edge of a square of zeros at a random place; 0 is off',
  'augmentation.contrast': 'Multiply each image by a number from 1 - c to 1 + c',
  'augmentation.brightness': 'Add a number from -b to b to each image',
  'augmentation.noise.fraction': 'Share of each batch',
  'evaluation.everyEpochs': 'Evaluate after so many epochs, and always at the end',
  'evaluation.everySteps': 'Evaluate after so many steps, in place of epochs',
  'evaluation.batch': 'Memory and speed of the evaluation; never the weights',
  'earlyStopping.patience': 'Evaluations without improvement that are waited for',
};

/** What holds where the recipe says nothing and the schema has no single value for it. */
const absences: Readonly<Record<string, string>> = {
  'data.train': 'all others',
  'data.validation': 'none',
  'data.test': 'its test part',
  'data.folds': 'none',
  'data.fold': 'none',
  'data.testFile': 'none',
  'data.target': 'the last column',
  'data.classes': '3',
  'model.layers.stride': 'the size',
  'evaluation.everyEpochs': '1',
  'evaluation.everySteps': 'none',
  'evaluation.topK': 'none',
  classWeights: 'none',
};

const pathOf = (section: string, name: string): string => (section === '' ? name : `${section}.${name}`);

export function labelOf(section: string, name: string): string {
  return labels[pathOf(section, name)] ?? spellOut(name);
}

export function hintOf(section: string, name: string): string | undefined {
  return hints[pathOf(section, name)];
}

/** What a field that is left empty comes to, for its placeholder. */
export function absenceOf(section: string, { name, preset, required }: RecipeField): string {
  if (required) return '';
  if (preset !== undefined) return Array.isArray(preset) ? preset.join('×') : String(preset);
  return absences[pathOf(section, name)] ?? '';
}

/** `standardDeviation` as Standard deviation. */
function spellOut(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Paths that these tables speak of, for the test that none of them is gone from the schema. */
export const spokenPaths: readonly string[] = [labels, hints, absences, startValues].flatMap((table) =>
  Object.keys(table),
);
