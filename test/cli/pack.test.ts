// `descent pack` and `descent unpack`: a run in one file, on its way from one machine to another or between the page and the command line.
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { lockRun } from '../../node/run-lock.ts';
import { readZip } from '../../src/formats/zip.ts';
import { digitsRun } from '../train/digits-run.ts';
import expected from '../train/expected.json';
import { descent, readText, temporaryFolder, until, writeFile } from './run-cli.ts';

const place = temporaryFolder(afterAll);
const half = join(place, 'half');
const zip = join(place, 'half.zip');
let recipe = '';

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
}

function checkpointSteps(folder: string): number[] {
  const directory = join(folder, 'checkpoints');
  return existsSync(directory) ? readdirSync(directory).map((name) => Number(/^step-(\d+)/.exec(name)?.[1] ?? 0)) : [];
}

/** Trains, with a Ctrl-C once a checkpoint after the first step is there. */
async function interrupted(args: readonly string[], folder: string): Promise<void> {
  let interrupt = (): void => undefined;
  const run = descent([...args, '--out', folder, '--checkpoint-seconds', '0.01'], {
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  await until(() => checkpointSteps(folder).some((step) => step > 0));
  interrupt();
  expect((await run).code).toBe(130);
}

function workIn(folder: string): void {
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
}

beforeAll(async () => {
  recipe = writeFile(place, 'digits-run.json', digitsRun);
  await interrupted(['train', recipe, '--device', 'cpu'], half);
  expect(existsSync(join(half, 'result.json'))).toBe(false);
  // What is no part of the run stays behind.
  mkdirSync(join(half, 'report'));
  writeFileSync(join(half, 'report', 'report.html'), 'drawn again at any time');
  writeFileSync(join(half, 'checkpoints', 'step-000000001.safetensors.unusable'), 'broken');
  const { code, stdout, stderr } = await descent(['pack', half, '--out', zip, '--json']);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ file: zip, bytes: readFileSync(zip).length, files: 6 });
});

test('what is packed is unpacked to the same bytes, without reports and broken checkpoints', async () => {
  const folder = join(temporaryFolder(), 'copy');
  const { code, stdout } = await descent(['unpack', zip, '--out', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /copy: a run that is not finished, 6 files\. Go on with: descent train \S+copy\/recipe\.json --out \S+copy --resume\n$/,
  );
  const names = ['checkpoints', 'metrics.jsonl', 'model.json', 'observations.jsonl', 'recipe.json'];
  const checkpoints = filesIn(folder).filter((name) => name.endsWith('.safetensors'));
  expect(checkpoints).toHaveLength(2);
  expect(filesIn(folder)).toEqual([...names, ...checkpoints].toSorted());
  for (const name of filesIn(folder).filter((each) => each !== 'checkpoints')) {
    expect(readFileSync(join(folder, name)), name).toEqual(readFileSync(join(half, name)));
  }
  const again = join(temporaryFolder(), 'half.zip');
  expect((await descent(['pack', folder, '--out', again])).code).toBe(0);
  expect([...readZip(readFileSync(again), again).values()]).toEqual([...readZip(readFileSync(zip), zip).values()]);
});

test('a run that was interrupted, packed and unpacked goes on to the recorded bits, and is reported on', async () => {
  workIn(temporaryFolder());
  expect(await descent(['unpack', zip])).toMatchObject({ code: 0, stderr: '' });
  const folder = join('runs', 'half');
  const resumed = await descent([
    'train',
    join(folder, 'recipe.json'),
    '--out',
    folder,
    '--resume',
    '--device',
    'cpu',
    '--json',
  ]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(JSON.parse(resumed.stdout)).toMatchObject({
    weightsSha256: expected.digits.weightsSha256,
    test: { accuracy: expected.digits.testAccuracy },
  });
  const evaluated = await descent(['evaluate', folder, '--device', 'cpu', '--json']);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ accuracy: expected.digits.testAccuracy });
  const reported = await descent(['report', folder, '--device', 'cpu', '--out', 'report']);
  expect(reported.code, reported.stderr).toBe(0);
  expect(readText('report', 'report.html')).toContain('digits-three-epochs');

  expect(await descent(['pack', folder])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^half\.zip: 8 files of/) as string,
  });
  const finished = await descent(['unpack', 'half.zip', '--out', 'finished']);
  expect(finished.stdout).toBe('finished: a finished run, 8 files. Go on with: descent report finished\n');
  const shown = await descent(['train', join(folder, 'recipe.json'), '--out', 'finished', '--resume', '--json']);
  expect(shown.stdout).toBe(resumed.stdout);
});

test('a run of the page, which knows no folders, goes on with a table that --data names, and says what it looked for', async () => {
  const tables = temporaryFolder();
  const rows = 'a,b,kind\n1,2,0\n2,3,1\n3,1,0\n4,4,1\n';
  writeFile(tables, 'table.csv', `${rows}${rows.slice(9).repeat(400)}`);
  const tableRecipe = writeFile(tables, 'recipe.json', {
    data: { source: 'csv', file: 'table.csv', test: 8 },
    model: { layers: [{ type: 'dense', units: 2 }] },
    batch: 2,
    epochs: 60,
  });
  const started = join(tables, 'started');
  await interrupted(['train', tableRecipe, '--data', tables, '--device', 'cpu'], started);
  const path = join(started, 'model.json');
  const { dataFolder: _data, startFolder: _start, ...model } = JSON.parse(readText(path)) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(model));
  const packed = join(tables, 'page.zip');
  expect((await descent(['pack', started, '--out', packed])).code).toBe(0);

  workIn(temporaryFolder());
  expect((await descent(['unpack', packed, '--out', 'run'])).code).toBe(0);
  const resume = ['train', join('run', 'recipe.json'), '--out', 'run', '--resume', '--device', 'cpu'];
  const lost = await descent(resume);
  expect(lost.code).toBe(2);
  expect(lost.stderr).toMatch(/^descent: table\.csv \(looked in .*\): not found.*name its folder with --data DIR\.$/m);
  const resumed = await descent([...resume, '--data', tables]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await descent(['evaluate', 'run', '--data', tables, '--device', 'cpu'])).toMatchObject({ code: 0 });
  appendFileSync(join(tables, 'table.csv'), '1,1,1\n');
  rmSync(join('run', 'result.json'));
  const changed = await descent([...resume, '--data', tables]);
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('was trained on other data') as string });
});

const sound = {
  'run/recipe.json': '{"data":{"source":"digits"},"model":{"layers":[{"type":"dense","units":10}]},"epochs":1}',
  'run/model.json':
    '{"task":"classification","inputShape":[64],"inputs":"bytes","outputCount":10,"normalizations":[{"center":[0],"spread":[1]}]}',
  'run/metrics.jsonl': '',
};

function zipOf(texts: Readonly<Record<string, string>>): Uint8Array {
  return zipSync(
    Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)])),
  );
}

const { 'run/recipe.json': _recipe, ...withoutRecipe } = sound;
const { 'run/model.json': _model, ...withoutModel } = sound;

test.each([
  ['cut short', zipOf(sound).slice(0, -30), 'is no zip file, or is cut short'],
  ['that is none', new TextEncoder().encode('<html>'), 'is no zip file, or is cut short'],
  [
    'with a path out of the folder',
    zipOf({ ...sound, '../../evil.json': '{}' }),
    'holds "../../evil.json", a path that leads out',
  ],
  ['without recipe.json', zipOf(withoutRecipe), 'holds no run: there is no recipe.json'],
  ['without model.json', zipOf(withoutModel), 'holds a recipe but no run: there is no model.json'],
  ['with a bad recipe', zipOf({ ...sound, 'run/recipe.json': '{"data":{"source":"digitz"}}' }), 'data.source'],
  ['with a recipe that is no JSON', zipOf({ ...sound, 'run/recipe.json': '{' }), 'bad.zip: recipe.json: is not JSON'],
  ['with a bad model', zipOf({ ...sound, 'run/model.json': '{}' }), 'bad.zip: model.json: does not describe a model'],
  [
    'with a bad result',
    zipOf({ ...sound, 'run/result.json': '{}', 'run/final.safetensors': '' }),
    'result.json: is not the result of a run',
  ],
  ['with a result but no weights', zipOf({ ...sound, 'run/result.json': '{}' }), 'lacks final.safetensors of its run'],
  [
    'with broken metrics',
    zipOf({ ...sound, 'run/metrics.jsonl': '{"step":1}\n{"st\n' }),
    'metrics.jsonl, evaluation 2: is not JSON',
  ],
  ['with two runs', zipOf({ ...sound, 'other/recipe.json': '{}' }), 'holds several runs, such as run/ and other/'],
  ['with a search', zipOf({ ...sound, 'run/search.json': '{}' }), 'holds a search, not a run'],
])('a zip %s is refused with one sentence, and leaves nothing behind', async (_, bytes, sentence) => {
  const folder = temporaryFolder();
  workIn(folder);
  const path = writeFile(folder, 'bad.zip', bytes);
  const { code, stdout, stderr } = await descent(['unpack', path]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(sentence);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(filesIn(folder)).toEqual(['bad.zip']);
});

test('the sound zip of these faults is taken, with or without a folder around its files', async () => {
  workIn(temporaryFolder());
  writeFileSync('sound.zip', zipOf(sound));
  expect((await descent(['unpack', 'sound.zip'])).code).toBe(0);
  expect(filesIn('runs')).toContain(join('run', 'recipe.json'));
  const bare = Object.fromEntries(Object.entries(sound).map(([path, text]) => [path.slice('run/'.length), text]));
  writeFileSync('bare.zip', zipOf(bare));
  expect((await descent(['unpack', 'bare.zip'])).code).toBe(0);
  expect(filesIn('runs')).toContain(join('bare', 'recipe.json'));
});

test('unpack writes over nothing, and pack neither', async () => {
  const used = temporaryFolder();
  writeFile(used, 'mine.txt', 'text');
  const cases = [
    [['unpack', zip, '--out', half], 'already holds a run. Choose another --out.'],
    [['unpack', zip, '--out', used], 'is not empty. Choose another --out.'],
    [['unpack', join(place, 'gone.zip')], 'is not there. Correct the path.'],
    [['pack', half, '--out', zip], 'is there already. Choose another --out.'],
    [['pack', used], 'holds no run: there is no recipe.json.'],
  ] as const;
  for (const [args, sentence] of cases) {
    expect(await descent(args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(sentence) as string,
    });
  }
  expect(filesIn(used)).toEqual(['mine.txt']);
});

test('a run that is being written is not packed', async () => {
  using _lock = lockRun(half);
  const { code, stderr } = await descent(['pack', half, '--out', join(temporaryFolder(), 'x.zip')]);
  expect(code).toBe(2);
  expect(stderr).toContain('is being written by another process');
});
