/** Report 004: the network of report 001 with other widths, range tests, and momentum, dropout and noise. */
import type { PublishedReport, RangeRow, SearchRow, TrainRow } from './types.ts';

const open = 'Features standardised, He initialisation.';
const shuffled = `The order drawn anew every epoch. ${open}`;
const whole = 'Penalty lambda sum(W^2).';
const half = 'Penalty lambda/2 sum(W^2), which fits the published training accuracies better.';
const bestWeights =
  'The run ends at the highest rate of its last cycle, where accuracies are lowest: scored are the weights of the evaluation with the best ' +
  'validation accuracy.';
const modelChosen = `Step size 900, twice the number of batches: the run ends with a whole cycle. ${half} ${shuffled}`;
const improvedChosen =
  'Momentum with the rate inside, delta = (1 - 0.97) rate g + 0.97 delta_before, as a mean of gradients: without the factor the rates would act ' +
  '33 times as large, and accuracies stayed between 33 and 46 % in a trial of 20 epochs. So the recipe has the rates times 0.03. The noise has variance 1e-4, ' +
  `standard deviation 0.01, in units of the standardised features. Dropout 0.1. ${half} ${bestWeights} ${open}`;
const searchSettings = '45,000/5,000, rate 1e-5 to 1e-1, step size 1000, batch 100, 80 epochs';

function row(
  id: string,
  title: string,
  settings: string,
  [train, validation, test]: readonly [number, number, number],
  chosen: string,
  recipe = `report-004-${id}`,
): TrainRow {
  return {
    kind: 'train',
    id,
    title,
    settings,
    chosen,
    recipe,
    metric: 'accuracy',
    published: { train, validation, test },
  };
}

function lambdas(values: Readonly<Record<string, number>>): SearchRow['published'] {
  return Object.entries(values).map(([l2, validation]) => ({ values: { l2: Number(l2) }, validation }));
}

function rangeTest(units: 80 | 40, curve: 'linear' | 'exponential', published: RangeRow['published']): RangeRow {
  const isStated = curve === 'linear';
  return {
    kind: 'rangeTest',
    id: isStated ? `range-${units}` : `range-${units}-exponential`,
    title: `Range test, ${units} hidden units${isStated ? '' : ', by equal factors'}`,
    settings: 'Rate linear 1e-5 to 1 over several epochs, accuracy against rate, all 50,000 examples, batch 100',
    chosen: isStated
      ? `Eight epochs, lambda 0.00599464. ${half} ${shuffled}`
      : 'The published rates are powers of 2 (80 units) and of 3 (40 units) times 1e-9, and the smaller ones lie within the first steps of a ' +
        `linear test: so here the rate rises by the same factor every step. Eight epochs, lambda 0.00599464. ${half} ${shuffled}`,
    recipe: isStated ? `report-004-range-${units}` : `report-004-range-${units}-exponential`,
    published,
  };
}

const range80 = {
  etaMin: 0.000262144,
  etaMax: 0.067108864,
  text: 'accuracy 0.2696 at the lower and 0.5022 at the upper rate',
};
const range40 = {
  etaMin: 0.004782,
  etaMax: 0.12914,
  text: 'the rates that model 2 is trained with; beside its plot the text names those of the 80 units again, with accuracies of 0.3896 and 0.49',
};

export const report004: PublishedReport = {
  name: 'report-004',
  title: 'A report without a name on a two-layer network on CIFAR-10',
  about:
    '3072-h-10 on CIFAR-10, ReLU, mean cross-entropy with an L2 penalty, triangular cyclic rate. CIFAR-10 with JPEG-decoded pixels. Curves ' +
    'of loss, cost and accuracy: the report evaluates at every step (the improved models every 100), here often enough to show the cycles.',
  rows: [
    {
      kind: 'gradients',
      id: 'gradients',
      title: 'Gradient check',
      settings:
        'One batch, first epoch, seed 123, h = 1e-5, signed mean difference of analytical and numerical gradient',
      chosen: `The first 100 rows of batch 1, h 50, lambda 0.01; the seed draws other weights here. ${whole} ${open}`,
      recipe: 'report-004-gradients',
      measure: 'meanDifference',
      scenes: [{ title: 'one batch of 100 rows', rows: 100 }],
      published: {
        'dense1.weight': -4.1423e-7,
        'dense2.weight': -2.9207e-7,
        'dense1.bias': -3.9912e-8,
        'dense2.bias': -4.2879e-7,
      },
    },
    row(
      'defaults-500',
      'Defaults: one cycle',
      'h 50, rate 1e-5 to 1e-1, lambda 0.01, batch 100, batch 1 to train, step size 500, 1 cycle',
      [0.6213, 0.4597, 0.4602],
      `Batch 2 to validate. ${whole} ${shuffled}`,
      'cifar10-cyclic',
    ),
    row(
      'defaults-800',
      'Defaults: three cycles',
      'h 50, rate 1e-5 to 1e-1, lambda 0.01, batch 100, batch 1 to train, step size 800, 3 cycles',
      [0.7784, 0.4608, 0.4524],
      `Batch 2 to validate. ${whole} ${shuffled}`,
      'cifar10-cyclic-800',
    ),
    {
      kind: 'search',
      id: 'coarse',
      title: 'Coarse search for lambda',
      settings: `${searchSettings}, 16 lambdas in 1e-5..1e-1, of which the report names its best four`,
      chosen: `h 50; those four, and twelve drawn once, their logarithms evenly. ${half} ${shuffled}`,
      recipe: 'report-004-coarse',
      metric: 'accuracy',
      published: lambdas({ 0.00599464: 0.531, 0.00925069: 0.5328, 0.01357111: 0.5292, 0.03065967: 0.5006 }),
      text: 'best four of 16',
    },
    {
      kind: 'search',
      id: 'fine',
      title: 'Fine search for lambda',
      settings: `${searchSettings}, 8 lambdas between the two best, of which the report names its best four`,
      chosen: `h 50; those four, and four drawn once, evenly. ${half} ${shuffled}`,
      recipe: 'report-004-fine',
      metric: 'accuracy',
      published: lambdas({ 0.00878554: 0.5388, 0.00925069: 0.5342, 0.00692494: 0.532, 0.00832039: 0.5318 }),
      text: 'best four of 8',
    },
    row(
      'tuned',
      'Tuned model',
      'Lambda 0.00878554, 100 epochs, step size 1000, else as the searches: ends in the middle of a cycle',
      [0.6139, 0.5384, 0.5221],
      `h 50. ${half} ${bestWeights} ${shuffled}`,
    ),
    rangeTest(80, 'linear', range80),
    rangeTest(80, 'exponential', range80),
    rangeTest(40, 'linear', range40),
    rangeTest(40, 'exponential', range40),
    row(
      'model-1',
      'Model 1',
      'h 80, rate 0.000262144 to 0.067108864, lambda 0.00599464, batch 100, 48 epochs, 45,000/5,000',
      [0.6359, 0.5286, 0.5206],
      modelChosen,
    ),
    row(
      'model-2',
      'Model 2',
      'h 40, rate 0.004782 to 0.12914, lambda 0.00599464, batch 100, 60 epochs, 45,000/5,000',
      [0.5995, 0.523, 0.5069],
      modelChosen,
    ),
    row(
      'improved-1',
      'Improved model 1',
      'h 120, shuffling, Gaussian noise N(0, 0.0001) on 10 % of each batch, dropout, momentum 0.97, lambda 0.00599464, rate 0.000262144 to ' +
        '0.067108864, batch 500, step size 1000, 100 epochs, 45,000/5,000',
      [0.7083, 0.5564, 0.5534],
      improvedChosen,
    ),
    row('improved-2', 'Improved model 2', 'h 140, else as improved model 1', [0.7229, 0.57, 0.5567], improvedChosen),
  ],
};
