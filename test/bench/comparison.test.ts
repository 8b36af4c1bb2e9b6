// The comparison of libraries: statistics, the protocol of Descent's side, processes, and the check of losses before any timing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareWorkload, describeWrongLosses, formatRows } from '../../bench/compare.ts';
import type { Row } from '../../bench/compare.ts';
import { sampleIndices } from '../../bench/protocol.ts';
import type { Answer, Meta, Request } from '../../bench/protocol.ts';
import { productElement } from '../../bench/products.ts';
import { createDescentSide } from '../../bench/side.ts';
import { startSide } from '../../bench/side-process.ts';
import type { Side } from '../../bench/side-process.ts';
import { writeWorkload } from '../../bench/side-files.ts';
import { checkSideNames, sideCommand } from '../../bench/sides.ts';
import { repeatsFor, summarize } from '../../bench/statistics.ts';
import { chooseWorkloads, comparedWorkloads } from '../../bench/workloads.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { temporaryFolder } from '../cli/run-cli.ts';

test('a spread is the median with the extremes, of an odd and of an even count', () => {
  expect(summarize([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(summarize([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10 });
  expect(() => summarize([])).toThrow('nothing was measured');
});

test('a round is repeated until it fills its time, within bounds', () => {
  expect(repeatsFor(500, 5, 4, 1000)).toBe(100);
  expect(repeatsFor(500, 400, 4, 1000)).toBe(4);
  expect(repeatsFor(500, 0, 4, 1000)).toBe(1000);
});

/** Descent on the CPU path, in this process; `change` may spoil its answers. */
function ownSide(name: string, change: (answer: Answer) => Answer = (answer) => answer): Side {
  const side = createDescentSide(cpuDevice());
  return {
    name,
    hello: side.hello,
    ask: async (request) => change(await side.answer(request)),
    close: () => side[Symbol.dispose](),
  };
}

test('Descent answers every request of the protocol, and says what it cannot do', async () => {
  const side = ownSide('descent-cpu');
  const ask = (request: Request): Promise<Answer> => side.ask(request);
  expect(side.hello).toMatchObject({ side: 'descent-cpu', adapter: 'CPU path' });
  expect(await ask({ do: 'time', steps: 1 })).toEqual({ error: 'nothing is loaded for "time"' });
  expect(await ask({ do: 'load', workload: 'W6', data: '' })).toEqual({ error: 'W6 trains nothing' });
  expect(await ask({ do: 'load', workload: 'W9', data: '' })).toEqual({
    error: expect.stringContaining('is no workload') as string,
  });
  expect(await ask({ do: 'load', workload: 'W3', data: '' })).toEqual({ loaded: 'W3' });
  const { losses } = (await ask({ do: 'train', steps: 85 })) as { losses: number[] };
  expect(losses).toHaveLength(85);
  // Rows come in file order: step 80 sees the batch of step 0 again, with weights that have learnt.
  expect(losses[80]).toBeLessThan(losses[0] ?? 0);
  expect(await ask({ do: 'load', workload: 'W3', data: '' })).toEqual({ loaded: 'W3' });
  expect(await ask({ do: 'train', steps: 85 })).toEqual({ losses });
  expect(await ask({ do: 'time', steps: 3 })).toEqual({ ms: expect.any(Number) as number });
  expect(await ask({ do: 'epoch' })).toEqual({ ms: expect.any(Number) as number });
  const shape = { kind: 'weight', m: 9, n: 7, k: 5 } as const;
  expect(await ask({ do: 'product', ...shape, repeats: 2 })).toEqual({
    ms: expect.any(Number) as number,
    sample: sampleIndices(shape).map((index) => productElement(shape, index)),
  });
  side.close();
});

test('the sides take turns on a workload, and a wrong loss is told in place of a time', async () => {
  const wrong = ownSide('wrong', (answer) =>
    'losses' in answer ? { losses: answer.losses.map((loss, step) => (step === 3 ? loss * 1.002 : loss)) } : answer,
  );
  const failing = ownSide('failing', (answer) => ('ms' in answer ? { error: 'out of memory' } : answer));
  const sides = [ownSide('descent-cpu'), ownSide('twin'), wrong, failing];
  const folder = temporaryFolder();
  const rows: Row[] = [];
  const [workload] = chooseWorkloads(['W3'], comparedWorkloads);
  if (workload === undefined) throw new Error('no W3');
  for await (const row of compareWorkload(workload, sides, { rounds: 2, steps: 2, folder })) rows.push(row);
  expect(rows).toMatchObject([
    { workload: 'W3', side: 'descent-cpu', rounds: 2, repeats: 2, samplesPerSecond: expect.any(Number) as number },
    { workload: 'W3', side: 'twin', ratio: expect.any(Number) as number },
    {
      workload: 'W3',
      side: 'wrong',
      problem: expect.stringMatching(/^wrong: the loss of step 3 is .*, not /) as string,
    },
    { workload: 'W3', side: 'failing', problem: 'not run: out of memory' },
  ]);
  expect(rows[0]).not.toHaveProperty('ratio');
  const table = formatRows(rows);
  expect(table).toMatch(/^\| W3 \| twin 0\.1\.0 \| [\d.]+ \| [\d.]+\.\.[\d.]+ \| [\d,]+ samples\/s \| \d+\.\dx \|$/m);
  expect(table).toMatch(/^\| W3 \| failing 0\.1\.0 \| not run: out of memory \|/m);
  // Every line has the same columns.
  expect(
    new Set(
      table
        .trim()
        .split('\n')
        .map((line) => line.split('|').length),
    ),
  ).toEqual(new Set([8]));

  const meta = JSON.parse(readFileSync(join(folder, 'W3/meta.json'), 'utf8')) as Meta;
  expect(meta).toMatchObject({
    loss: 'mse',
    rows: 2000,
    batch: 25,
    stepsPerEpoch: 80,
    members: 1,
    l2: [0],
    inputScale: 1,
  });
  const layers = meta.layers.flatMap((layer) => (layer.type === 'maxPool2d' ? [] : [layer]));
  expect(layers.map(({ weight }) => weight.shape)).toEqual([
    [1, 1, 80],
    [1, 80, 80],
    [1, 80, 1],
  ]);
  for (const { file, shape } of [meta.inputs, meta.targets, ...layers.flatMap(({ weight, bias }) => [weight, bias])]) {
    expect(readFileSync(join(folder, 'W3', file)).length, file).toBe(4 * shape.reduce((a, b) => a * b));
  }
  for (const side of sides) side.close();
});

test('the files of images name kernels, channels and windows; what the sides do not know is refused', () => {
  const [workload] = chooseWorkloads(['W4'], comparedWorkloads);
  if (workload?.kind !== 'steps') throw new Error('W4 trains no steps');
  const folder = temporaryFolder();
  const meta = writeWorkload(folder, workload);
  expect(meta).toMatchObject({ loss: 'crossEntropy', batch: 300, stepsPerEpoch: 6, members: 1 });
  expect(meta.inputs).toMatchObject({ dtype: 'u8', shape: [2000, 28, 28, 1] });
  const kernel = [3, 3];
  const pool = { type: 'maxPool2d', size: [2, 2] };
  expect(meta.layers).toMatchObject([
    { type: 'conv2d', kernel, inC: 1, outC: 32, activation: 'relu', weight: { shape: [1, 3, 3, 1, 32] } },
    pool,
    { type: 'conv2d', kernel, inC: 32, outC: 64, activation: 'relu', bias: { shape: [1, 64] } },
    pool,
    { type: 'conv2d', kernel, inC: 64, outC: 64, activation: 'relu', weight: { shape: [1, 3, 3, 64, 64] } },
    { type: 'dense', inSize: 576, outSize: 64, activation: 'relu' },
    { type: 'dense', inSize: 64, outSize: 10, activation: 'linear' },
  ]);
  const withFirst = (layer: object) => {
    const layers = [layer, { type: 'dense', units: 10 }];
    return { ...workload, recipe: parseRecipe({ ...workload.recipe, model: { layers } }) };
  };
  for (const [layer, message] of [
    [{ type: 'conv2d', filters: 32, padding: 'same' }, 'no padding and no stride of a convolution'],
    [{ type: 'conv2d', filters: 32, stride: 2 }, 'no padding and no stride of a convolution'],
    [{ type: 'conv2d', filters: 32, activation: 'gelu' }, 'no activation "gelu"'],
    [{ type: 'maxPool2d', size: 3, stride: 2 }, 'nor windows that overlap'],
    [{ type: 'batchNorm' }, 'no layer "batchNorm"'],
  ] as const) {
    expect(() => writeWorkload(folder, withFirst(layer))).toThrow(message);
  }
});

test('without figures of Descent nothing is compared', async () => {
  const failing = ownSide('descent-cpu', (answer) => ('losses' in answer ? { error: 'lost' } : answer));
  const sides = [failing, ownSide('twin')];
  const rows: Row[] = [];
  for (const workload of chooseWorkloads(['W3'], comparedWorkloads)) {
    for await (const row of compareWorkload(workload, sides, { rounds: 1, folder: temporaryFolder() })) rows.push(row);
  }
  expect(rows).toMatchObject([
    { problem: 'not run: lost' },
    { problem: 'not run: descent-cpu failed, so there is no measure' },
  ]);
  for (const side of sides) side.close();
});

test('losses are compared within one in a thousand, each with its step and member', () => {
  expect(describeWrongLosses([1, 2], [1.0005, 2.001], 1)).toBeUndefined();
  expect(describeWrongLosses([1, 2, 3, 4.1], [1, 2, 3, 4], 2)).toBe(
    'wrong: the loss of step 1, member 1 is 4.1, not 4',
  );
  expect(describeWrongLosses([Number.NaN], [1], 1)).toBe('wrong: the loss of step 0 is NaN, not 1');
  expect(describeWrongLosses([1], [1, 1], 1)).toBe('wrong: 1 losses, not 2');
});

const echo = `
  console.log(JSON.stringify({ side: 'echo', version: '1', adapter: process.argv[1] }));
  process.stdin.setEncoding('utf8').on('data', (text) => {
    for (const line of text.trim().split('\\n')) {
      const { do: what, steps } = JSON.parse(line);
      if (what === 'quit') process.exit(0);
      if (what === 'epoch') { console.error('no epochs here'); process.exit(7); }
      console.log(JSON.stringify({ ms: steps }));
    }
  });`;

test('a side is a process that answers line by line, and says why when it ends', async () => {
  const side = await startSide({ name: 'echo', file: process.execPath, args: ['-e', echo, 'somewhere'] });
  expect(side.hello).toEqual({ side: 'echo', version: '1', adapter: 'somewhere' });
  expect(await side.ask({ do: 'time', steps: 3 })).toEqual({ ms: 3 });
  expect(await side.ask({ do: 'time', steps: 4 })).toEqual({ ms: 4 });
  expect(await side.ask({ do: 'epoch' })).toEqual({ error: 'ended with code 7: no epochs here' });
  expect(await side.ask({ do: 'epoch' })).toEqual({ error: 'ended with code 7: no epochs here' });
  side.close();
  await expect(startSide({ name: 'none', file: '/nowhere/none', args: [] })).rejects.toThrow('ENOENT');
  await expect(startSide({ name: 'mute', file: process.execPath, args: ['-e', ''] })).rejects.toThrow(
    'ended with code 0',
  );
});

test('every side of WebGPU is given the adapter, and unknown sides are refused together', async () => {
  expect((await sideCommand('tfjs-webgpu', 'llvmpipe')).args).toEqual([
    expect.stringContaining('tfjs.mjs') as string,
    'webgpu',
    'llvmpipe',
  ]);
  const { args } = await sideCommand('jax-js-wasm', 'llvmpipe');
  expect(args).toEqual([expect.stringContaining('jax.mjs') as string, 'wasm']);
  expect(args.slice(0, 1).every(existsSync)).toBe(true);
  expect(() => checkSideNames(['tfjs-webgpu', 'descent-cpu'])).not.toThrow();
  expect(() => checkSideNames(['tensorflow'])).toThrow('"tensorflow" is no side. There are descent-webgpu,');
  expect(() => checkSideNames(['jax', 'descent-cpu', 'tf'])).toThrow('"jax", "tf" are no sides.');
});
