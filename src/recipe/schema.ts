/**
 * The recipe: plain JSON that describes a run completely. This file is the one schema; the command line, the page and the
 * library all validate against it, and every default stands here.
 */
import * as v from 'valibot';
import { searchSchema } from './search-schema.ts';

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const nonNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Below 2^-100 everything counts as 0, and 0/0 is no step. */
const epsilon = v.pipe(v.number(), v.finite(), v.minValue(2 ** -100));
const rate = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const pixels = v.pipe(count, v.maxValue(65_535));

/** A share of the rows: a whole number counts rows, a number below 1 is a fraction of the pool, a part is named. */
const share = v.union([
  nonNegative,
  v.strictObject({
    /** A named part of the set: `train`, `test`, or one file of CIFAR-10: `batch1` … `batch5`. */
    part: v.string(),
    /** Only the first so many rows of it. */
    first: v.optional(positiveInteger),
  }),
]);

const dataFields = {
  /** Rows to learn from. Default: all that validation and test leave. */
  train: v.optional(share),
  /** Rows to choose by. Default: none. */
  validation: v.optional(share),
  /** Rows to report on. Default: the set's own test part; none if it has no such part. */
  test: v.optional(share),
  /** Draw the split at random (true), or take the rows in file order (false): train, then validation, then test. */
  shuffleSplit: v.optional(v.boolean(), true),
  /** Give every split the same share of every class. */
  stratify: v.optional(v.boolean(), false),
  /**
   * `none`; `unit`: to 0..1 (bytes by 255, other numbers by each feature's range); `feature` or `channel`:
   * standardised with the mean and deviation of the training rows.
   */
  normalize: v.optional(v.picklist(['none', 'unit', 'feature', 'channel']), 'none'),
  /** Draw a new order of the training rows for every epoch; false keeps the order of the split. */
  shuffle: v.optional(v.boolean(), true),
  /** Seed of split, order and augmentation. */
  seed: v.optional(seed, 0),
  /**
   * Cross-validation: the training rows are cut into so many parts of equal size, of which part `fold` (from 0) is the validation split and
   * the others are trained on; rows that are left over are always trained on. In place of `validation`.
   */
  folds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
  fold: v.optional(count),
};

const drawnRows = v.optional(v.pipe(positiveInteger, v.maxValue(10_000_000)), 1000);
const classCount = v.pipe(positiveInteger, v.minValue(2));

const data = v.variant('source', [
  v.strictObject({ source: v.literal('digits'), ...dataFields }),
  v.strictObject({ source: v.literal('fashion-mnist'), ...dataFields }),
  v.strictObject({ source: v.literal('cifar10'), ...dataFields }),
  v.strictObject({
    source: v.literal('csv'),
    /** Path of the table; relative paths are looked up in the data folder, then in the current one. */
    file: v.string(),
    /** A second table with the same columns, whose rows are the test part. */
    testFile: v.optional(v.string()),
    /** Name of the target column. Default: the last. */
    target: v.optional(v.string()),
    task: v.optional(v.picklist(['classification', 'regression']), 'classification'),
    ...dataFields,
  }),
  v.strictObject({
    source: v.literal('spirals'),
    /** Points of all arms together. */
    rows: drawnRows,
    classes: v.optional(classCount, 2),
    /** Standard deviation of the noise on both coordinates; the arms reach from radius 0 to 1. */
    noise: v.optional(nonNegative, 0.02),
    turns: v.optional(positive, 1.5),
    ...dataFields,
  }),
  v.strictObject({
    source: v.literal('points'),
    /** `xor`: the quadrants of a square; `blobs`: clouds around centres on the unit circle. */
    shape: v.picklist(['circles', 'moons', 'xor', 'blobs']),
    /** Points of all classes together. */
    rows: drawnRows,
    /** Of `blobs`. Default: 3; the other shapes have two. */
    classes: v.optional(classCount),
    /** Standard deviation of the noise on both coordinates; the shapes measure 2 to 3 across. */
    noise: v.optional(nonNegative, 0.1),
    ...dataFields,
  }),
  v.strictObject({
    source: v.literal('images'),
    /** Path of the packed images (src/data/images.ts); relative paths are looked up as those of tables. */
    file: v.string(),
    ...dataFields,
  }),
  v.strictObject({ source: v.literal('two-peaks'), ...dataFields }),
]);

export const activationNames = ['linear', 'relu', 'leakyRelu', 'sigmoid', 'tanh', 'gelu'] as const;
export const initNames = [
  'heNormal',
  'heUniform',
  'glorotNormal',
  'glorotUniform',
  'lecunNormal',
  'lecunUniform',
  'torch',
] as const;

/** One number for height and width, or [height, width]. */
const extent = v.union([positiveInteger, v.tuple([positiveInteger, positiveInteger])]);
/**
 * `same` as in Keras: zeros around, so that the output has ceil(size / stride) rows and columns. With `valid` a kernel must fit the input.
 */
const padding = v.optional(v.picklist(['valid', 'same']), 'valid');
const activation = v.optional(v.picklist(activationNames), 'linear');
/** Biases start at 0, except with `torch`: weights and biases uniform within ±1/sqrt(inputs), as torch.nn.Linear and Conv2d. */
const init = v.optional(v.picklist(initNames), 'heNormal');
/** Added to the variance before its root is taken. */
const normEpsilon = v.optional(epsilon, 1e-5);

const named = {
  /** Default: the type and a number, such as `conv2d1`. */
  name: v.optional(v.string()),
};
const layerFields = {
  ...named,
  /** Name of the layer that it takes its input from; the data is called `data`. Default: the one before it. */
  input: v.optional(v.string()),
};
const poolFields = {
  size: v.optional(extent, 2),
  /** Default: the size. */
  stride: v.optional(extent),
  padding,
  ...layerFields,
};

const layer = v.variant('type', [
  v.strictObject({ type: v.literal('dense'), units: positiveInteger, activation, init, ...layerFields }),
  v.strictObject({
    type: v.literal('conv2d'),
    filters: positiveInteger,
    kernel: v.optional(extent, 3),
    stride: v.optional(extent, 1),
    padding,
    /** Superfluous before a batchNorm, whose shift takes its place. */
    bias: v.optional(v.boolean(), true),
    activation,
    init,
    ...layerFields,
  }),
  v.strictObject({ type: v.literal('maxPool2d'), ...poolFields }),
  /** Mean over the part of the window that lies in the image. */
  v.strictObject({ type: v.literal('averagePool2d'), ...poolFields }),
  v.strictObject({ type: v.literal('globalAveragePool2d'), ...layerFields }),
  /** Over batch and positions, for each channel; names and defaults are torch.nn.BatchNorm2d's. */
  v.strictObject({
    type: v.literal('batchNorm'),
    /** Share of the batch in the running statistics. */
    momentum: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), 0.1),
    epsilon: normEpsilon,
    activation,
    ...layerFields,
  }),
  /** Over the features of a row, or over the channels of each position of an image. */
  v.strictObject({ type: v.literal('layerNorm'), epsilon: normEpsilon, activation, ...layerFields }),
  v.strictObject({ type: v.literal('flatten'), ...layerFields }),
  /** Sum of layers (or of `data`) of one shape: a residual connection. */
  v.strictObject({
    type: v.literal('add'),
    inputs: v.pipe(v.array(v.string()), v.minLength(2)),
    activation,
    ...named,
  }),
  v.strictObject({
    type: v.literal('dropout'),
    /** Share of units that are dropped; the others are scaled by 1/(1-rate) (inverted dropout). */
    rate,
    ...layerFields,
  }),
  /** Normal noise on every element while training. */
  v.strictObject({ type: v.literal('gaussianNoise'), standardDeviation: nonNegative, ...layerFields }),
]);

const optimizerFields = {
  learningRate: v.optional(positive),
  /** Decoupled decay: w -= learningRate * weightDecay * w, on weights and biases. For a penalty in the cost use `l2`. */
  weightDecay: v.optional(nonNegative, 0),
};
const adamFields = {
  learningRate: v.optional(positive, 1e-3),
  beta1: v.optional(rate, 0.9),
  beta2: v.optional(rate, 0.999),
  epsilon: v.optional(epsilon, 1e-8),
};

/** Names and defaults are PyTorch's (torch.optim): SGD 1e-3, RMSprop 1e-2, Adam and AdamW 1e-3. */
const optimizer = v.variant('type', [
  v.strictObject({ type: v.literal('sgd'), ...optimizerFields, learningRate: v.optional(positive, 1e-3) }),
  v.strictObject({
    type: v.literal('momentum'),
    ...optimizerFields,
    learningRate: v.optional(positive, 1e-3),
    momentum: v.optional(rate, 0.9),
    nesterov: v.optional(v.boolean(), false),
    /** false: b = m*b + g, w -= rate*b (PyTorch). true: b = m*b + rate*g, w -= b (docs/reports.md, 004). */
    rateInside: v.optional(v.boolean(), false),
  }),
  v.strictObject({
    type: v.literal('rmsprop'),
    ...optimizerFields,
    learningRate: v.optional(positive, 1e-2),
    alpha: v.optional(rate, 0.99),
    epsilon: v.optional(epsilon, 1e-8),
  }),
  v.strictObject({ type: v.literal('adam'), ...optimizerFields, ...adamFields }),
  v.strictObject({
    type: v.literal('adamw'),
    ...optimizerFields,
    ...adamFields,
    weightDecay: v.optional(nonNegative, 0.01),
  }),
]);

const scheduleFields = {
  /** The rate rises linearly from 0 over the first so many steps, on top of the schedule. */
  warmupSteps: v.optional(count, 0),
};

const schedule = v.variant('type', [
  v.strictObject({ type: v.literal('constant'), ...scheduleFields }),
  /** rate * e^(-decay * epoch) */
  v.strictObject({ type: v.literal('exponential'), decay: nonNegative, ...scheduleFields }),
  /** rate * factor^floor(epoch / everyEpochs) */
  v.strictObject({
    type: v.literal('step'),
    everyEpochs: positiveInteger,
    factor: v.optional(positive, 0.1),
    ...scheduleFields,
  }),
  /** Half a cosine from the rate to `minimum` over the whole run. */
  v.strictObject({ type: v.literal('cosine'), minimum: v.optional(nonNegative, 0), ...scheduleFields }),
  /** Triangles between etaMin and etaMax, stepSize steps up and stepSize steps down (Smith 2015). */
  v.strictObject({
    type: v.literal('cyclic'),
    etaMin: v.optional(nonNegative, 1e-5),
    etaMax: v.optional(positive, 1e-1),
    stepSize: positiveInteger,
    ...scheduleFields,
  }),
  /** Cosine up from etaMax/startFactor to etaMax, then down to etaMax/(startFactor*endFactor), as torch's OneCycleLR. */
  v.strictObject({
    type: v.literal('oneCycle'),
    etaMax: positive,
    riseFraction: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1)), 0.3),
    startFactor: v.optional(positive, 25),
    endFactor: v.optional(positive, 1e4),
    ...scheduleFields,
  }),
  /** From one rate to another over the whole run, as a range test does (Smith 2015): along a line, or by the same factor every step. */
  v.strictObject({
    type: v.literal('rangeTest'),
    from: v.optional(positive, 1e-5),
    to: v.optional(positive, 1),
    curve: v.optional(v.picklist(['linear', 'exponential']), 'linear'),
    ...scheduleFields,
  }),
  /** rate * factor each time the loss on validation (else train) has not improved for `patience` evaluations. */
  v.strictObject({
    type: v.literal('plateau'),
    factor: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1)), 0.1),
    patience: v.optional(count, 10),
    threshold: v.optional(nonNegative, 1e-4),
    minimum: v.optional(nonNegative, 0),
    ...scheduleFields,
  }),
]);

export const recipeSchema = v.strictObject({
  name: v.optional(v.string(), 'run'),
  description: v.optional(v.string(), ''),
  data,
  model: v.strictObject({ layers: v.pipe(v.array(layer), v.minLength(1)) }),
  /**
   * `crossEntropy`: softmax cross-entropy from integer labels. Of the differences of outputs and targets, mean over batch and outputs:
   * `mse`: squares; `mae`: absolute values; `huber`: half the squares up to `huberDelta`, beyond it straight on, as torch.nn.HuberLoss.
   * `quadratic`: half the squares, sum over outputs, mean over the batch.
   */
  loss: v.optional(v.picklist(['crossEntropy', 'mse', 'mae', 'huber', 'quadratic']), 'crossEntropy'),
  /** Of `huber`: the difference from which on the loss grows linearly. */
  huberDelta: v.optional(epsilon, 1),
  /** Of `crossEntropy`: the share s of each row's target that all classes divide equally (torch.nn.CrossEntropyLoss); 0 is off. */
  labelSmoothing: v.optional(rate, 0),
  /**
   * Of `crossEntropy`: what the loss of a row is multiplied by, for each class, in training and in evaluation. `balanced`: training rows /
   * (classes * training rows of the class). The mean is still over the rows, as with Keras's class_weight; torch divides by the sum of the
   * weights of the batch instead. Default: none.
   */
  classWeights: v.optional(v.union([v.literal('balanced'), v.pipe(v.array(nonNegative), v.minLength(1))])),
  /** Penalty l2 * factor * sum(w^2) in the cost, weights only. */
  l2: v.optional(nonNegative, 0),
  /** `1/(2n)`: n is the number of training rows. */
  l2Factor: v.optional(v.picklist(['1', '1/2', '1/(2n)']), '1'),
  optimizer: v.optional(optimizer, { type: 'adam' }),
  /** Gradients of all parameters together are scaled down to this Euclidean norm; 0 does not clip. */
  clipNorm: v.optional(nonNegative, 0),
  schedule: v.optional(schedule, { type: 'constant' }),
  augmentation: v.optional(
    v.strictObject({
      /** Normal noise, in units of the normalised input, on a fraction of each batch. */
      noise: v.optional(v.strictObject({ standardDeviation: nonNegative, fraction: v.optional(fraction, 1) })),
      /** Mirror images left to right with probability 1/2. */
      horizontalFlip: v.optional(v.boolean(), false),
      /** Crop images at random after so many zeros were put around them, as torchvision's RandomCrop(size, padding). */
      cropPadding: v.optional(pixels, 0),
      /** Multiply each image by a number drawn from 1 - c to 1 + c: about 0 of the normalised input, which keeps its place. */
      contrast: v.optional(fraction, 0),
      /** Add a number drawn from -b to b to each image, in units of the normalised input. */
      brightness: v.optional(nonNegative, 0),
      /** Edge of a square of zeros at a random place of each image, clipped at the image's edges (DeVries and Taylor 2017); 0 is off. */
      cutout: v.optional(pixels, 0),
    }),
    {},
  ),
  /** Rows of a step. Rows at the end of an epoch that fill no batch are left out; the order changes every epoch. */
  batch: v.optional(positiveInteger, 32),
  /** Length of the run: exactly one of `epochs`, `steps` and `cycles` (of the cyclic schedule). */
  epochs: v.optional(positiveInteger),
  steps: v.optional(positiveInteger),
  cycles: v.optional(positive),
  evaluation: v.optional(
    v.strictObject({
      /** Evaluate after every so many epochs (or steps), and always at the end. */
      everyEpochs: v.optional(positiveInteger),
      everySteps: v.optional(positiveInteger),
      /** Rows a batch: memory and speed, and the last bits of reported losses; never the weights. */
      batch: v.optional(positiveInteger, 256),
      /** Of `crossEntropy`: report the share of rows whose class is among the k largest outputs too. Default: not. */
      topK: v.optional(positiveInteger),
    }),
    {},
  ),
  earlyStopping: v.optional(
    v.strictObject({
      /** Evaluations without improvement that are waited for. */
      patience: positiveInteger,
      metric: v.optional(v.picklist(['loss', 'accuracy']), 'loss'),
      minDelta: v.optional(nonNegative, 0),
      restoreBest: v.optional(v.boolean(), true),
    }),
  ),
  /** Seed of initial weights, dropout and gaussianNoise. */
  seed: v.optional(seed, 0),
  /** What `descent search` varies; a plain training leaves it aside. */
  search: v.optional(searchSchema),
  /** Several models trained together: one set of overrides each, by dotted path, of per-member numbers. */
  members: v.optional(v.array(v.record(v.string(), v.number()))),
});

/** A recipe as a person writes it: defaults may be left out. */
export type RecipeInput = v.InferInput<typeof recipeSchema>;
/** A recipe with every default filled in. */
export type Recipe = v.InferOutput<typeof recipeSchema>;
export type DataRecipe = Recipe['data'];
export type DataSource = DataRecipe['source'];
export type LayerRecipe = Recipe['model']['layers'][number];
export type OptimizerRecipe = Recipe['optimizer'];
export type ActivationName = (typeof activationNames)[number];
export type InitName = (typeof initNames)[number];
