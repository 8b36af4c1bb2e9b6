/** Two small reports on the embedded digits, whose rows are of every kind; their recipes are written as files. */
import type { PublishedReport } from '../../node/reproduce/published/types.ts';
import { writeFile } from '../cli/run-cli.ts';

const base = {
  data: { source: 'digits', train: 200, validation: 60, test: 100, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 12, activation: 'relu' },
      { type: 'dense', units: 10 },
    ],
  },
  batch: 20,
  epochs: 10,
};

const recipes = {
  plain: { ...base, optimizer: { type: 'adam', learningRate: 0.01 } },
  other: { ...base, optimizer: { type: 'sgd', learningRate: 0.05 }, l2: 1e-3 },
  lambdas: { ...base, epochs: 5, search: { space: { l2: { grid: [0.0012, 0.03, 0.0004] } } } },
  range: { ...base, schedule: { type: 'rangeTest', from: 1e-4, to: 1 }, epochs: 20 },
};

/** Writes the recipes into a folder; the reports name them by their paths. */
export function fixtureReports(folder: string): readonly PublishedReport[] {
  const path = Object.fromEntries(
    Object.entries(recipes).map(([name, recipe]) => [name, writeFile(folder, `${name}.json`, { name, ...recipe })]),
  ) as Record<keyof typeof recipes, string>;
  const settings = 'digits, 64-12-10';
  return [
    {
      name: 'report-000',
      title: 'First <report>',
      about: 'Rows of every kind.',
      rows: [
        {
          kind: 'train',
          id: 'plain',
          title: 'Adam & more',
          settings,
          chosen: 'Everything.',
          recipe: path.plain,
          metric: 'accuracy',
          published: { train: 0.99, test: 0.875 },
        },
        {
          kind: 'search',
          id: 'lambdas',
          title: 'Search for lambda',
          settings,
          recipe: path.lambdas,
          metric: 'accuracy',
          published: [
            { values: { l2: 0.0012 }, validation: 0.9 },
            { values: { l2: 0.5 }, validation: 0.2 },
          ],
          text: 'best lambda 0.0012',
        },
        {
          kind: 'gradients',
          id: 'gradients',
          title: 'Gradient check',
          settings,
          recipe: path.plain,
          measure: 'relativeError',
          scenes: [
            { title: 'few features', features: 7, rows: 1 },
            { title: 'ten rows', rows: 10 },
          ],
          published: { 'dense1.weight': 1.2e-6 },
        },
        { kind: 'overfit', id: 'overfit', title: 'By heart', settings, recipe: path.plain, text: 'loss near 0' },
        {
          kind: 'rangeTest',
          id: 'range',
          title: 'Range test',
          settings,
          recipe: path.range,
          published: { etaMin: 1e-3, etaMax: 0.1 },
        },
        { kind: 'exercise', id: 'exercise', title: 'By hand', settings: 'x and target', text: 'lost' },
        {
          kind: 'figures',
          id: 'pictures',
          title: 'Weights',
          settings,
          recipe: path.plain,
          of: 'plain',
          figures: ['weight histograms', 'loss curves'],
        },
      ],
    },
    {
      name: 'report-001',
      title: 'Second report',
      about: 'One row.',
      rows: [
        {
          kind: 'train',
          id: 'other',
          title: 'SGD',
          settings,
          recipe: path.other,
          metric: 'loss',
          published: { text: 'terrible' },
        },
      ],
    },
  ];
}
