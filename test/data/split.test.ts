// Splits: counts, fractions, parts, strata; no row twice, the same rows for the same seed.
import { expect, test } from 'vitest';
import { splitDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { RecipeError } from '../../src/errors.ts';
import { dataRecipe } from './memory-files.ts';

/** Rows whose class sizes are given, in the order of the classes. */
function datasetOf(classSizes: readonly number[], parts: Dataset['parts'] = {}): Dataset {
  const labels = Uint32Array.from(classSizes.flatMap((rows, label) => Array.from({ length: rows }, () => label)));
  return {
    name: 'small',
    task: 'classification',
    rowCount: labels.length,
    inputShape: [1],
    inputs: new Float32Array(labels.length),
    labels,
    outputCount: classSizes.length,
    parts,
    notes: [],
  };
}
const plain = datasetOf([100]);
const parted = datasetOf([100], {
  batch1: { from: 0, to: 40 },
  batch2: { from: 40, to: 80 },
  train: { from: 0, to: 80 },
  test: { from: 80, to: 100 },
});
const split = (dataset: Dataset, data: object) => splitDataset(dataset, dataRecipe({ source: 'digits', ...data }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const sorted = (rows: Uint32Array) => [...rows].sort((a, b) => a - b);

test.each([
  ['nothing said', plain, {}, [100, 0, 0]],
  ['a test fraction', plain, { test: 0.2 }, [80, 0, 20]],
  ['counts', plain, { train: 50, validation: 7, test: 13 }, [50, 7, 13]],
  ['counts and a fraction', plain, { train: 50, validation: 0.25 }, [50, 25, 0]],
  ['fractions that add up to 1', datasetOf([1797]), { train: 0.7, validation: 0.15, test: 0.15 }, [1257, 270, 270]],
  ['fractions that round up together', datasetOf([5]), { train: 0.33, validation: 0.33, test: 0.33 }, [1, 2, 2]],
  ['a fraction alone', plain, { train: 0.5 }, [50, 0, 0]],
  ['its own parts', parted, {}, [80, 0, 20]],
  ['validation from the training part', parted, { validation: 0.25 }, [60, 20, 20]],
  ['named parts', parted, { train: { part: 'batch1' }, validation: { part: 'batch2', first: 5 } }, [40, 5, 20]],
  ['a part and a number', parted, { train: { part: 'batch1' }, validation: 30 }, [40, 30, 20]],
  ['no test', parted, { test: 0 }, [80, 0, 0]],
  ['a test drawn from the training part', parted, { test: 0.5 }, [40, 0, 40]],
])('%s gives the expected numbers of rows, none twice', (_, dataset, data, counts) => {
  for (const stratify of [false, true]) {
    const { train, validation, test: testRows } = split(dataset, { ...data, stratify });
    expect([train.length, validation.length, testRows.length]).toEqual(counts);
    const all = [...train, ...validation, ...testRows];
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThan(dataset.rowCount);
  }
});

test('the own test part is never drawn from', () => {
  const { train, validation, test: testRows } = split(parted, { validation: 30 });
  expect(sorted(Uint32Array.of(...train, ...validation))).toEqual(range(0, 80));
  expect([...testRows]).toEqual(range(80, 100));
});

test('without shuffling the rows are taken in file order: training, validation, test', () => {
  const { train, validation, test: testRows } = split(plain, { validation: 10, test: 5, shuffleSplit: false });
  expect([...train]).toEqual(range(0, 85));
  expect([...validation]).toEqual(range(85, 95));
  expect([...testRows]).toEqual(range(95, 100));
});

test('parts and their first rows keep file order', () => {
  const { train, validation } = split(parted, {
    train: { part: 'batch2', first: 3 },
    validation: { part: 'batch1', first: 2 },
  });
  expect([...train]).toEqual([40, 41, 42]);
  expect([...validation]).toEqual([0, 1]);
});

test('the data seed decides the draw', () => {
  const rows = (seed: number) => [...split(plain, { test: 0.2, seed }).test];
  expect(rows(3)).toEqual(rows(3));
  expect(rows(3)).not.toEqual(rows(4));
  expect(rows(3)).not.toEqual(sorted(Uint32Array.from(rows(3))));
});

test('strata give every split its share of every class, rounded up or down', () => {
  const sizes = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
  const dataset = datasetOf(sizes);
  for (const seed of range(0, 5)) {
    const result = split(dataset, { validation: 0.13, test: 0.2, stratify: true, seed });
    for (const rows of [result.train, result.validation, result.test]) {
      for (const [label, size] of sizes.entries()) {
        const share = (size * rows.length) / dataset.rowCount;
        const count = rows.filter((row) => dataset.labels?.[row] === label).length;
        expect(Math.abs(count - share)).toBeLessThan(2);
        if (rows === result.test) expect(Math.abs(count - share)).toBeLessThan(1);
      }
    }
    // The order is that of the draw: the first rows are a mixture of classes.
    expect(new Set([...result.train.subarray(0, 100)].map((row) => dataset.labels?.[row])).size).toBe(10);
  }
});

test('strata leave no class to one split where it can be shared', () => {
  const dataset = datasetOf([2, 2, 2, 2]);
  const { train } = split(dataset, { train: 4, validation: 2, test: 2, stratify: true });
  expect(train.map((row) => dataset.labels?.[row] ?? 9).sort()).toEqual(Uint32Array.of(0, 1, 2, 3));
});

test('strata work where classes are tiny and all rows are asked for', () => {
  const result = split(datasetOf([1, 2, 1, 1]), { train: 2, validation: 2, test: 1, stratify: true });
  expect(sorted(Uint32Array.of(...result.train, ...result.validation, ...result.test))).toEqual(range(0, 5));
});

test.each([
  [plain, { train: 101 }, 'ask for 101, 0 and 0 rows; there are 100 to draw from'],
  [plain, { train: 0.8, test: 0.3 }, 'ask for 80, 0 and 30 rows; there are 100'],
  [plain, { validation: 60, test: 40 }, 'ask for at least 1, 60 and 40 rows'],
  [plain, { train: 1.5 }, 'data.train: is 1.5. Give a whole number of rows, or a fraction below 1'],
  [plain, { test: 0.001 }, 'data.test: 0.001 of 100 rows is none'],
  [plain, { train: 0 }, 'data.train: has no rows'],
  [plain, { train: { part: 'train' } }, 'data.train.part: "train" is no part of small. It comes without parts'],
  [parted, { train: { part: 'bach1' } }, 'data.train.part: "bach1" is no part of small. Did you mean "batch1"?'],
  [parted, { train: { part: 'toString' } }, '"toString" is no part of small'],
  [
    parted,
    { train: { part: 'batch1', first: 41 } },
    'data.train.first: asks for the first 41 rows, part "batch1" has 40',
  ],
  [
    parted,
    { train: { part: 'train' }, validation: { part: 'batch2' } },
    'data.validation: shares rows with data.train',
  ],
  [parted, { train: { part: 'train' }, validation: 10 }, 'there are 0 to draw from'],
])('the split %# is refused in a sentence', (dataset, data, message) => {
  expect(() => split(dataset, data)).toThrow(RecipeError);
  expect(() => split(dataset, data)).toThrow(message);
});

test('strata of a regression set are refused', () => {
  const { labels: _, ...rest } = plain;
  expect(() => split({ ...rest, task: 'regression' }, { test: 0.2, stratify: true })).toThrow(
    'data.stratify: small has no classes',
  );
});

test.each([
  { name: 'rows that folds divide', rows: 99, folds: 3, part: 33 },
  { name: 'rows that are left over', rows: 100, folds: 3, part: 33 },
  { name: 'as many folds as rows', rows: 5, folds: 5, part: 1 },
])('$name: every fold has the same lengths, and the parts do not overlap', ({ rows, folds, part }) => {
  const all = Array.from({ length: folds }, (_, fold) => split(datasetOf([rows]), { folds, fold }));
  for (const { train, validation } of all) {
    expect([train.length, validation.length]).toEqual([rows - part, part]);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(range(0, rows));
  }
  expect(new Set(all.flatMap(({ validation }) => [...validation])).size).toBe(folds * part);
});

test('stratified folds have of every class its share, up to one row', () => {
  const dataset = datasetOf([50, 31, 20]);
  for (let fold = 0; fold < 3; fold++) {
    const { validation } = split(dataset, { folds: 3, fold, stratify: true });
    const counts = [0, 1, 2].map((label) => [...validation].filter((row) => dataset.labels?.[row] === label).length);
    for (const [label, size] of [50, 31, 20].entries()) expect(Math.abs(counts[label]! - size / 3)).toBeLessThan(1);
  }
});

test('folds are cut from the training share and leave the test rows alone', () => {
  const { train, validation, test: reported } = split(parted, { train: { part: 'batch1' }, folds: 4, fold: 1 });
  expect([...train, ...validation].sort((a, b) => a - b)).toEqual(range(0, 40));
  expect(sorted(reported)).toEqual(range(80, 100));
});

test.each([
  ['a fold that is not there', { folds: 3, fold: 3 }, /data\.fold: is 3; folds count from 0 to 2/],
  ['validation rows beside folds', { folds: 3, validation: 10 }, /Leave out data\.validation/],
  ['more folds than rows', { folds: 101 }, /101 parts of 100 training rows. Use at most 100 folds/],
])('%s is refused', (_, data, says) => {
  expect(() => split(plain, data)).toThrow(says);
});
