// Packed images on the command line: trained from a data folder, evaluated, and refused where the file is damaged.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packImages } from '../../src/data/images.ts';
import { descent, temporaryFolder, writeFile } from './run-cli.ts';

const rowCount = 40;
const packed = packImages({
  shape: [rowCount, 3, 3, 1],
  images: Uint8Array.from({ length: rowCount * 9 }, (_, index) => (Math.floor(index / 9) % 2) * 255),
  labels: Uint32Array.from({ length: rowCount }, (_, row) => row % 2),
  classNames: ['dark', 'light'],
  testRowCount: 10,
});
const recipe = {
  name: 'shades',
  data: { source: 'images', file: 'shades.safetensors', normalize: 'unit' },
  model: { layers: [{ type: 'dense', units: 2 }] },
  optimizer: { type: 'adam', learningRate: 0.05 },
  batch: 10,
  epochs: 10,
};

test('train, evaluate and report take a file of packed images', async () => {
  const folder = temporaryFolder();
  writeFile(folder, 'shades.safetensors', packed);
  const file = writeFile(folder, 'recipe.json', recipe);
  const run = join(folder, 'run');
  const options = ['--data', folder, '--device', 'cpu', '--json'];
  const trained = await descent(['train', file, ...options, '--out', run]);
  expect(trained.code, trained.stderr).toBe(0);
  expect(JSON.parse(trained.stdout)).toMatchObject({ test: { accuracy: 1 } });
  const evaluated = await descent(['evaluate', run, ...options]);
  expect(evaluated.code, evaluated.stderr).toBe(0);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ accuracy: 1 });
  const reported = await descent(['report', run, '--data', folder]);
  expect(reported.code, reported.stderr).toBe(0);
});

test('a damaged file is refused in one line', async () => {
  const folder = temporaryFolder();
  writeFile(folder, 'shades.safetensors', packed.slice(0, -1));
  const file = writeFile(folder, 'recipe.json', recipe);
  const { code, stderr } = await descent([
    'train',
    file,
    '--data',
    folder,
    '--device',
    'cpu',
    '--out',
    join(folder, 'run'),
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^descent: .*shades\.safetensors: is truncated: \d+ bytes where at least \d+ were expected\./);
});
