/** Report 001: a network of two layers on CIFAR-10 with a cyclic learning rate, and the search for its lambda. */
import type { PublishedReport, SearchRow } from './types.ts';

const open = 'Features standardised, He initialisation, the order drawn anew every epoch.';
const curves = `Batch 2 to validate. ${open}`;

function lambdas(values: Readonly<Record<string, number>>): SearchRow['published'] {
  return Object.entries(values).map(([l2, validation]) => ({ values: { l2: Number(l2) }, validation }));
}

export const report001: PublishedReport = {
  name: 'report-001',
  title: 'C. Saccardi, Deep Learning, Assignment 1, 2022',
  about:
    '3072-50-10 on CIFAR-10, ReLU, cost = mean cross-entropy + lambda sum(W^2), batch 100, triangular cyclic rate 1e-5 to 1e-1. CIFAR-10 with ' +
    'JPEG-decoded pixels.',
  rows: [
    {
      kind: 'gradients',
      id: 'gradients',
      title: 'Gradient check',
      settings: 'Relative error abs(ga - gn) / max(eps, abs(ga) + abs(gn)) in three scenes of batch 1',
      chosen:
        'The four numbers are of the last scene. The report states neither eps, nor h, nor what one number per tensor is taken over. ' +
        open,
      recipe: 'cifar10-cyclic',
      measure: 'relativeError',
      scenes: [
        { title: 'first 30 dimensions of the first image', features: 30, rows: 1 },
        { title: 'all dimensions of the first 10 images', rows: 10 },
        { title: 'all of batch 1', rows: 10_000 },
      ],
      published: {
        'dense1.weight': 1.1893964378689202e-6,
        'dense1.bias': 1.0871827791390477e-6,
        'dense2.weight': 1.7249730486430448e-7,
        'dense2.bias': 5.175830698916054e-6,
      },
    },
    {
      kind: 'overfit',
      id: 'overfit',
      title: 'Sanity check: 100 examples learnt by heart',
      settings: '100 examples, no L2, about 200 epochs, a reasonable rate',
      chosen: `The first 100 examples of batch 1, constant rate 0.01, batch 10. ${open}`,
      recipe: 'report-001-overfit',
      text: 'loss near 0',
    },
    {
      kind: 'train',
      id: 'figure-2',
      title: 'Figure 2: one cycle',
      settings: 'Batch 1 to train, lambda 0.01, step size 500, 1 cycle (10 epochs)',
      chosen: curves,
      recipe: 'cifar10-cyclic',
      metric: 'accuracy',
      published: { text: 'curves' },
    },
    {
      kind: 'train',
      id: 'figure-3',
      title: 'Figure 3: three cycles',
      settings: 'Batch 1 to train, lambda 0.01, step size 800, 3 cycles (48 epochs)',
      chosen: curves,
      recipe: 'cifar10-cyclic-800',
      metric: 'accuracy',
      published: { text: 'curves' },
    },
    {
      kind: 'search',
      id: 'coarse',
      title: 'Coarse search for lambda',
      settings: '45,000/5,000 at random, 10 lambdas 10^U(-5, -1), step size 900, 2 cycles',
      chosen: `The ten lambdas of its table in place of new draws, so that each has our number beside it. ${open}`,
      recipe: 'report-001-coarse',
      metric: 'accuracy',
      published: lambdas({
        0.071557: 0.4004,
        0.036906: 0.4452,
        0.000563: 0.447,
        0.000495: 0.4508,
        0.000342: 0.465,
        0.001512: 0.4672,
        0.001568: 0.4706,
        0.002577: 0.4878,
        0.003833: 0.4954,
        0.007257: 0.5,
      }),
      text: 'best lambda 0.007257',
    },
    {
      kind: 'search',
      id: 'fine',
      title: 'Fine search for lambda',
      settings: 'Lambda 0.006 to 0.0085 by 0.0005, else as the coarse search',
      chosen: open,
      recipe: 'report-001-fine',
      metric: 'accuracy',
      published: lambdas({
        0.0085: 0.509,
        0.007: 0.5104,
        0.008: 0.5116,
        0.0075: 0.513,
        0.006: 0.515,
        0.0065: 0.5162,
      }),
      text: 'best lambda 0.0065',
    },
    {
      kind: 'train',
      id: 'final',
      title: 'Final model',
      settings: '49,000/1,000, lambda 0.0065, 3 cycles',
      chosen: `Step size 980: twice the number of batches, as in the searches. ${open}`,
      recipe: 'report-001-final',
      metric: 'accuracy',
      published: { test: 0.5063 },
    },
  ],
};
