// `descent evaluate` and `descent predict`: what a finished run knows, again from its folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { descent, readText, temporaryFolder, writeFile } from './run-cli.ts';

interface Metrics {
  readonly loss: number;
  readonly cost: number;
  readonly accuracy: number;
}

const folder = temporaryFolder(afterAll);
const digits = join(folder, 'digits');
const spirals = join(folder, 'spirals');
const peaks = join(folder, 'peaks');
const members = JSON.stringify([{ seed: 1 }, { seed: 2 }]);
let trained: { readonly test: Metrics; readonly train: Metrics };

beforeAll(async () => {
  const train = async (recipe: string, out: string, ...options: string[]): Promise<string> => {
    const args = ['train', recipe, '--device', 'cpu', '--out', out, '--json', ...options];
    const { code, stdout, stderr } = await descent(args);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  trained = JSON.parse(await train('digits', digits, '--epochs', '3', '--set', 'l2=1e-4')) as typeof trained;
  await train('spirals', spirals, '--epochs', '2', '--set', `members=${members}`);
  await train('two-peaks-adam', peaks, '--epochs', '50');
});

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await descent([...args, '--device', 'cpu', '--json']);
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test.each(['test', 'train'] as const)('evaluate gives the numbers of the training itself on %s', async (split) => {
  const evaluation = await json('evaluate', digits, '--split', split);
  expect(evaluation).toMatchObject({ run: digits, split, device: 'cpu', ...trained[split] });
  const confusion = evaluation['confusion'] as number[][];
  const rows = confusion.flat().reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, counts, label) => sum + (counts[label] ?? 0), 0);
  expect(rows).toBe(evaluation['rows']);
  expect(right / rows).toBeCloseTo(trained[split].accuracy, 12);
  const classes = evaluation['classes'] as {
    name: string;
    precision: number;
    recall: number;
    f1: number;
    support: number;
  }[];
  const { precision, recall, f1, support } = classes[3]!;
  const given = confusion.reduce((sum, counts) => sum + counts[3]!, 0);
  expect(support).toBe(confusion[3]!.reduce((sum, count) => sum + count, 0));
  expect(precision).toBeCloseTo(confusion[3]![3]! / given, 12);
  expect(recall).toBeCloseTo(confusion[3]![3]! / support, 12);
  expect(f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
});

test('evaluate shows people a per-class table and the confusion matrix', async () => {
  const { code, stdout } = await descent(['evaluate', digits, '--device', 'cpu']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^accuracy +\d\d\.\d\d %$/m);
  expect(stdout).toMatch(/^class +precision +recall +F1 +rows$/m);
  expect(stdout).toContain('rows: the class, columns: the prediction');
});

test('evaluate tells a split that the run does not have', async () => {
  const { code, stderr } = await descent(['evaluate', digits, '--split', 'validation', '--device', 'cpu']);
  expect(code).toBe(2);
  expect(stderr).toBe('descent: --split: the run has no validation rows. It has: train, test.\n');
});

test('a regression is scored by RMSE and R²', async () => {
  const { loss, rmse, r2, ...rest } = (await json('evaluate', peaks)) as Record<string, number>;
  expect(rmse! ** 2).toBeCloseTo(loss!, 5);
  const table = readText(import.meta.dirname, '../../src/data/embedded/two-peaks-test.csv')
    .trimEnd()
    .split('\n');
  const targets = table.slice(1).map((line) => Math.fround(Number(line.split(',')[1])));
  const mean = targets.reduce((sum, y) => sum + y, 0) / targets.length;
  const variance = targets.reduce((sum, y) => sum + (y - mean) ** 2, 0) / targets.length;
  expect(r2).toBeCloseTo(1 - loss! / variance, 5);
  expect(rest).not.toHaveProperty('accuracy');
  expect(rest).not.toHaveProperty('confusion');
  const { stdout } = await descent(['evaluate', peaks, '--device', 'cpu']);
  expect(stdout).toMatch(/^loss +[\d.]+\nRMSE +[\d.]+\nR² +-?[\d.]+$/m);
});

test('each member of a population is scored like its numbers in the result', async () => {
  const result = JSON.parse(readText(spirals, 'result.json')) as { test: { loss: number[] } };
  for (const member of [0, 1]) {
    const { loss } = await json('evaluate', spirals, '--member', String(member));
    expect(loss).toBe(result.test.loss[member]);
  }
  const beyond = await descent(['evaluate', spirals, '--member', '2', '--device', 'cpu']);
  expect(beyond.code).toBe(2);
  expect(beyond.stderr).toContain('--member: the run has 2 members, 0 to 1, no 2.');
});

test('predict gives class, name and probabilities as CSV, with the accuracy that evaluate counts', async () => {
  const source = join(import.meta.dirname, '../../src/data/embedded/digits.csv.gz');
  const input = writeFile(folder, 'digits.csv', gunzipSync(readFileSync(source)));
  const { code, stdout, stderr } = await descent(['predict', digits, '--input', input, '--device', 'cpu']);
  expect(code, stderr).toBe(0);
  const [header, ...lines] = stdout.trimEnd().split('\n');
  expect(header).toMatch(/^class,name,probability_0,.*,probability_9$/);
  expect(lines).toHaveLength(1797);
  const rows = lines.map((line) => line.split(',').map(Number));
  for (const [given, , ...probabilities] of rows) {
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    expect(probabilities[given!]).toBe(Math.max(...probabilities));
  }
  const labels = gunzipSync(readFileSync(source))
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
  const right = rows.filter(([given], row) => given === labels[row]).length;
  const counted = await Promise.all(['train', 'test'].map((split) => json('evaluate', digits, '--split', split)));
  const expected = counted.map(({ accuracy, rows: count }) => Math.round((accuracy as number) * (count as number)));
  expect(right).toBe(expected[0]! + expected[1]!);
});

test('predict writes JSON, or a file, and a regression its value', async () => {
  const input = writeFile(folder, 'x.csv', 'x\n-2\n0\n2\n');
  const { predictions } = await json('predict', peaks, '--input', input);
  expect(predictions).toEqual([
    { value: expect.any(Number) },
    { value: expect.any(Number) },
    { value: expect.any(Number) },
  ]);
  const out = join(folder, 'out.csv');
  const { code, stdout } = await descent(['predict', peaks, '--input', input, '--out', out, '--device', 'cpu']);
  expect([code, stdout]).toEqual([0, '']);
  const values = (predictions as { value: number }[]).map(({ value }) => `${value}\n`);
  expect(readText(out)).toBe(`value\n${values.join('')}`);
});

test('predict --json --out writes the file and prints one JSON object', async () => {
  const input = writeFile(folder, 'few.csv', 'x\n0.5\n1\n');
  const out = join(folder, 'few.json');
  expect(await json('predict', peaks, '--input', input, '--out', out)).toEqual({ out, rows: 2 });
  expect((JSON.parse(readText(out)) as { predictions: unknown[] }).predictions).toHaveLength(2);
});

test('predict refuses a row whose output is not finite', async () => {
  const input = writeFile(folder, 'huge.csv', `x\n0.5\n${'9'.repeat(38)}\n`);
  const linear = join(folder, 'linear');
  writeFile(
    folder,
    'steep.csv',
    `x,y\n${Array.from({ length: 20 }, (_, row) => `${row / 10},${10 * row}\n`).join('')}`,
  );
  const recipe = writeFile(folder, 'steep.json', {
    data: { source: 'csv', file: 'steep.csv', task: 'regression' },
    model: { layers: [{ type: 'dense', units: 1 }] },
    loss: 'mse',
    optimizer: { type: 'adam', learningRate: 1 },
    batch: 10,
    epochs: 200,
  });
  const args = ['train', recipe, '--data', folder, '--device', 'cpu', '--out', linear];
  expect((await descent(args)).code).toBe(0);
  const { code, stdout, stderr } = await descent(['predict', linear, '--input', input, '--device', 'cpu']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/huge\.csv: row 1 \(from 0\) gives no finite output/);
});

test('predict tells rows that do not fit the model', async () => {
  const pixels = Array.from({ length: 64 }, (_, index) => `p${index}`);
  const row = (pixel: string): string => `${pixels.join(',')}\n${pixels.map(() => pixel).join(',')}\n`;
  const complain = async (run: string, content: string): Promise<string> => {
    const input = writeFile(folder, 'bad.csv', content);
    const { code, stdout, stderr } = await descent(['predict', run, '--input', input, '--device', 'cpu']);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  expect(await complain(digits, row('0.5'))).toMatch(
    /bad\.csv: row 1, pixel 1 is 0\.5, but the model takes pixels: whole numbers from 0 to 16/,
  );
  expect(await complain(digits, row('17'))).toContain('is 17, but the model takes pixels');
  expect(await complain(digits, 'p0\n1\n')).toContain('has no column "p1"');
  expect(await complain(peaks, 'x\ntwo\n')).toContain('column "x" holds "two", expected a number');
});

test('a class name with a comma is quoted in the CSV', async () => {
  const table = [
    'a,b,kind',
    ...Array.from({ length: 20 }, (_, row) => `${row},${row % 3},${row % 2 ? '"one, two"' : 'three'}`),
  ];
  writeFile(folder, 'table.csv', `${table.join('\n')}\n`);
  const recipe = writeFile(folder, 'recipe.json', {
    data: { source: 'csv', file: 'table.csv', normalize: 'feature' },
    model: { layers: [{ type: 'dense', units: 2 }] },
    loss: 'quadratic',
    batch: 5,
    epochs: 1,
  });
  const run = join(folder, 'table');
  const { code, stderr } = await descent(['train', recipe, '--data', folder, '--out', run, '--device', 'cpu']);
  expect(code, stderr).toBe(0);
  const { stdout } = await descent(['predict', run, '--input', join(folder, 'table.csv'), '--device', 'cpu']);
  expect(stdout.split('\n')[0]).toBe('class,name,"output_one, two",output_three');
  // The data folder of the training is remembered.
  expect(await json('evaluate', run, '--split', 'train')).toMatchObject({
    rows: 20,
    classNames: ['one, two', 'three'],
  });
});
