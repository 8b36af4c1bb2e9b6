/** The list of runs and their comparison, without a page. */
import { describe, expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { EvaluationEvent, MemberEvaluation } from '../../src/train/events.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import type { StoredRun } from '../../web/protocol/runs.ts';
import { cellText, nextSort, sayDate, sayState, sortRuns } from '../../web/runs/columns.ts';
import { curvesOf, differingFields, labelRuns, metricRows, quantitiesOf, standFor } from '../../web/runs/compare.ts';
import { keepChosen, mostChosen, toggleChoice } from '../../web/state/run-choice.ts';
import type { RunChoice } from '../../web/state/run-choice.ts';
import type { RunEntry } from '../../web/storage/database.ts';

const entry: RunEntry = {
  id: 'a',
  name: 'digits',
  created: '2026-11-22T10:00:00.000Z',
  updated: '2026-11-22T10:00:10.000Z',
  kind: 'run',
  state: 'finished',
  step: 100,
  steps: 100,
  recipeName: 'digits',
  dataset: 'digits',
};
const recipe = parseRecipe({
  data: { source: 'digits' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  epochs: 2,
});

function evaluation(step: number, members: readonly Partial<MemberEvaluation>[]): EvaluationEvent {
  return {
    type: 'evaluation',
    step,
    epoch: step / 50,
    members: members.map((member) => ({ learningRate: 0.1, train: { loss: 1, cost: 1 }, ...member })),
  };
}

function stored(fields: Partial<StoredRun>): StoredRun {
  return { entry, recipe, evaluations: [], ...fields };
}

function result(fields: Partial<ResultJson>): ResultJson {
  return {
    adapter: 'one',
    device: 'gpu',
    seed: 1,
    parameters: 650,
    steps: 100,
    epochs: 2,
    train: { loss: 0.5, cost: 0.5 },
    seconds: { compile: 1, train: 2, total: 3 },
    samplesPerSecond: 1000,
    peakDeviceBytes: 1,
    run: 'digits',
    ...fields,
  };
}

describe('the choice of runs', () => {
  const choose = (ids: readonly string[]): RunChoice => ids.reduce<RunChoice>(toggleChoice, new Map());

  test('a run keeps its colour while others come and go, and a free colour is given again', () => {
    const three = choose(['a', 'b', 'c']);
    expect([...three]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    const without = toggleChoice(three, 'b');
    expect([...toggleChoice(without, 'd')]).toEqual([
      ['a', 0],
      ['c', 2],
      ['d', 1],
    ]);
  });

  test('no more runs are chosen than there are colours', () => {
    const full = choose(Array.from({ length: mostChosen }, (_, index) => `run ${index}`));
    expect(full.size).toBe(mostChosen);
    expect(toggleChoice(full, 'one more')).toBe(full);
    expect(toggleChoice(full, 'run 3').size).toBe(mostChosen - 1);
  });

  test('runs that are no more leave the choice, and nothing changes where all are there', () => {
    const choice = choose(['a', 'b']);
    expect([...keepChosen(choice, new Set(['b'])).keys()]).toEqual(['b']);
    expect(keepChosen(choice, new Set(['a', 'b', 'c']))).toBe(choice);
  });
});

describe('the list of runs', () => {
  const runs: RunEntry[] = [
    { ...entry, id: 'middle', accuracy: 0.9, created: '2026-11-22T11:00:00.000Z' },
    { ...entry, id: 'none', created: '2026-11-22T12:00:00.000Z', state: 'paused', step: 10 },
    { ...entry, id: 'best', name: 'Best', accuracy: 0.95, created: '2026-11-22T10:00:00.000Z' },
  ];
  const order = (...sort: Parameters<typeof sortRuns>[1][]): string[][] =>
    sort.map((each) => sortRuns(runs, each).map(({ id }) => id));

  test('a run without a number comes last in either direction', () => {
    expect(order({ column: 'accuracy', descending: true }, { column: 'accuracy', descending: false })).toEqual([
      ['best', 'middle', 'none'],
      ['middle', 'best', 'none'],
    ]);
  });

  test('sorts by name without regard to capitals, by date, and by state with the unfinished first', () => {
    expect(
      order(
        { column: 'name', descending: false },
        { column: 'started', descending: true },
        { column: 'state', descending: false },
      ),
    ).toEqual([
      ['best', 'middle', 'none'],
      ['none', 'middle', 'best'],
      ['none', 'middle', 'best'],
    ]);
  });

  test('a first click on a column puts what is sought on top, a second turns it round', () => {
    const byAccuracy = nextSort({ column: 'started', descending: true }, 'accuracy');
    expect(byAccuracy).toEqual({ column: 'accuracy', descending: true });
    expect(nextSort(byAccuracy, 'accuracy')).toEqual({ column: 'accuracy', descending: false });
    expect(nextSort(byAccuracy, 'loss')).toEqual({ column: 'loss', descending: false });
  });

  test('an unfinished run says how far it is, and its numbers say of which rows they are', () => {
    expect(sayState({ ...entry, state: 'paused', step: 999, steps: 1000 })).toBe('Paused at 99 %');
    expect(sayState(entry)).toBe('Finished');
    expect(sayState({ ...entry, kind: 'search', state: 'stopped', step: 3, steps: 16 })).toBe('Stopped');
    expect(cellText({ ...entry, split: 'train', accuracy: 0.5 }, 'accuracy')).toEqual({
      text: '50.00 %',
      of: 'training',
    });
    expect(cellText(entry, 'loss')).toEqual({ text: '–' });
    expect(cellText({ ...entry, kind: 'search' }, 'steps')).toEqual({ text: '100', of: 'runs' });
  });

  test('a date names its year only where it is another one', () => {
    const now = new Date('2026-11-22T12:00:00');
    expect(sayDate('2026-03-01T08:05:00', now)).toBe('1 Mar, 08:05');
    expect(sayDate('2025-03-01T08:05:00', now)).toBe('1 Mar 2025, 08:05');
  });
});

describe('the comparison', () => {
  const twoMembers = [
    evaluation(50, [
      { train: { loss: 2, cost: 2 }, validation: { loss: 3, cost: 3 } },
      { train: { loss: 4, cost: 4 }, validation: { loss: Number.NaN, cost: Number.NaN } },
    ]),
    evaluation(100, [{ train: { loss: 1, cost: 1 } }, { train: { loss: 2, cost: 2 } }]),
  ];

  test('curves are those of the first member or the mean of the members that have a number', () => {
    expect(curvesOf(twoMembers, 'loss', 'step', 'first')).toEqual([
      { split: 'train', x: [50, 100], y: [2, 1] },
      { split: 'validation', x: [50], y: [3] },
    ]);
    expect(curvesOf(twoMembers, 'loss', 'epoch', 'mean')).toEqual([
      { split: 'train', x: [1, 2], y: [3, 1.5] },
      { split: 'validation', x: [1], y: [3] },
    ]);
    expect(curvesOf(twoMembers, 'learningRate', 'step', 'first').map(({ split }) => split)).toEqual(['train']);
    expect(standFor([null, 1], 'first')).toBeUndefined();
  });

  test('only quantities that a run has are offered', () => {
    expect(quantitiesOf([stored({ evaluations: twoMembers })])).toEqual(['loss', 'cost', 'learningRate']);
    expect(quantitiesOf([stored({})])).toEqual([]);
  });

  test('runs of one name are told apart by their colour', () => {
    const named = (name: string, colour: number) => ({ stored: stored({ entry: { ...entry, name } }), colour });
    expect(labelRuns([named('digits', 0), named('wide', 1), named('digits', 4)])).toEqual([
      'digits · 1',
      'wide',
      'digits · 5',
    ]);
  });

  test('the best value is the highest accuracy and the lowest loss, and none where all are equal', () => {
    const rows = metricRows(
      [
        stored({ result: result({ test: { loss: 0.2, cost: 0.4, accuracy: 0.9 } }) }),
        stored({ result: result({ test: { loss: 0.3, cost: 0.4, accuracy: 0.95 } }) }),
        stored({ evaluations: [evaluation(50, [{ validation: { loss: 0.1, cost: 0.1 } }])] }),
      ],
      'first',
    );
    const read = (name: string) => rows.filter((row) => row.name === name).map(({ texts, best }) => [texts, [...best]]);
    expect(read('Test accuracy')).toEqual([[['90.00 %', '95.00 %', '–'], [1]]]);
    expect(read('Test loss')).toEqual([[['0.2', '0.3', '–'], [0]]]);
    expect(read('Test cost')).toEqual([[['0.4', '0.4', '–'], []]]);
    expect(read('Validation loss')).toEqual([[['–', '–', '0.1'], []]]);
    expect(read('Training loss')).toEqual([
      [
        ['0.5', '0.5', '1'],
        [0, 1],
      ],
    ]);
    expect(read('Test RMSE')).toEqual([]);
  });

  test('the members of a finished population are lists, with null for one that has diverged', () => {
    const population = stored({ result: result({ test: { loss: [0.2, null, 0.4], cost: [0.2, null, 0.4] } }) });
    const lossOf = (stand: 'first' | 'mean') =>
      metricRows([population], stand).find(({ name }) => name === 'Test loss')?.texts;
    expect(lossOf('first')).toEqual(['0.2']);
    expect(lossOf('mean')).toEqual(['0.3']);
  });

  test('fields that differ stand once, as a whole where one recipe lacks them, and without its name', () => {
    expect(
      differingFields([
        { name: 'a', l2: 0, epochs: 3, augmentation: { flip: true }, model: { layers: [{ units: 1 }] } },
        { name: 'b', description: 'Another.', l2: 0, epochs: 4, model: { layers: [{ units: 2 }] } },
        {
          l2: 0,
          epochs: 3,
          augmentation: { flip: false },
          model: { layers: [{ units: 1 }, { units: 5, axes: [1, 2] }] },
        },
      ]),
    ).toEqual([
      { place: 'epochs', texts: ['3', '4', '3'] },
      { place: 'augmentation', texts: ['flip: true', '–', 'flip: false'] },
      { place: 'model.layers.0.units', texts: ['1', '2', '1'] },
      { place: 'model.layers.1', texts: ['–', '–', 'units: 5, axes: 1; 2'] },
    ]);
    expect(differingFields([recipe, structuredClone(recipe)])).toEqual([]);
    expect(differingFields([recipe])).toEqual([]);
  });
});
