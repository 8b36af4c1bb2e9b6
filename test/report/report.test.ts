// `descent report` and `descent inspect` on runs of each kind, trained here in a moment: what is on the page, and that its numbers are right.
import { existsSync, readFileSync, readdirSync, rmSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { descent, readText, temporaryFolder, writeFile } from '../cli/run-cli.ts';

const folder = temporaryFolder(afterAll);
const run = (name: string): string => join(folder, name);
const few = { train: 96, validation: 40, test: 60, normalize: 'unit' } as const;
const optimizer = { type: 'adam', learningRate: 0.01 } as const;

const recipes = {
  convolutional: {
    name: 'tiny <b>"cnn"</b>',
    description: 'A net & its kernels.',
    data: { source: 'digits', ...few },
    model: {
      layers: [
        { type: 'conv2d', filters: 3, activation: 'relu', name: 'first' },
        { type: 'maxPool2d' },
        { type: 'conv2d', filters: 4, kernel: 2, name: 'second' },
        { type: 'batchNorm', activation: 'relu', name: 'norm' },
        { type: 'dense', units: 10 },
      ],
    },
    evaluation: { topK: 3 },
    optimizer,
    epochs: 2,
  },
  perceptron: {
    name: 'perceptron',
    data: { source: 'digits', ...few },
    model: {
      layers: [
        { type: 'dense', units: 12 },
        // One row alone has no statistics of a batch.
        { type: 'batchNorm', activation: 'relu' },
        { type: 'dense', units: 10 },
      ],
    },
    optimizer,
    epochs: 1,
  },
  spirals: {
    name: 'spirals',
    data: { source: 'spirals', rows: 200, test: 0.2 },
    model: {
      layers: [
        { type: 'dense', units: 8, activation: 'tanh' },
        { type: 'dense', units: 2 },
      ],
    },
    optimizer,
    epochs: 3,
    members: [{ seed: 1 }, { seed: 2 }],
  },
  peaks: {
    name: 'peaks',
    data: { source: 'two-peaks' },
    model: {
      layers: [
        { type: 'dense', units: 9, activation: 'sigmoid' },
        { type: 'dense', units: 1 },
      ],
    },
    loss: 'mse',
    optimizer,
    epochs: 4,
  },
  prices: {
    name: 'prices',
    data: { source: 'csv', file: 'prices.csv', task: 'regression', test: 10, normalize: 'feature' },
    model: { layers: [{ type: 'dense', units: 1 }] },
    loss: 'mse',
    optimizer,
    batch: 10,
    epochs: 2,
  },
  kinds: {
    name: 'kinds',
    data: { source: 'csv', file: 'kinds.csv', test: 12, normalize: 'feature' },
    model: { layers: [{ type: 'dense', units: 3 }] },
    optimizer,
    batch: 8,
    epochs: 1,
  },
} as const;
type Name = keyof typeof recipes;

interface Written {
  readonly page: string;
  readonly pageBytes: number;
  readonly figures: readonly string[];
}

beforeAll(async () => {
  const rows = Array.from({ length: 40 }, (_, row) => [row % 7, (row * 3) % 11, row % 5]);
  const table = (head: string, last: (row: number) => string): string =>
    `${head}\n${rows.map((cells, row) => `${cells.join(',')},${last(row)}\n`).join('')}`;
  writeFile(
    folder,
    'prices.csv',
    table('size,age,rooms,price', (row) => String(3 * (row % 7) + row / 40)),
  );
  writeFile(
    folder,
    'kinds.csv',
    table('size,age,rooms,kind', (row) => ['low', 'mid', '"<high>"'][row % 3] ?? ''),
  );
  for (const [name, recipe] of Object.entries(recipes)) {
    const path = writeFile(folder, `${name}.json`, recipe);
    const args = ['train', path, '--data', folder, '--device', 'cpu', '--out', run(name), '--observations', '5'];
    const { code, stderr } = await descent(args);
    expect(code, stderr).toBe(0);
  }
}, 120_000);

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await descent([...args, '--device', 'cpu', '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

const written = new Map<Name, Promise<Written>>();

/** The report of a run, drawn once. */
function reportOf(name: Name): Promise<Written> {
  const known = written.get(name) ?? json<Written>('report', run(name));
  written.set(name, known);
  return known;
}

async function complain(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await descent([...args, '--device', 'cpu']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
}

const chapters = (html: string): string[] => Array.from(html.matchAll(/<h2>(.*?)<\/h2>/g), ([, title]) => title ?? '');
const start = ['Summary', 'Learning curves'];
const classifier = [...start, 'Classes', 'Most confident mistakes'];
const end = ['Inside training', 'Recipe', 'Doing it again'];

test.each<{ name: Name; expected: readonly string[]; figures: readonly string[] }>([
  {
    name: 'convolutional',
    expected: [...classifier, 'Weights', 'Feature maps', ...end],
    figures: ['first-layer', 'kernels-first', 'kernels-second', 'features-first', 'features-second', 'profiles'],
  },
  {
    name: 'perceptron',
    expected: [...classifier, 'Weights', 'Feature maps', ...end],
    figures: ['first-layer', 'mistakes'],
  },
  { name: 'spirals', expected: [...classifier, 'Decision boundary', 'Weights', ...end], figures: ['boundary'] },
  { name: 'peaks', expected: [...start, 'Regression', 'Weights', ...end], figures: ['fit', 'residuals'] },
  { name: 'prices', expected: [...start, 'Regression', 'Weights', ...end], figures: ['predictions', 'residuals'] },
  { name: 'kinds', expected: [...classifier, 'Weights', ...end], figures: ['confusion'] },
])('the page of $name has its chapters and nothing from outside', async ({ name, expected, figures }) => {
  const { page, pageBytes, figures: drawn } = await reportOf(name);
  const folderName = name === 'spirals' ? 'report-member0' : 'report';
  expect(page).toBe(join(run(name), folderName, 'report.html'));
  expect(drawn).toEqual(
    expect.arrayContaining(['curves', 'weights-final', 'update-ratios', 'weights-over-time', ...figures]),
  );
  const html = readText(page);
  expect(Buffer.byteLength(html)).toBe(pageBytes);
  expect(pageBytes).toBeLessThan(3e6);
  expect(chapters(html)).toEqual(expected);
  for (const [, target = ''] of html.matchAll(/<a href="(.*?)"/g))
    expect(html).toContain(`<section id="${target.slice(1)}">`);
  // Names of XML are no addresses that are fetched, and pictures are no text.
  const text = html.replaceAll(/ xmlns(:\w+)?="[^"]*"| (href|xlink:href)="data:image\/png;base64,[^"]*"/g, '');
  expect(Array.from(text.matchAll(/https?:|\bsrc=|href="[^#][^"]*|<(script|link|iframe)|@import/g), String)).toEqual(
    [],
  );
  const ids = Array.from(html.matchAll(/\bid="([^"]+)"/g), ([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(html.match(/<svg role="img" aria-label="[^"]+\./g)).toHaveLength(drawn.length);
  const files = readdirSync(join(run(name), folderName, 'figures'));
  expect(files.toSorted()).toEqual(drawn.flatMap((figure) => [`${figure}.png`, `${figure}.svg`]).toSorted());
});

test('what a run says of itself is text on the page, never markup', async () => {
  const { page } = await reportOf('convolutional');
  const html = readText(page);
  expect(html).toContain('<h1>tiny &lt;b&gt;&quot;cnn&quot;&lt;/b&gt;</h1>');
  expect(html).toContain('A net &amp; its kernels.');
  expect(html).not.toContain('<b>');
  expect(readText((await reportOf('kinds')).page)).not.toContain('<high>');
});

test('the page has result, adapter, recipe and the way to do it again', async () => {
  const html = readText((await reportOf('peaks')).page);
  const result = JSON.parse(readText(run('peaks'), 'result.json')) as { weightsSha256: string; test: { loss: number } };
  expect(html).toContain(result.weightsSha256);
  expect(html).toContain(`<td class="number">${Number(result.test.loss.toPrecision(4))}</td>`);
  expect(html).toContain('CPU path');
  expect(html).toContain('&quot;source&quot;: &quot;two-peaks&quot;');
  expect(html).toContain(`descent train ${run('peaks')}/recipe.json --data ${folder} --out again`);
  expect(html).toMatch(/Descent \d+\.\d+\.\d+/);
});

test('the page says which k, whose feature maps, and which member', async () => {
  const html = readText((await reportOf('convolutional')).page);
  expect(html).toContain('<th scope="col" class="number">top-3 accuracy</th>');
  expect(html).not.toContain('top-k');
  expect((await descent(['evaluate', run('convolutional'), '--device', 'cpu'])).stdout).toContain('top-3 accuracy');
  expect(html).toContain('<h3>second → norm</h3>');
  expect(html).toContain('<h3>first</h3>');
  expect(html).toContain('; validation: the whole split.');
  expect(readText((await reportOf('kinds')).page)).not.toContain('validation: the whole split');
  expect(html).toContain('Biases, scales and shifts are in observations.jsonl.');
  expect(readText((await reportOf('spirals')).page)).toContain('member 0 (of 0 to 1)');
});

test('members do not overwrite each other', async () => {
  const args = ['inspect', run('spirals'), '--input', '0', '--member', '1'] as const;
  expect((await json<Inspected>(...args)).folder).toBe(join(run('spirals'), 'inspect-member1-test-0'));
  expect((await descent([...args, '--device', 'cpu'])).stdout).toContain('test row 0, member 1 (of 0 to 1): is ');
});

test('inspect says what a regression should have given', async () => {
  const args = ['inspect', run('prices'), '--input', '2'] as const;
  const { targets, predictions } = await json<Record<'targets' | 'predictions', number[]>>(...args);
  const points = (await reportOf('prices')) && readText(run('prices'), 'report/report.json');
  const own = (JSON.parse(points) as { points: { split: string; target: number; prediction: number }[] }).points;
  const { target, prediction } = own.filter(({ split }) => split === 'test')[2]!;
  expect(targets).toEqual([target]);
  expect(predictions).toHaveLength(1);
  expect(predictions[0]).toBeCloseTo(prediction, 4);
  expect((await descent([...args, '--device', 'cpu'])).stdout).toMatch(/^test row 2: target \S+, prediction \S+$/m);
});

test.each([
  { fault: 'cut within a line', cut: (text: string) => text.slice(0, -5), message: /line 4 is torn/ },
  {
    fault: 'without its last line',
    cut: (text: string) => text.replace(/[^\n]+\n$/, ''),
    message: /its last evaluation, line 3, is of epoch 3, but the run has ended at epoch 4/,
  },
  { fault: 'empty', cut: () => '', message: /it holds no evaluation, but the run has ended at epoch 4/ },
  { fault: 'no JSON', cut: (text: string) => text.replace('{', '<'), message: /line 1 is no JSON/ },
])('metrics.jsonl $fault is refused', async ({ cut, message }) => {
  const copy = temporaryFolder();
  cpSync(run('peaks'), copy, { recursive: true });
  const path = join(copy, 'metrics.jsonl');
  writeFile(copy, 'metrics.jsonl', cut(readText(path)));
  const complaint = await complain('report', copy);
  expect(complaint).toMatch(message);
  expect(complaint).toContain(`${path}: `);
  expect(complaint).toContain('Copy the run again, or delete the file');
  rmSync(path);
  const { page } = await json<Written>('report', copy);
  expect(readText(page)).toContain('The run folder has no metrics.jsonl, so there are no curves.');
});

interface Answers {
  readonly split: string;
  readonly rows: number;
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly object[];
  readonly mistakeCount: number;
  readonly mistakes: readonly { readonly row: number; readonly probability: number; readonly predicted: string }[];
}

test('confusion, classes and mistakes are those that evaluate and predict give', async () => {
  const name = run('perceptron');
  await reportOf('perceptron');
  const answers = JSON.parse(readText(name, 'report/report.json')) as Answers;
  const evaluation = await json<Answers & { accuracy: number }>('evaluate', name);
  expect(answers).toMatchObject({
    split: 'test',
    rows: 60,
    confusion: evaluation.confusion,
    classes: evaluation.classes,
  });
  expect(answers.mistakeCount).toBe(Math.round(60 * (1 - evaluation.accuracy)));
  const sure = answers.mistakes.map(({ probability }) => probability);
  expect(sure).toEqual(sure.toSorted((one, other) => other - one));
  expect(sure.every((probability) => probability > 0.1 && probability <= 1)).toBe(true);
  // The same row by itself.
  const { row, predicted } = answers.mistakes[0]!;
  expect(await json('inspect', name, '--input', String(row))).toMatchObject({ split: 'test', row, predicted });
});

test('the report of a member is that of the member', async () => {
  const name = run('spirals');
  const out = join(folder, 'second');
  await json<Written>('report', name, '--member', '1', '--out', out);
  expect(readdirSync(out).toSorted()).toEqual(['figures', 'report.html', 'report.json']);
  const html = readText(out, 'report.html');
  const { weightsSha256 } = JSON.parse(readText(name, 'result.json')) as { weightsSha256: readonly string[] };
  expect(html).toContain(weightsSha256[1]);
  expect(html).not.toContain(weightsSha256[0]);
  const evaluation = await json<Answers>('evaluate', name, '--member', '1');
  expect((JSON.parse(readText(out, 'report.json')) as Answers).confusion).toEqual(evaluation.confusion);
});

test('a run without observations says so in one line', async () => {
  const copy = join(folder, 'quiet');
  cpSync(run('kinds'), copy, { recursive: true });
  rmSync(join(copy, 'observations.jsonl'));
  const { page, figures } = await json<Written>('report', copy);
  expect(readText(page)).toContain('The run folder has no observations.jsonl');
  expect(figures).not.toContain('update-ratios');
  // Tables have no pictures: mistakes are a table, and weights are said to be none.
  expect(readText(page)).toContain('The inputs are no images');
});

test('--input chooses whose feature maps are drawn', async () => {
  const { page } = await json<Written>(
    'report',
    run('convolutional'),
    '--input',
    '7',
    '--input',
    '2',
    '--out',
    join(folder, 'chosen'),
  );
  const html = readText(page);
  expect(html).toContain('test row 7: ');
  expect(html).toContain('test row 2: ');
  expect(html).not.toContain('test row 0: ');
});

interface Inspected {
  readonly folder: string;
  readonly label?: string;
  readonly layers: readonly {
    readonly layer: string;
    readonly type: string;
    readonly shape: readonly number[];
    readonly npy: string;
    readonly png: string;
  }[];
}

/** The values of a .npy file of this version. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

test('inspect writes every layer as .npy and PNG, and they are the numbers of the weights', async () => {
  const name = run('peaks');
  const { folder: out, layers } = await json<Inspected>('inspect', name, '--input', '5', '--split', 'train');
  expect(out).toBe(join(name, 'inspect-train-5'));
  expect(layers.map(({ layer, type, shape }) => [layer, type, shape])).toEqual([
    ['input', 'input', [1]],
    ['dense1', 'dense', [9]],
    ['dense2', 'dense', [1]],
  ]);
  const values = layers.map(({ npy }) => readNpy(join(out, npy)));
  const { tensors } = readSafetensors(readFileSync(join(name, 'final.safetensors')), name);
  const weight = (tensor: string): number[] => Array.from(tensors.get(tensor)?.data ?? []);
  const x = values[0]![0]!;
  // Sums of at most 9 products in float32.
  const hidden = weight('dense1.weight').map((w, unit) => 1 / (1 + Math.exp(-(w * x + weight('dense1.bias')[unit]!))));
  for (const [unit, value] of hidden.entries()) expect(values[1]![unit]).toBeCloseTo(value, 6);
  const output = hidden.reduce(
    (sum, value, unit) => sum + value * weight('dense2.weight')[unit]!,
    weight('dense2.bias')[0]!,
  );
  expect(values[2]![0]).toBeCloseTo(output, 5);
  const input = writeFile(folder, 'one.csv', `x\n${x}\n`);
  const { predictions } = await json<{ predictions: { value: number }[] }>('predict', name, '--input', input);
  expect(predictions[0]!.value).toBeCloseTo(values[2]![0]!, 5);
});

test('inspect gives images in their shape, and a picture of each layer', async () => {
  const out = join(folder, 'looked');
  const args = ['inspect', run('convolutional'), '--input', '3', '--out', out] as const;
  const { layers, label } = await json<Inspected>(...args);
  expect(layers.map(({ shape }) => shape)).toEqual([[8, 8, 1], [6, 6, 3], [3, 3, 3], [2, 2, 4], [2, 2, 4], [10]]);
  expect(label).toMatch(/^\d$/);
  for (const { npy, png, shape } of layers) {
    expect(readNpy(join(out, npy))).toHaveLength(shape.reduce((product, length) => product * length, 1));
    expect(decode(readFileSync(join(out, png))).width).toBeGreaterThan(500);
  }
  const { code, stdout } = await descent([...args, '--device', 'cpu']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^test row 3: is \d, predicted \d$/m);
  expect(stdout).toMatch(/^first +conv2d +6x6x3 +1-first\.npy +1-first\.png$/m);
});

test('what cannot be drawn is told in one sentence', async () => {
  const empty = temporaryFolder();
  expect(await complain('report', empty)).toContain('holds no run: there is no recipe.json');
  expect(await complain('inspect', empty, '--input', '0')).toContain('holds no run');
  const unfinished = join(folder, 'unfinished');
  cpSync(run('kinds'), unfinished, { recursive: true });
  rmSync(join(unfinished, 'result.json'));
  rmSync(join(unfinished, 'final.safetensors'));
  expect(await complain('report', unfinished)).toMatch(
    /is not finished: it has no final\.safetensors\. .*--resume.*not finite, train it anew with a lower learning rate/,
  );
  expect(await complain('inspect', unfinished, '--input', '0')).toContain('is not finished');
  const tooFar = /--input: the test split has rows 0 to 59, no 60\. Choose one of them\./;
  expect(await complain('inspect', run('perceptron'), '--input', '60')).toMatch(tooFar);
  expect(await complain('report', run('perceptron'), '--input', '60')).toMatch(tooFar);
  expect(await complain('inspect', run('kinds'), '--input', '0', '--split', 'validation')).toContain(
    '--split: the run has no validation rows. It has: train, test.',
  );
  expect(await complain('report', run('spirals'), '--member', '2')).toContain('the run has 2 members, 0 to 1, no 2');
  expect(await complain('inspect', run('kinds'))).toContain("required option '--input <row>' not specified");
});

test('data that is not found is told with the cure, and nothing is written', async () => {
  const lost = join(folder, 'lost');
  cpSync(run('kinds'), lost, { recursive: true });
  rmSync(join(lost, 'report'), { recursive: true, force: true });
  const message = await complain('report', lost, '--data', temporaryFolder());
  expect(message).toContain('kinds.csv');
  expect(message).toContain('--data');
  expect(existsSync(join(lost, 'report'))).toBe(false);
  const other = temporaryFolder();
  writeFile(other, 'kinds.csv', 'size,kind\n1,low\n2,mid\n3,low\n4,mid\n5,low\n6,mid\n7,low\n8,mid\n9,low\n');
  expect(await complain('report', lost, '--data', other)).toContain('the data has 1 inputs and 2 outputs');
});

test('a member that has diverged has no report', async () => {
  const steep = join(folder, 'steep');
  const recipe = writeFile(folder, 'steep.json', {
    ...recipes.prices,
    optimizer: { type: 'sgd', learningRate: 0.01 },
    members: [{ 'optimizer.learningRate': 0.01 }, { 'optimizer.learningRate': 1e30 }],
  });
  const trained = await descent(['train', recipe, '--data', folder, '--device', 'cpu', '--out', steep]);
  expect(trained.code, trained.stderr).toBe(1);
  expect(await complain('report', steep, '--member', '1')).toMatch(/member 1 diverged at step \d+ and has no weights/);
  expect((await json<Written>('report', steep)).figures).toContain('predictions');
});
