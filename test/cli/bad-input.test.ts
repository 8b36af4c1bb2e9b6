// Whatever is wrong with the input gets one sentence with the place and the cure on standard error, exit code 2, and nothing is lost.
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gzip, idx } from '../data/memory-files.ts';
import { descent, readText, temporaryFolder, writeFashion, writeFile } from './run-cli.ts';

const dense = (units: number): object => ({ type: 'dense', units });
const tableRecipe = {
  data: { source: 'csv', file: 'table.csv' },
  model: { layers: [dense(2)] },
  batch: 2,
  epochs: 1,
};
const soundTable = 'a,b,kind\n1,2,0\n2,3,1\n3,1,0\n4,4,1\n';

/** The one line that a failing command leaves. */
async function complaint(args: readonly string[], code = 2): Promise<string> {
  const outcome = await descent(args);
  expect(outcome.stdout).toBe('');
  expect(outcome.code, outcome.stderr).toBe(code);
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('descent: '))).toHaveLength(1);
  return lines.at(-1) ?? '';
}

/** Trains into a folder and checks that bad input leaves nothing there. */
async function trainComplaint(args: readonly string[]): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  const line = await complaint(['train', ...args, '--device', 'cpu', '--out', out]);
  expect(existsSync(out)).toBe(false);
  return line;
}

test.each([
  [['--set', 'optimzer.type=sgd'], /^descent: optimzer: unknown field\. Did you mean "optimizer"\? Known here: /],
  [['--set', 'optimizer.learningRte=1'], /optimizer\.learningRte: unknown field\. Did you mean "learningRate"\?/],
  [['--set', 'batch="ten"'], /batch: expected a number, got "ten"/],
  [['--set', 'loss=cross'], /loss: expected one of crossEntropy, mse, mae, huber, quadratic, got "cross"/],
  [['--set', 'model.layers[2].units=7'], /has 7 units, but the data has 10 classes\. Set units to 10\./],
  [['--set', 'batch=5000'], /batch: 5000 is larger than the training set of 1438 rows\. Use at most 1438\./],
  [['--set', 'data.normalize=channels'], /data\.normalize: expected one of none, unit, feature, channel/],
  [
    ['--set', 'steps=5', '--set', 'epochs=2'],
    /needs exactly one of "epochs", "steps" and "cycles", got epochs and steps/,
  ],
  [['--set', 'augmentation.cropPadding=-1'], /augmentation\.cropPadding: expected a number of at least 0, got -1/],
  [['--set', 'model.layers.0.units=5000000'], /Make "dense1" at most \d+ units wide\./],
  [['--set', 'nothing'], /option '--set <path=value>' argument 'nothing' is invalid\. Write it as path=value\./],
  [['--epochs', '0'], /Give a whole number from 1\./],
  [['--seed', '-1'], /Give a whole number from 0\./],
  [['--adapter', 'llvm'], /^descent: --adapter: the CPU path uses no adapter\. Leave out --adapter or --device cpu\.$/],
  [['--device', 'tpu'], /'tpu' is invalid\. Allowed choices are auto, gpu, cpu\./],
  [['--epoch', '1'], /unknown option '--epoch' \(Did you mean --epochs\?\)/],
  [['--data', '/not/there'], /^descent: \/not\/there: this data folder is not there\. Correct --data\.$/],
  [['--init', '/not/there'], /^descent: \/not\/there: is not there\. Correct the path\.$/],
] as const)('train digits %j', async (options, sentence) => {
  expect(await trainComplaint(['digits', ...options])).toMatch(sentence);
});

test('an unknown recipe name lists the near one and the known ones', async () => {
  expect(await complaint(['plan', 'digts'])).toMatch(
    /^descent: digts: is no file and no built-in recipe\. Did you mean "digits"\? Built in: blobs, cifar10-cnn, .*digits, /,
  );
  expect(await complaint(['recipes', 'fashon-mlp'])).toContain('Did you mean "fashion-mlp"?');
});

test.each([
  ['{"a": 1,\n "b": }', /line 2, column 7/],
  ['{"a": 1,\n "b": [1, 2\n', /the file ends too early at line 3, column 1/],
  ['{"a" 1}', /unexpected "1" at line 1, column 6/],
  ["{'a': 1}", /unexpected "'" at line 1, column 2/],
  ['{"a": 1,}', /unexpected "}" at line 1, column 9/],
  ['{"a": 01}', /unexpected "1" at line 1, column 8/],
  ['[1, 2] 3', /unexpected "3" at line 1, column 8/],
  ['', /the file ends too early at line 1, column 1/],
])('a recipe file %j is told with line and column', async (text, place) => {
  const path = writeFile(temporaryFolder(), 'recipe.json', text);
  const line = await trainComplaint([path]);
  expect(line).toContain(`descent: ${path}: is not JSON: `);
  expect(line).toMatch(place);
});

test('a recipe that is JSON but no object is told', async () => {
  const path = writeFile(temporaryFolder(), 'recipe.json', '[]');
  expect(await trainComplaint([path, '--set', 'a=1'])).toContain('expected a JSON object');
  expect(await trainComplaint([temporaryFolder()])).toContain('is a folder, expected a file');
});

test.each([
  ['a missing cell', soundTable.replace('2,3,1', '2,,1'), /table\.csv:3: column "b" is empty/],
  [
    'a cell that is no number',
    soundTable.replace('2,3,1', '2,x,1'),
    /table\.csv:3: column "b" holds "x", expected a number/,
  ],
  ['NaN', soundTable.replace('2,3,1', 'nan,3,1'), /table\.csv:3: column "a" is nan/],
  ['infinity', soundTable.replace('2,3,1', 'inf,3,1'), /table\.csv:3: column "a" is inf/],
  ['a label out of range', soundTable.replace('2,3,1', '2,3,-1'), /column "kind" holds -1, expected a class number/],
  ['labels with a gap', soundTable.replaceAll(',1\n', ',2\n'), /no row has class 1/],
  [
    'a row of another length',
    soundTable.replace('2,3,1', '2,3'),
    /table\.csv:3: has 2 cells, the header names 3 columns/,
  ],
  ['no rows', 'a,b,kind\n', /needs a header line .* and at least one row/],
])('a table with %s is told with its line', async (_, table, sentence) => {
  const folder = temporaryFolder();
  writeFile(folder, 'table.csv', table);
  const recipe = writeFile(folder, 'recipe.json', tableRecipe);
  expect(await trainComplaint([recipe, '--data', folder])).toMatch(sentence);
});

test('a table or target column that is not there is told', async () => {
  const folder = temporaryFolder();
  const recipe = writeFile(folder, 'recipe.json', tableRecipe);
  expect(await trainComplaint([recipe, '--data', folder])).toMatch(
    /table\.csv .*not found, nor tables\/table\.csv .*, nor \.\/table\.csv \(looked in .*\)\. Correct the path/,
  );
  writeFile(folder, 'table.csv', soundTable);
  expect(await trainComplaint([recipe, '--data', folder, '--set', 'data.target=kid'])).toMatch(
    /data\.target: "kid" is no column of .*Did you mean "kind"\? Its columns: a, b, kind\./,
  );
});

test('image files that are missing, truncated, corrupt or out of range are told with their place', async () => {
  const folder = temporaryFolder();
  const train = (): Promise<string> =>
    trainComplaint(['fashion-mlp', '--data', folder, '--set', 'data.validation=0', '--set', 'batch=4']);
  expect(await train()).toMatch(
    /train-images-idx3-ubyte\.gz .*not found\. Fetch the set with "descent datasets fetch fashion-mnist"/,
  );
  await writeFashion(folder);
  truncateSync(join(folder, 'train-images-idx3-ubyte.gz'), 200);
  expect(await train()).toMatch(/train-images-idx3-ubyte\.gz: .*(truncated|corrupt|gzip)/);
  await writeFashion(folder, {
    'train-images-idx3-ubyte.gz': await gzip(
      idx([12, 28, 28], () => 1)
        .subarray(0, 900)
        .slice(),
    ),
  });
  expect(await train()).toMatch(/train-images-idx3-ubyte\.gz: .*truncated/);
  await writeFashion(folder, { 't10k-labels-idx1-ubyte.gz': await gzip(idx([4], () => 12)) });
  expect(await train()).toMatch(/t10k-labels-idx1-ubyte\.gz: record 0 has label 12/);
  writeFile(folder, 'data_batch_1.bin', new Uint8Array(3073 * 2 - 1));
  expect(await trainComplaint(['cifar10-cyclic', '--data', folder])).toMatch(
    /data_batch_1\.bin: has 6145 bytes, not a whole number/,
  );
});

test('weights that are truncated or of another model are told before anything is written', async () => {
  const folder = temporaryFolder();
  const spirals = join(folder, 'run');
  await descent(['train', 'spirals', '--device', 'cpu', '--epochs', '1', '--out', spirals]);
  const weights = join(spirals, 'final.safetensors');
  expect(await trainComplaint(['digits', '--init', weights])).toMatch(
    /final\.safetensors: "dense1\.weight" is F32 \[2, 32\], the model needs F32 \[64, 128\]/,
  );
  truncateSync(weights, 300);
  expect(await trainComplaint(['spirals', '--init', weights])).toMatch(
    /final\.safetensors: .*truncated|no sound safetensors/,
  );
});

test('a model beyond what an adapter must bind is told with the width that fits', async () => {
  expect(await complaint(['plan', 'digits', '--set', 'model.layers.0.units=500000'])).toMatch(
    /the model has 37,500,010 parameters .*Make "dense1" at most \d+ units wide\./,
  );
  expect(
    await complaint(['plan', 'digits', '--set', 'evaluation.batch=1797', '--set', 'model.layers.0.units=30000']),
  ).toMatch(/Set evaluation\.batch to at most \d+\./);
});

test('folders that hold no run, an unfinished run or a damaged one are told', async () => {
  const folder = temporaryFolder();
  expect(await complaint(['evaluate', folder])).toContain('holds no run: there is no recipe.json');
  expect(await complaint(['evaluate', join(folder, 'nowhere')])).toContain('holds no run');
  const run = join(folder, 'run');
  await descent(['train', 'spirals', '--device', 'cpu', '--epochs', '1', '--out', run]);
  const result = readText(run, 'result.json');
  writeFileSync(join(run, 'result.json'), '{"adapter": 1}');
  const resume = ['train', 'spirals', '--device', 'cpu', '--epochs', '1', '--out', run, '--resume'];
  expect(await complaint(resume)).toContain('is not the result of a run');
  writeFileSync(join(run, 'result.json'), result.slice(0, 40));
  expect(await complaint(resume)).toMatch(/result\.json: is not JSON: .* at line \d+, column \d+/);
  writeFileSync(join(run, 'result.json'), result);
  writeFileSync(join(run, 'model.json'), '{"task": "regression"}');
  expect(await complaint(['predict', run, '--input', writeFile(folder, 'in.csv', 'x,y\n1,2\n')])).toContain(
    'does not describe a model',
  );
  rmSync(join(run, 'final.safetensors'));
  expect(await complaint(['evaluate', run])).toContain('is not finished: it has no final.safetensors');
});

test('what is left of a run without its recipe is not overwritten', async () => {
  const folder = temporaryFolder();
  writeFile(folder, 'final.safetensors', 'precious');
  expect(await complaint(['train', 'spirals', '--out', folder])).toContain('already holds a run');
  expect(await complaint(['train', 'spirals', '--out', folder, '--resume'])).toContain('there is no recipe.json');
  expect(readdirSync(folder)).toEqual(['final.safetensors']);
  expect(readText(folder, 'final.safetensors')).toBe('precious');
});

test('an output folder that cannot be made is told', async () => {
  const file = writeFile(temporaryFolder(), 'file', 'not a folder');
  expect(await complaint(['train', 'spirals', '--device', 'cpu', '--out', join(file, 'run')])).toMatch(
    /ENOTDIR.*Check the path/,
  );
});

test('unknown commands and missing arguments are told', async () => {
  expect(await complaint(['trian', 'digits'])).toBe("descent: unknown command 'trian' (Did you mean train?)");
  expect(await complaint(['train'])).toBe("descent: missing required argument 'recipe'");
  expect(await complaint(['predict', 'run'])).toContain("required option '--input <file>' not specified");
  expect(await complaint(['train', 'digits', '--resume'])).toContain('--resume: needs --out');
  expect(await complaint(['verify'])).toContain('verify needs a recipe, or --kernels');
});

test.each([
  [['verify', '--kernels', 'digits'], /^descent: --kernels: .*Leave out --kernels, or the recipe and its options\.$/],
  [['verify', '--kernels', '--steps', '2'], /^descent: --kernels: .*Leave out --kernels/],
  [['verify', '--kernels', '--set', 'batch=4'], /^descent: --kernels: .*Leave out --kernels/],
  [
    ['gradcheck', 'digits', '--adapter', 'x'],
    /^descent: --adapter: .*on the CPU path\. Leave it out, or add --overfit\.$/,
  ],
  [['gradcheck', 'digits', '--device', 'gpu'], /^descent: --device: .*Leave it out, or add --overfit\.$/],
] as const)('%j: arguments that would change nothing are told', async (args, sentence) => {
  expect(await complaint(args)).toMatch(sentence);
});
