// What the training view makes of results and events: the table of a result, the series of the curves.
import { describe, expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { EvaluationEvent, Metrics } from '../../src/train/events.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import type { LossPoint } from '../../web/protocol/training.ts';
import { headline, resultTable } from '../../web/train/result-table.ts';
import { mostMembers, openRunCurves, shapeOf } from '../../web/train/run-curves.ts';

const input = {
  data: { source: 'digits', test: 0.2 },
  model: { layers: [{ type: 'dense', units: 10 }] },
  epochs: 2,
} as const;
const recipe = parseRecipe(input);
const population = parseRecipe({ ...input, members: [{ l2: 0.01 }, { 'optimizer.learningRate': 0.5, seed: 3 }] });
const result: ResultJson = {
  adapter: 'test',
  device: 'cpu',
  seed: 0,
  parameters: 1,
  steps: 1,
  epochs: 1,
  train: { loss: 0.5, cost: 0.5, accuracy: 0.75 },
  test: { loss: 0.6, cost: 0.6, accuracy: 0.7 },
  seconds: { compile: 0, train: 1, total: 1 },
  samplesPerSecond: 1,
  peakDeviceBytes: 1,
  run: 'a',
};

describe('a result', () => {
  test('of one network has a row for each split, test rows first', () => {
    expect(resultTable(result, recipe)).toEqual({
      head: 'Rows',
      metrics: ['accuracy', 'loss'],
      rows: [
        { name: 'Test', cells: ['70.00 %', '0.6'] },
        { name: 'Training', cells: ['75.00 %', '0.5'] },
      ],
    });
    expect(headline(result)).toEqual({ label: 'Test accuracy', value: '70.00 %' });
  });

  test('shows the cost where a penalty sets it apart from the loss', () => {
    const withPenalty = { ...result, train: { loss: 0.5, cost: 0.9, accuracy: 0.75 } };
    expect(resultTable(withPenalty, recipe).metrics).toEqual(['accuracy', 'loss', 'cost']);
  });

  test('of a regression has its error in the unit of the target', () => {
    const { test: _, ...rest } = result;
    const regression = { ...rest, train: { loss: 4, cost: 4, rmse: 2, r2: 0.9 } };
    expect(headline(regression)).toEqual({ label: 'Training RMSE', value: '2' });
    expect(resultTable(regression, recipe).metrics).toEqual(['rmse', 'r2', 'loss']);
  });

  test('of a population has a row for each member, named by what sets it apart; one that diverged has no number', () => {
    const many: ResultJson = {
      ...result,
      train: { loss: [0.5, null], cost: [0.5, null], accuracy: [0.75, null] },
      test: { loss: [0.6, null], cost: [0.6, null], accuracy: [0.7, null] },
    };
    expect(resultTable(many, population)).toEqual({
      head: 'Member, test rows',
      metrics: ['accuracy', 'loss'],
      rows: [
        { name: 'l2 0.01', cells: ['70.00 %', '0.6'] },
        { name: 'learningRate 0.5, seed 3', cells: ['–', '–'] },
      ],
    });
    expect(headline(many).value).toBe('70.00 %');
  });
});

const metrics = (loss: number): Metrics => ({ loss, cost: loss, accuracy: 1 - loss });
const evaluation = (step: number, members: EvaluationEvent['members']): EvaluationEvent => ({
  type: 'evaluation',
  step,
  epoch: step / 10,
  members,
});
const point = (step: number, losses: readonly number[]): LossPoint => ({
  step,
  losses,
  accuracies: losses.map((loss) => 1 - loss),
  learningRates: losses.map(() => 0.1),
});

describe('the curves of a run', () => {
  test('of one network are its batches, its training rows and, where there are any, its validation rows', () => {
    const lists = {
      points: [point(1, [0.9]), point(2, [0.8])],
      evaluations: [evaluation(10, [{ learningRate: 0.1, train: metrics(0.5), validation: metrics(0.6) }])],
    };
    const curves = openRunCurves(lists, shapeOf(lists), recipe);
    curves.update();
    const drawn = curves.metric('loss', 10).map(({ name, x, y, xUnit }) => ({ name, x, y, xUnit }));
    expect(drawn).toEqual([
      { name: 'Batches', x: [1, 2], y: [0.9, 0.8], xUnit: 10 },
      { name: 'Training', x: [10], y: [0.5], xUnit: 10 },
      { name: 'Validation', x: [10], y: [0.6], xUnit: 10 },
    ]);
    expect(curves.metric('accuracy', 1).map(({ y }) => y)).toEqual([
      [expect.closeTo(0.1), expect.closeTo(0.2)],
      [0.5],
      [0.4],
    ]);
  });

  test('grow with the lists', () => {
    const lists = { points: [point(1, [0.9])], evaluations: [] };
    const curves = openRunCurves(lists, shapeOf(lists), recipe);
    curves.update();
    const [batches] = curves.metric('loss', 1);
    lists.points.push(point(2, [0.7]));
    curves.update();
    expect(batches?.y).toEqual([0.9, 0.7]);
  });

  test('tell the learning rate by the evaluations up to the first batch that is known', () => {
    const member = { learningRate: 0.3, train: metrics(0.5) };
    const lists = { points: [point(15, [0.9])], evaluations: [evaluation(10, [member]), evaluation(20, [member])] };
    const curves = openRunCurves(lists, shapeOf(lists), recipe);
    curves.update();
    expect(curves.learningRate(1).map(({ x, y }) => ({ x, y }))).toEqual([
      { x: [10, 20], y: [0.3, Number.NaN] },
      { x: [15], y: [0.1] },
    ]);
    expect(curves.axis(10)).toEqual({ from: 0, to: 2 });
  });

  test('of a population are those of each member, at most sixteen', () => {
    const losses = Array.from({ length: 20 }, (_, member) => member);
    const lists = { points: [point(1, losses)], evaluations: [] };
    const curves = openRunCurves(lists, shapeOf(lists), recipe);
    curves.update();
    const rates = curves.learningRate(1);
    expect(new Set(rates.map(({ name }) => name)).size).toBe(mostMembers);
    const loss = curves.metric('loss', 1).filter(({ faint }) => faint === true);
    expect(loss.map(({ y }) => y)).toEqual(losses.slice(0, mostMembers).map((value) => [value]));
  });

  test('have a cost of their own where a penalty sets it apart, and no accuracy for a regression', () => {
    const plain = {
      points: [],
      evaluations: [evaluation(1, [{ learningRate: 1, train: { loss: 1, cost: 1, rmse: 1 } }])],
    };
    expect(shapeOf(plain)).toMatchObject({ metrics: ['rmse', 'loss'], isClassification: false, hasValidation: false });
    const penalty = { points: [], evaluations: [evaluation(1, [{ learningRate: 1, train: { loss: 1, cost: 2 } }])] };
    expect(shapeOf(penalty).metrics).toEqual(['loss', 'cost']);
  });
});
