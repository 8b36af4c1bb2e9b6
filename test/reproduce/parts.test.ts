// What the rows are made of: cut data, sampled coordinates, matched trials, the exercise, and the version that is told.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cutData } from '../../node/reproduce/cut-data.ts';
import { exerciseParameters, solveExercise } from '../../node/reproduce/exercise.ts';
import { sampledCoordinates } from '../../node/reproduce/gradients.ts';
import { matchTrials } from '../../node/reproduce/match-trials.ts';
import type { SearchRow } from '../../node/reproduce/published/types.ts';
import { programVersion } from '../../node/reproduce/version.ts';
import { loadDataset, splitDataset } from '../../src/data/dataset.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Trial, TrialSummary } from '../../src/search/trials.ts';
import { noFiles } from '../../src/train/trainer.ts';
import { temporaryFolder, writeFile } from '../cli/run-cli.ts';

const digits = parseRecipe({
  data: { source: 'digits', train: 300, test: 50, normalize: 'feature' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  epochs: 1,
});

test('cut data has the first training rows and features, normalised by all training rows', async () => {
  const dataset = await loadDataset(digits.data, noFiles);
  const { train } = splitDataset(dataset, digits.data);
  const cut = cutData(digits, dataset, { rows: 2, features: 30 });
  expect(cut.dataset).toMatchObject({ rowCount: 2, inputShape: [30], outputCount: 10 });
  expect(cut.recipe).toMatchObject({ batch: 2, data: { normalize: 'none', shuffleSplit: false } });
  const row = train[1] ?? 0;
  expect(cut.dataset.labels?.[1]).toBe(dataset.labels?.[row]);
  const column = (feature: number) => Array.from(train, (each) => dataset.inputs[each * 64 + feature] ?? 0);
  for (const feature of [0, 13, 29]) {
    const values = column(feature);
    const mean = values.reduce((sum, value) => sum + value, 0) / 300;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 300) || 1;
    const expected = ((dataset.inputs[row * 64 + feature] ?? 0) - mean) / deviation;
    expect(cut.dataset.inputs[30 + feature]).toBeCloseTo(expected, 5);
  }
  expect(cutData(digits, dataset, { rows: 3 }).dataset.inputShape).toEqual(dataset.inputShape);
  expect(() => cutData(digits, dataset, { rows: 301 })).toThrow(/has 300 training rows of 64 features/);
  expect(() => cutData(digits, dataset, { rows: 1, features: 65 })).toThrow(/1 rows of 65 were asked for/);
});

test('fewer coordinates are compared where a pass over the rows is long', () => {
  expect(sampledCoordinates(1, 30 * 50)).toBe(200);
  expect(sampledCoordinates(100, 3072 * 50)).toBe(200);
  expect(sampledCoordinates(1000, 3072 * 50)).toBe(32);
  expect(sampledCoordinates(10_000, 3072 * 50)).toBe(3);
  expect(sampledCoordinates(10_000, 3072 * 500)).toBe(3);
});

function summaryOf(index: number, values: Trial['values']): TrialSummary {
  return { index, values, stage: 'only', state: 'done', step: 1, value: 0.5, runs: 1, divergedRuns: 0 };
}

test('published trials find ours by their values, up to the digits that reports print', () => {
  const published: SearchRow['published'] = [
    { values: { l2: 0.00599 }, validation: 0.531 },
    { values: { l2: 0.0062 }, validation: 0.5 },
    { values: { l2: 0, batch: 10 }, test: 0.1 },
    { values: { optimizer: { type: 'sgd' } } },
  ];
  const row: SearchRow = {
    kind: 'search',
    id: 'x',
    title: '',
    settings: '',
    recipe: 'x',
    metric: 'accuracy',
    published,
  };
  const table = [
    summaryOf(0, { l2: 0.00598 }),
    summaryOf(1, { l2: 0.00599464 }),
    summaryOf(2, { l2: 0, batch: 25 }),
    summaryOf(3, { l2: 0, batch: 10 }),
    summaryOf(4, { optimizer: { type: 'sgd' } }),
  ];
  expect(matchTrials(row, table).map(({ trial }) => trial?.index)).toEqual([1, undefined, 3, 4]);
});

test('the exercise is that of the worked example, and has its numbers', async () => {
  interface Layer {
    readonly w: readonly (readonly number[])[];
    readonly b: readonly number[];
  }
  const example = JSON.parse(
    readFileSync(new URL('../worked-example/worked-example.json', import.meta.url), 'utf8'),
  ) as {
    readonly layers: readonly Layer[];
    readonly forward: { readonly a: readonly (readonly number[])[]; readonly loss: number };
    readonly w1_11: { readonly before: number; readonly gradient: number; readonly after: number };
    readonly lossAfter: number;
  };
  for (const [index, { w, b }] of example.layers.entries()) {
    expect(exerciseParameters[`dense${index + 1}.weight`]).toEqual(w.flat());
    expect(exerciseParameters[`dense${index + 1}.bias`]).toEqual(b);
  }
  const { hidden, outputs, loss, gradient, before, after, lossAfter } = await solveExercise();
  const { a, loss: forwardLoss } = example.forward;
  const { before: start, gradient: slope, after: end } = example.w1_11;
  const expected = [...a.flat(), forwardLoss, start, slope, end, example.lossAfter];
  for (const [index, value] of [...hidden, ...outputs, loss, before, gradient, after, lossAfter].entries()) {
    expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 13);
  }
});

test('the commit is told in a checkout of the program, and nowhere else', () => {
  const folder = temporaryFolder();
  expect(programVersion(folder)).toEqual({ version: '0.1.0' });
  const git = (...args: readonly string[]): string => {
    const identity = ['-c', 'user.name=n', '-c', 'user.email=e'];
    const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout.trim();
  };
  git('init', '--quiet');
  writeFile(folder, 'package.json', { name: 'something-else' });
  git('add', '.');
  git('commit', '--quiet', '--message', 'one');
  expect(programVersion(folder)).toEqual({ version: '0.1.0' });
  writeFile(folder, 'package.json', { name: 'descent-webgpu' });
  git('commit', '--quiet', '--all', '--message', 'two');
  const commit = git('rev-parse', '--short=10', 'HEAD');
  expect(programVersion(folder)).toEqual({ version: '0.1.0', commit });
  writeFile(folder, 'package.json', { name: 'descent-webgpu', changed: true });
  expect(programVersion(join(folder))).toEqual({ version: '0.1.0', commit: `${commit}-dirty` });
});
