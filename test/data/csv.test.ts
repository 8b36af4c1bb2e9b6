// Tables as data sets: targets, class labels, second tables, rows for predictions.
import { expect, test } from 'vitest';
import { readInputRows } from '../../src/data/csv.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { dataRecipe, gzip, memoryFiles } from './memory-files.ts';

const load = (recipe: object, files: Readonly<Record<string, string | Uint8Array>>) =>
  loadDataset(dataRecipe({ source: 'csv', file: 't.csv', ...recipe }), memoryFiles(files));

test('the last column is the target, and class names get their numbers in sorted order', async () => {
  const set = await load({}, { 't.csv': 'w,h,kind\n1,2,pear\n3,4.5,apple\n5,6,pear\n' });
  expect(set).toMatchObject({
    name: 't.csv',
    task: 'classification',
    rowCount: 3,
    inputShape: [2],
    outputCount: 2,
    parts: {},
  });
  expect([...set.inputs]).toEqual([1, 2, 3, 4.5, 5, 6]);
  expect(set.inputNames).toEqual(['w', 'h']);
  expect(set.classNames).toEqual(['apple', 'pear']);
  expect([...(set.labels ?? [])]).toEqual([1, 0, 1]);
});

test('a target in the middle is found by name; numbers are classes in the order of numbers', async () => {
  const rows = Array.from({ length: 11 }, (_, i) => `${i},${10 - i}.0,${i * i}`).join('\n');
  const set = await load({ target: 'y' }, { 't.csv': `a,y,b\n${rows}\n` });
  expect(set.inputNames).toEqual(['a', 'b']);
  expect(set.classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  expect([...(set.labels ?? [])]).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test('a regression target is a number', async () => {
  const set = await load({ task: 'regression' }, { 't.csv': 'x,y\n1,-0.5\n2,1e3\n' });
  expect(set).toMatchObject({ task: 'regression', outputCount: 1 });
  expect([...(set.targets ?? [])]).toEqual([-0.5, 1000]);
  await expect(load({ task: 'regression' }, { 't.csv': 'x,y\n1,2\n2,high\n' })).rejects.toThrow(
    'mem/t.csv:3: column "y" holds "high", expected a number',
  );
});

test('a second table is the test part, its columns matched by name', async () => {
  const files = { 't.csv': 'a,b,y\n1,2,0\n3,4,1\n', 'u.csv': 'y,b,a\n1,20,10\n' };
  const set = await load({ testFile: 'u.csv' }, files);
  expect([...set.inputs]).toEqual([1, 2, 3, 4, 10, 20]);
  expect([...(set.labels ?? [])]).toEqual([0, 1, 1]);
  expect(set.parts).toEqual({ train: { from: 0, to: 2 }, test: { from: 2, to: 3 } });
  await expect(load({ testFile: 'u.csv' }, { ...files, 'u.csv': 'y,a\n1,2\n' })).rejects.toThrow(
    'mem/u.csv: has no column "b", which the training table has. Its columns: y, a.',
  );
});

test('a table is found in the data folder, in its tables/, and in the current folder, gzipped or not', async () => {
  const text = 'a,y\n1,0\n2,1\n';
  for (const path of ['t.csv', 'tables/t.csv', './t.csv']) {
    expect((await load({}, { [path]: text })).rowCount).toBe(2);
    expect((await load({ file: './t.csv' }, { [path]: await gzip(new TextEncoder().encode(text)) })).rowCount).toBe(2);
  }
  await expect(load({}, {})).rejects.toThrow(
    't.csv (looked in mem): not found, nor tables/t.csv (looked in mem), nor ./t.csv (looked in mem). Correct the path',
  );
  await expect(load({ file: '/x/t.csv' }, {})).rejects.toThrow('/x/t.csv (looked in mem): not found. Correct the path');
});

test.each([
  [
    'a misspelt target',
    { target: 'lable' },
    'a,label\n1,0\n2,1\n',
    RecipeError,
    'data.target: "lable" is no column of mem/t.csv. Did you mean "label"?',
  ],
  ['one column', {}, 'y\n1\n', DataError, 'mem/t.csv: has one column only'],
  ['a missing input', {}, 'a,y\n1,0\n,1\n', DataError, 'mem/t.csv:3: column "a" is empty'],
  ['a missing label', {}, 'a,y\n1,0\n2,\n', DataError, 'mem/t.csv:3: column "y" is empty'],
  ['an infinite input', {}, 'a,y\n1,0\ninf,1\n', DataError, 'mem/t.csv:3: column "a" is inf'],
  [
    'a name among class numbers',
    {},
    'a,y\n1,0\n2,one\n',
    DataError,
    'mem/t.csv:3: column "y" holds "one", expected a class number',
  ],
  [
    'a number among class names',
    {},
    'a,y\n1,no\n2,1\n',
    DataError,
    'mem/t.csv:3: column "y" holds "1", expected a class name',
  ],
  ['a negative label', {}, 'a,y\n1,0\n2,-1\n', DataError, 'mem/t.csv:3: column "y" holds -1, expected a class number'],
  ['a fractional label', {}, 'a,y\n1,0.5\n2,1\n', DataError, 'set data.task to "regression"'],
  ['a gap in the class numbers', {}, 'a,y\n1,0\n2,2\n', DataError, 'class numbers up to 2, but no row has class 1'],
  ['one class', {}, 'a,y\n1,0\n2,0\n', DataError, 'holds one class only'],
])('a table with %s is refused', async (_, recipe, text, kind, message) => {
  await expect(load(recipe, { 't.csv': text })).rejects.toThrow(kind);
  await expect(load(recipe, { 't.csv': text })).rejects.toThrow(message);
});

test('rows for predictions are found by column name, or by position where there are no names', async () => {
  const bytes = new TextEncoder().encode('b,note,a\n2,x,1\n4,y,3\n');
  expect([...(await readInputRows(bytes, 'new.csv', 2, ['a', 'b']))]).toEqual([1, 2, 3, 4]);
  await expect(readInputRows(bytes, 'new.csv', 2, ['a', 'c'])).rejects.toThrow('new.csv: has no column "c"');
  await expect(readInputRows(bytes, 'new.csv', 2)).rejects.toThrow('has 3 columns, the model takes 2 inputs');
  expect([...(await readInputRows(new TextEncoder().encode('p0,p1\n7,8\n'), 'new.csv', 2))]).toEqual([7, 8]);
});
