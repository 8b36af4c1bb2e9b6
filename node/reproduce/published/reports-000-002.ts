/** Report 000 and the assignment that it answers, report 002: four trainings that differ in one thing each, and an exercise by hand. */
import type { PublishedReport, TrainRow } from './types.ts';

const settings = '3072-512-256-128-10 on CIFAR-10, softmax cross-entropy, 30 epochs';
const chosen =
  'ReLU, batch 100, features standardised, He initialisation, 45,000 examples to train on and 5,000 to validate; lambda/(2n) as in the ' +
  'book that report 002 links, with the n of the batch: over all examples a lambda of 0.05 would do nothing, and the report saw it work; ' +
  'decay k = 0.1.';

function row(id: string, title: string, own: string, test: number): TrainRow {
  return {
    kind: 'train',
    id,
    title,
    settings: `${settings}; ${own}`,
    chosen,
    recipe: `report-000-${id}`,
    metric: 'accuracy',
    published: { test },
  };
}

export const report000: PublishedReport = {
  name: 'report-000',
  title: 'L. Rupnik, Deep Learning, Homework Assignment 1',
  about:
    'A network of four layers on CIFAR-10, trained with Adam and with SGD, with and without an L2 penalty, with and without a decaying ' +
    'learning rate. CIFAR-10 with JPEG-decoded pixels.',
  rows: [
    row('adam', 'Experiment 1: Adam', 'Adam, rate 5e-4, L2 with lambda 0.05, rate times e^(-k t) in epoch t', 0.532),
    row('sgd', 'Experiment 2: SGD', 'SGD, rate 0.05, L2 with lambda 0.05, rate times e^(-k t) in epoch t', 0.5287),
    row('no-l2', 'Experiment 3: without L2', 'Adam, rate 5e-4, no L2, rate times e^(-k t) in epoch t', 0.5192),
    row('no-decay', 'Experiment 4: constant rate', 'Adam, rate 5e-4, L2 with lambda 0.05, no schedule', 0.5294),
  ],
};

export const report002: PublishedReport = {
  name: 'report-002',
  title: 'Homework Assignment 1, Deep Learning, 2023/24',
  about:
    'The assignment behind report 000. It asks for an accuracy of at least 42 % on CIFAR-10 (50 %+ with care), and for Adam against SGD, ' +
    'with and without L2, with and without a schedule, everything else equal: the four rows of report 000 answer all of it.',
  rows: [
    {
      kind: 'exercise',
      id: 'exercise-1',
      title: 'Exercise 1: one step of backpropagation by hand',
      settings:
        'x = [0.5, 0.5, 0.1], target [0.9, 0.1], L = 1/2 sum (y - t)^2, all neurons sigmoid, learning rate 0.1: forward and backward pass, ' +
        'and the update of w1_11',
      text: 'The weights of the figure and the calculation of the appendix are lost.',
    },
  ],
};
