/** Report 003: regression of a curve with two peaks, and a convolutional network on grey images; each with a grid under cross-validation. */
import type { PublishedReport, TrainRow } from './types.ts';

const peaksChosen =
  'The report does not give its data: the two-peak set stands in, whose noise alone has a mean squared error of 0.065 on the test rows. ' +
  '100-100 hidden units, initial weights as torch.nn.Linear.';
const cnnChosen =
  'The report does not name its images: Fashion-MNIST fits. 3x3 filters 32-32-64 with max pooling after the first two, 128 dense units, ReLU, ' +
  '55,000/5,000, pixels 0..1, constant rate.';
const decayChosen = 'Added to the gradient as torch.optim.Adam does it, but on weights only.';
const dropout = 'model.layers.*.rate';

function regression(
  id: string,
  title: string,
  settings: string,
  published: TrainRow['published'],
  chosen = '',
): TrainRow {
  return {
    kind: 'train',
    id,
    title: `Regression: ${title}`,
    settings: `1-h1-h2-1, sigmoid, linear output, MSE, ${settings}`,
    chosen: `${peaksChosen} ${chosen}`.trim(),
    recipe: `two-peaks-${id}`,
    metric: 'loss',
    published,
  };
}

function cnn(id: string, title: string, settings: string, published: TrainRow['published'], chosen = ''): TrainRow {
  return {
    kind: 'train',
    id,
    title: `CNN: ${title}`,
    settings: `Three convolutional and two dense layers, grey images in 10 classes, cross-entropy, Adam 1e-3, ${settings}`,
    chosen: `${cnnChosen} ${chosen}`.trim(),
    recipe: `report-003-${id}`,
    metric: 'accuracy',
    published,
  };
}

export const report003: PublishedReport = {
  name: 'report-003',
  title: 'A. Giuliani, Neural Networks and Deep Learning, Homework 1, 2022',
  about:
    'Regression of a curve with two peaks by two layers of sigmoids: test losses are mean squared errors, on other data than the report had. ' +
    'A convolutional network on grey images in ten classes.',
  rows: [
    regression('sgd', 'SGD', 'batch 25, SGD, rate 0.01, 15,000 epochs', { test: 0.2739 }),
    regression(
      'momentum',
      'momentum 0.9',
      'batch 25, momentum 0.9, 8,000 epochs',
      { test: 0.1151 },
      'Rate 0.01, as the run before.',
    ),
    regression('adam', 'Adam', 'batch 25, Adam, rate 1e-3, 5,000 epochs', { test: 0.1079 }),
    regression(
      'dropout',
      'Adam with dropout',
      'batch 25, Adam, rate 1e-3, 5,000 epochs, dropout 0.25',
      { text: 'terrible' },
      'Dropout after both hidden layers.',
    ),
    regression(
      'weight-decay',
      'Adam with weight decay',
      'batch 25, Adam, rate 1e-3, 5,000 epochs, weight decay 1e-4',
      { test: 0.0976 },
      decayChosen,
    ),
    {
      kind: 'search',
      id: 'grid',
      title: 'Regression: grid under cross-validation',
      settings:
        '3 folds; h1, h2 in {80, 100}, dropout {0, 0.25, 0.5}, weight decay {0, 1e-5, 1e-4}, batch {10, 25}: 72 settings, 216 runs',
      chosen: `${peaksChosen} Adam 1e-3, 5,000 epochs; dropout after both hidden layers; weight decay: ${decayChosen}`,
      recipe: 'two-peaks-grid',
      metric: 'loss',
      published: [
        {
          values: { 'model.layers.0.units': 100, 'model.layers.2.units': 80, [dropout]: 0, l2: 0, batch: 10 },
          test: 0.0849,
        },
      ],
      text: 'best: batch 10, 100-80, no dropout, no decay; its test loss is that of the model trained again on all rows',
    },
    regression(
      'tuned',
      'the best setting of the grid',
      'h1 100, h2 80, batch 10, no dropout, no weight decay',
      { test: 0.0849 },
      'Adam 1e-3, 5,000 epochs, all training rows.',
    ),
    {
      kind: 'figures',
      id: 'weight-histograms',
      title: 'Regression: histograms of the weights',
      settings: 'Of both hidden layers and the output layer',
      recipe: 'two-peaks-tuned',
      of: 'tuned',
      figures: ['weight histograms'],
    },
    cnn('cnn', 'Adam', 'batch 600, 50 epochs', { test: 0.85, text: 'about 85 %' }),
    cnn(
      'cnn-dropout',
      'with dropout',
      'batch 600, 50 epochs, dropout 0.25',
      { text: 'less than one point more than without' },
      'Dropout before both dense layers.',
    ),
    cnn(
      'cnn-weight-decay',
      'with weight decay',
      'batch 600, 50 epochs, weight decay 1e-4',
      { text: 'less than one point more than without' },
      decayChosen,
    ),
    {
      kind: 'search',
      id: 'cnn-grid',
      title: 'CNN: grid under cross-validation',
      settings: '3 folds; dropout {0, 0.25, 0.5}, weight decay {0, 1e-5, 1e-4}, batch {300, 600}: 18 settings, 54 runs',
      chosen: `${cnnChosen} Each fold trains on 40,000 images. Adam 1e-3, 50 epochs; dropout before both dense layers; weight decay: ${decayChosen}`,
      recipe: 'report-003-cnn-grid',
      metric: 'accuracy',
      published: [{ values: { [dropout]: 0, l2: 1e-4, batch: 300 }, test: 0.86 }],
      text: 'best: batch 300, no dropout, weight decay 1e-4; about 86 %, of the model trained again on all rows',
    },
    cnn(
      'cnn-tuned',
      'the best setting of the grid',
      'batch 300, no dropout, weight decay 1e-4',
      { test: 0.86, text: 'about 86 %' },
      `50 epochs. ${decayChosen}`,
    ),
    {
      kind: 'figures',
      id: 'cnn-curves',
      title: 'CNN: training against validation loss',
      settings: 'Over the epochs, Adam, before the grid search',
      recipe: 'report-003-cnn',
      of: 'cnn',
      figures: ['loss curves'],
    },
    {
      kind: 'figures',
      id: 'cnn-pictures',
      title: 'CNN: the tuned model',
      settings:
        'Training against validation loss; kernels; feature maps and activation profiles of every convolutional layer',
      recipe: 'report-003-cnn-tuned',
      of: 'cnn-tuned',
      figures: ['loss curves', 'kernels', 'feature maps', 'activation profiles'],
    },
  ],
};
