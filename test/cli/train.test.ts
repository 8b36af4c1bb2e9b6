// `descent train`: the JSON that scripts rely on, the run folder, and what each option does.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { descent, readText, temporaryFolder, writeFashion, writeFile } from './run-cli.ts';

const quick = ['--device', 'cpu', '--epochs', '2'];

function train(recipe: string, folder: string, ...options: readonly string[]): ReturnType<typeof descent> {
  return descent(['train', recipe, ...quick, '--out', folder, ...options]);
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

test('--json prints one object with every field of the contract, and nothing else', async () => {
  const folder = join(temporaryFolder(), 'deep', 'run');
  const { code, stdout, stderr } = await train(
    'digits',
    folder,
    '--json',
    '--set',
    'data.validation=200',
    '--set',
    'l2=1e-3',
  );
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const metrics = { loss: expect.any(Number), cost: expect.any(Number), accuracy: expect.any(Number) };
  const result = parse(stdout);
  expect(result).toEqual({
    adapter: 'CPU path',
    device: 'cpu',
    seed: 0,
    parameters: 64 * 128 + 128 + 128 * 10 + 10,
    steps: 76,
    epochs: 2,
    train: metrics,
    validation: metrics,
    test: metrics,
    seconds: { compile: expect.any(Number), train: expect.any(Number), total: expect.any(Number) },
    samplesPerSecond: expect.any(Number),
    peakDeviceBytes: expect.any(Number),
    weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    run: folder,
  });
  const { loss, cost, accuracy } = result['test'] as Record<'loss' | 'cost' | 'accuracy', number>;
  expect(cost).toBeGreaterThan(loss);
  expect(accuracy).toBeGreaterThan(0.5);
  expect(accuracy).toBeLessThanOrEqual(1);
});

test('a split that the recipe leaves empty, and the accuracy of a regression, are absent', async () => {
  const recipe = { ...builtInRecipes['two-peaks-adam'], epochs: 1, evaluation: {} };
  const folder = temporaryFolder();
  const { stdout } = await train(writeFile(folder, 'r.json', recipe), join(folder, 'run'), '--json');
  const result = parse(stdout);
  expect(result).not.toHaveProperty('validation');
  const number = expect.any(Number);
  expect(result['test']).toEqual({ loss: number, cost: number, rmse: number, r2: number });
});

test('people get accuracy in per cent, adapter, speed and run folder; progress goes to standard error', async () => {
  const folder = join(temporaryFolder(), 'run');
  const { stdout, stderr } = await train('digits', folder);
  expect(stdout).toMatch(/^test accuracy +\d+\.\d\d % +loss [\d.]+$/m);
  expect(stdout).toMatch(/^adapter +CPU path$/m);
  expect(stdout).toMatch(/^speed +[\d,]+ samples\/s/m);
  expect(stdout).toContain(folder);
  expect(stderr).toContain('9,610 parameters');
  expect(stderr).not.toContain('\r');
});

test('on a terminal one line is redrawn, within its width, and taken away at the end', async () => {
  let stderr = '';
  const folder = join(temporaryFolder(), 'run');
  await descent(['train', 'digits', ...quick, '--out', folder], {
    terminalColumns: 60,
    stderr: (text) => (stderr += text),
  });
  const drawn = stderr.split('\r').slice(1);
  expect(drawn[0]).toMatch(/^epoch 0 of 2 {2}/);
  for (const line of drawn) expect(line.split('\x1b[K')[0]?.length).toBeLessThan(60);
  expect(drawn.at(-1)).toBe('\x1b[K');
});

test('the run folder holds the complete recipe, metrics, checkpoints, weights and result', async () => {
  const folder = join(temporaryFolder(), 'run');
  const { stdout } = await train('digits', folder, '--json', '--seed', '3', '--set', 'optimizer.learningRate=1e-3');
  const recipe = parse(readText(folder, 'recipe.json'));
  expect(recipe).toMatchObject({ seed: 3, epochs: 2, l2: 0, optimizer: { learningRate: 1e-3, beta1: 0.9 } });
  expect(parseRecipe(recipe)).toEqual(recipe);
  const lines = readText(folder, 'metrics.jsonl').trimEnd().split('\n').map(parse);
  expect(lines.map(({ step }) => step)).toEqual([44, 88]);
  expect(lines[1]).toMatchObject({ epoch: 2, train: { accuracy: expect.any(Number) } });
  expect(parse(readText(folder, 'result.json'))).toEqual(parse(stdout));
  const { tensors } = readSafetensors(readFileSync(join(folder, 'final.safetensors')), 'final');
  expect([...tensors.keys()]).toEqual(['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias']);
  const checkpoint = join(folder, 'checkpoints', 'step-000000088.safetensors');
  const { tensors: state, metadata } = readSafetensors(readFileSync(checkpoint), 'checkpoint');
  expect(metadata).toMatchObject({ step: '88', seed: '3', dataSeed: '0' });
  expect([...new Set([...state.keys()].map((name) => name.split('/')[0]))]).toEqual(['parameters', 'm', 'v']);
});

test('without --out the run goes to a folder of its own under runs/', async () => {
  const folder = temporaryFolder();
  const before = process.cwd();
  process.chdir(folder);
  try {
    const { stdout } = await descent(['train', 'spirals', ...quick, '--json']);
    expect(parse(stdout)['run']).toMatch(/[\\/]runs[\\/]spirals-0-\d{4}-\d\d-\d\d-\d{6}$/);
  } finally {
    process.chdir(before);
  }
});

test('--resume on a finished run prints the same JSON; without it a folder with a run is refused', async () => {
  const folder = join(temporaryFolder(), 'run');
  const first = await train('spirals', folder, '--json');
  expect(await train('spirals', folder, '--json', '--resume')).toEqual({ code: 0, stdout: first.stdout, stderr: '' });
  const refused = await train('spirals', folder, '--json');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toBe(
    `descent: ${folder}: already holds a run. Go on with it by --resume, or choose another --out.\n`,
  );
  expect(readText(folder, 'result.json')).not.toBe('');
});

test('--resume in a folder without a run starts at step 0', async () => {
  const folder = join(temporaryFolder(), 'run');
  const { code, stdout } = await train('spirals', folder, '--json', '--resume');
  const elsewhere = await train('spirals', join(temporaryFolder(), 'run'), '--json');
  expect(code).toBe(0);
  expect(parse(stdout)['weightsSha256']).toBe(parse(elsewhere.stdout)['weightsSha256']);
});

test('--resume in the run of another recipe names the first field that differs', async () => {
  const folder = join(temporaryFolder(), 'run');
  await train('spirals', folder);
  const other = await train('spirals', folder, '--resume', '--set', 'model.layers.1.units=16');
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('holds a run of another recipe: model.layers.1.units is 32 there and 16 here.');
  const longer = await descent(['train', 'spirals', '--device', 'cpu', '--epochs', '3', '--out', folder, '--resume']);
  expect(longer.code).toBe(2);
  expect(longer.stderr).toContain('epochs is 2 there and 3 here');
});

test('--epochs rescales the schedule', async () => {
  const folder = join(temporaryFolder(), 'run');
  const cyclic = { type: 'cyclic', stepSize: 100 };
  await train('spirals', folder, '--set', `schedule=${JSON.stringify(cyclic)}`);
  // 60 epochs became 2.
  expect(parse(readText(folder, 'recipe.json'))).toMatchObject({ epochs: 2, schedule: { stepSize: 3 } });
});

test('--init starts from the weights of another run, and a resumed run remembers them', async () => {
  const folder = temporaryFolder();
  await train('spirals', join(folder, 'first'), '--seed', '5');
  const weights = join(folder, 'first', 'final.safetensors');
  const started = await train('spirals', join(folder, 'second'), '--json', '--init', weights);
  const random = await train('spirals', join(folder, 'third'), '--json');
  expect(parse(started.stdout)['weightsSha256']).not.toBe(parse(random.stdout)['weightsSha256']);
  expect(readFileSync(join(folder, 'second', 'init.safetensors'))).toEqual(readFileSync(weights));

  let interrupt = (): void => undefined;
  const args = ['train', 'spirals', ...quick, '--out', join(folder, 'fourth'), '--json'];
  const stopped = await descent([...args, '--init', weights], {
    stderr: (text) => (text.startsWith('Run folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  const resumed = await descent([...args, '--resume']);
  expect(parse(resumed.stdout)['weightsSha256']).toBe(parse(started.stdout)['weightsSha256']);
  const others = await descent([...args, '--resume', '--init', join(folder, 'third', 'final.safetensors')]);
  expect(others.code).toBe(2);
  expect(others.stderr).toContain('started from other weights');
});

test('a population gives its numbers as lists, and each member ends like a run of its own', async () => {
  const folder = temporaryFolder();
  const members = [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 0.02 }];
  const both = await train('spirals', join(folder, 'both'), '--json', '--set', `members=${JSON.stringify(members)}`);
  const alone = await train(
    'spirals',
    join(folder, 'one'),
    '--json',
    '--seed',
    '2',
    '--set',
    'optimizer.learningRate=0.02',
  );
  const result = parse(both.stdout);
  const single = parse(alone.stdout);
  const list = [expect.any(Number), expect.any(Number)];
  expect(result).toMatchObject({
    seed: [1, 2],
    steps: [32, 32],
    epochs: 2,
    test: { loss: list, cost: list, accuracy: list },
  });
  expect((result['weightsSha256'] as string[])[1]).toBe(single['weightsSha256']);
  expect((result['test'] as { loss: number[] }).loss[1]).toBe((single['test'] as { loss: number }).loss);
  const [line = ''] = readText(folder, 'both', 'metrics.jsonl').split('\n');
  expect(parse(line)).toMatchObject({
    learningRate: [0.01, 0.02],
    train: { loss: [expect.any(Number), expect.any(Number)] },
  });
  const people = await descent([
    'train',
    'spirals',
    ...quick,
    '--out',
    join(folder, 'both'),
    '--resume',
    '--set',
    `members=${JSON.stringify(members)}`,
  ]);
  expect(people.stdout).toMatch(/^member +seed +test accuracy/m);
});

test('a table from --data is trained on, and model.json keeps its names and the folder', async () => {
  const folder = temporaryFolder();
  const table = ['a,b,kind', ...Array.from({ length: 40 }, (_, row) => `${row % 7},${(row * 3) % 5},${row % 2}`)].join(
    '\n',
  );
  writeFile(folder, 'table.csv', table);
  const recipe = {
    data: { source: 'csv', file: 'table.csv', test: 10 },
    model: { layers: [{ type: 'dense', units: 2 }] },
    batch: 8,
    epochs: 1,
  };
  const path = writeFile(folder, 'recipe.json', recipe);
  const { code, stderr } = await descent([
    'train',
    path,
    '--device',
    'cpu',
    '--data',
    folder,
    '--out',
    join(folder, 'run'),
  ]);
  expect(code, stderr).toBe(0);
  expect(parse(readText(folder, 'run', 'model.json'))).toMatchObject({
    inputNames: ['a', 'b'],
    classNames: ['0', '1'],
    dataFolder: folder,
  });
});

test('--resume reads the data from the folder that the run started with', async () => {
  const folder = temporaryFolder();
  writeFile(folder, 'table.csv', `a,b,kind\n${'1,2,0\n2,3,1\n3,1,0\n4,4,1\n'.repeat(10)}`);
  const path = writeFile(folder, 'recipe.json', {
    data: { source: 'csv', file: 'table.csv' },
    model: { layers: [{ type: 'dense', units: 2 }] },
    batch: 8,
    epochs: 2,
  });
  const args = ['train', path, '--device', 'cpu', '--json', '--out', join(folder, 'run')];
  let interrupt = (): void => undefined;
  const stopped = await descent([...args, '--data', folder], {
    stderr: (text) => (text.startsWith('Run folder') ? interrupt() : undefined),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped.code).toBe(130);
  const resumed = await descent([...args, '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await descent([...args, '--resume'])).toMatchObject({ code: 0, stdout: resumed.stdout });
});

test('files of --data that are not the official ones are used, saying so', async () => {
  const folder = temporaryFolder();
  await writeFashion(folder);
  const options = ['--data', folder, '--out', join(folder, 'run'), '--set', 'data.validation=0', '--set', 'batch=4'];
  const { code, stderr } = await train('fashion-mlp', join(folder, 'run'), ...options);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('train-images-idx3-ubyte.gz differs from the official file of Fashion-MNIST.');
});

test('a loss that is not finite exits with 1, naming step and layer, and keeps the run folder', async () => {
  const folder = join(temporaryFolder(), 'run');
  const { code, stdout, stderr } = await train(
    'digits',
    folder,
    '--json',
    '--set',
    'optimizer={"type":"sgd","learningRate":1e30}',
  );
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^descent: the (loss|training).* step \d+.*"\w+"/);
  expect(existsSync(join(folder, 'recipe.json'))).toBe(true);
  expect(existsSync(join(folder, 'result.json'))).toBe(false);
});

test('a population with a diverged member writes its result, names the member and exits with 1', async () => {
  const out = join(temporaryFolder(), 'run');
  const sgd = '{"type":"sgd","learningRate":0.1}';
  const members = '[{"seed":1},{"seed":2,"optimizer.learningRate":1e30}]';
  const args = ['--set', `optimizer=${sgd}`, '--set', `members=${members}`, '--set', 'data.validation=200'];
  const { code, stdout, stderr } = await train('digits', out, ...args, '--json');
  const alone = await train(
    'digits',
    join(temporaryFolder(), 'run'),
    ...args.slice(0, 2),
    ...args.slice(4),
    '--seed',
    '1',
    '--json',
  );
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^descent: the loss became NaN or infinite: member 1 at step \d+\. Lower the learning rate there\.$/,
  );
  const pair = [expect.any(Number), null];
  const metrics = { loss: pair, cost: pair, accuracy: pair };
  const result = parse(stdout);
  expect(result).toMatchObject({ seed: [1, 2], train: metrics, validation: metrics, test: metrics });
  expect(result['divergedAt']).toEqual([null, expect.any(Number)]);
  expect((result['weightsSha256'] as string[])[0]).toBe(parse(alone.stdout)['weightsSha256']);
  expect(parse(readText(out, 'result.json'))).toEqual(result);
  expect(readText(out, 'metrics.jsonl')).not.toContain('NaN');

  expect(await train('digits', out, ...args, '--json', '--resume')).toMatchObject({ code: 1, stdout });
  const people = await train('digits', out, ...args, '--resume');
  expect(people.stdout).toMatch(/^ +1 +2 +diverged +diverged/m);
  expect((await descent(['evaluate', out, '--device', 'cpu'])).code).toBe(0);
  const lost = await descent(['evaluate', out, '--member', '1', '--device', 'cpu']);
  expect(lost.code).toBe(2);
  expect(lost.stderr).toMatch(/member 1 diverged at step \d+ and has no weights\. Choose another --member\.$/m);
});

test('of a member that has diverged the progress says so once, and shows the others', async () => {
  const members = '[{"seed":1},{"seed":2,"optimizer.learningRate":1e30}]';
  const options = ['--set', 'optimizer={"type":"sgd","learningRate":0.1}', '--set', `members=${members}`];
  let written = '';
  await descent(['train', 'digits', ...quick, '--out', join(temporaryFolder(), 'run'), ...options], {
    terminalColumns: 200,
    stderr: (text) => (written += text),
  });
  expect(written.match(/Member 1 has diverged by step \d+; the others go on\./g)).toHaveLength(1);
  expect(written).toMatch(/loss \d/);
  expect(written.split('descent: ')[0]).not.toMatch(/NaN|Infinity/);
});

test('the result says among how many of the largest outputs the class was looked for', async () => {
  const folder = join(temporaryFolder(), 'run');
  const few = ['--epochs', '1', '--set', 'data.train=64', '--set', 'data.test=32', '--set', 'evaluation.topK=3'];
  const { code, stdout } = await descent(['train', 'digits', '--device', 'cpu', ...few, '--out', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^test accuracy +[\d.]+ % +loss [\d.]+, top-3 accuracy [\d.]+ %$/m);
});
