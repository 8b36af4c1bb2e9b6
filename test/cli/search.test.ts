// `descent search`: its table, its folder, and that a search that is killed goes on to the same table.
import { appendFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { SearchResultJson } from '../../src/search/search-json.ts';
import { builtCli, descent, readText, spawnCli, temporaryFolder, until, writeFile } from './run-cli.ts';
import { emulateTerminal } from './terminal.ts';

const base = {
  name: 'few digits',
  data: { source: 'digits', train: 200, validation: 100, test: 100, normalize: 'unit' },
  model: {
    layers: [
      { type: 'dense', units: 6, activation: 'relu' },
      { type: 'dense', units: 10 },
    ],
  },
  optimizer: { type: 'sgd', learningRate: 0.1 },
  batch: 20,
  epochs: 9,
};
/** Two populations: the units tell them apart, the rates do not. */
const space = {
  'optimizer.learningRate': { logUniform: [1e-2, 1] },
  'model.layers.0.units': { grid: [4, 8] },
};
const recipe = { ...base, search: { space, trials: 3, repeats: 2 } };
const halving = { ...base, search: { space, trials: 4, strategy: 'halving', factor: 2 } };

const recipes = temporaryFolder(afterAll);

/** The arguments that search a recipe into a folder. */
function searchArgs(content: object, out: string): string[] {
  const path = writeFile(recipes, `${readdirSync(recipes).length}.json`, content);
  return ['search', path, '--device', 'cpu', '--out', out];
}

/** The lines of trials.jsonl without what times they took. */
function recordsIn(folder: string): unknown[] {
  const lines = readText(folder, 'trials.jsonl').trimEnd().split('\n');
  return lines.map((line) => ({ ...(JSON.parse(line) as object), populationSeconds: 0 }));
}

function resultIn(folder: string): SearchResultJson {
  return JSON.parse(readText(folder, 'result.json')) as SearchResultJson;
}

const undisturbed = temporaryFolder(afterAll);
let printed = '';
let noted = '';

beforeAll(async () => {
  builtCli();
  const { code, stdout, stderr } = await descent(searchArgs(recipe, undisturbed));
  expect(code, stderr).toBe(0);
  printed = stdout;
  noted = stderr;
});

test('people get the table, best first, the best trial and the command that trains it', () => {
  const lines = printed.split('\n');
  expect(lines[0]).toMatch(/^rank +trial +accuracy +learningRate +units +train +steps +state$/);
  const shares = lines.slice(1, 7).map((line) => Number(/([\d.]+) ± [\d.]+ %/.exec(line)?.[1]));
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares.every((share) => share > 0)).toBe(true);
  expect(printed).toContain(`descent train ${join(undisturbed, 'best.json')}`);
  expect(noted).toMatch(
    /^few digits: 6 trials on CPU path; 12 runs in 2 populations of up to 6, with at most [\d.]+ [KM]iB of device memory at once \([\d.]+ GiB allowed\); they differ in units$/m,
  );
  expect(noted).toMatch(
    /^population 1 of 2: 6 runs at step 90 of 90 after .*; best so far: trial \d+, validation accuracy/m,
  );
  expect(noted).toMatch(/^population 2 of 2: /m);
  expect(noted).not.toContain('\r');
});

test('the folder holds everything, and its numbers are those of the table', () => {
  const names = ['best.json', 'figures', 'populations', 'recipe.json', 'report.html', 'result.json', 'search.json'];
  expect(readdirSync(undisturbed).toSorted()).toEqual([...names, 'trials.csv', 'trials.jsonl'].toSorted());
  expect(readdirSync(join(undisturbed, 'populations'))).toEqual(['001', '002']);
  const { table, best, metric } = resultIn(undisturbed);
  expect([metric, table[0]]).toEqual(['accuracy', best]);
  const [header, ...rows] = readText(undisturbed, 'trials.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  expect(header?.slice(0, 8)).toEqual(
    'rank,trial,stage,state,optimizer.learningRate,model.layers.0.units,value,deviation'.split(','),
  );
  expect(rows.map(([, trial]) => Number(trial))).toEqual(table.map(({ index }) => index));
  expect(Number(rows[0]?.[6])).toBe(best.value);
  // The mean of the runs that trials.jsonl holds.
  const own = (recordsIn(undisturbed) as { trial: number; validation: { accuracy: number } }[]).filter(
    ({ trial }) => trial === best.index,
  );
  expect(own).toHaveLength(2);
  expect(best.value).toBeCloseTo(
    own.reduce((sum, run) => sum + run.validation.accuracy / 2, 0),
    12,
  );
  // Nothing was looked at but validation.
  expect(readText(undisturbed, 'populations', '001', 'result.json')).not.toContain('"test"');
});

test('the best recipe is complete, without the search, and trains to what the search found', async () => {
  const best = parseRecipe(JSON.parse(readText(undisturbed, 'best.json')));
  const { best: summary } = resultIn(undisturbed);
  expect(best.search).toBeUndefined();
  expect(best.optimizer.learningRate).toBe(summary.values['optimizer.learningRate']);
  expect(best.model.layers[0]).toMatchObject({ units: summary.values['model.layers.0.units'] });
  const out = join(temporaryFolder(), 'run');
  const { stdout } = await descent([
    'train',
    join(undisturbed, 'best.json'),
    '--device',
    'cpu',
    '--out',
    out,
    '--json',
  ]);
  const { weightsSha256, test: tested } = JSON.parse(stdout) as { weightsSha256: string; test: object };
  const first = (recordsIn(undisturbed) as { trial: number; seed: number; weightsSha256: string }[]).find(
    ({ trial, seed }) => trial === summary.index && seed === 0,
  );
  expect(weightsSha256).toBe(first?.weightsSha256);
  expect(tested).toMatchObject({ accuracy: expect.any(Number) });
});

test('a finished search that is resumed prints its table again', async () => {
  const again = await descent([...searchArgs(recipe, undisturbed), '--resume']);
  expect(again).toEqual({ code: 0, stdout: `This search is finished.\n${printed}`, stderr: '' });
  const { stdout } = await descent([...searchArgs(recipe, undisturbed), '--resume', '--json']);
  expect(JSON.parse(stdout)).toEqual({ ...resultIn(undisturbed), search: undisturbed });
});

test('a report that was not written before the process ended is drawn when the search is resumed', async () => {
  const page = join(undisturbed, 'report.html');
  rmSync(page);
  const { code, stdout, stderr } = await descent([...searchArgs(recipe, undisturbed), '--resume']);
  expect([code, stdout]).toEqual([0, `This search is finished.\n${printed}`]);
  expect(stderr).toBe(`The report is ${page}\n`);
  expect(readText(page)).toContain('few digits');
});

/** When the files of a search were last written. */
function writtenAt(folder: string): ReadonlyMap<string, number> {
  const names = readdirSync(join(folder, 'populations'));
  const results = names.map((name) => join(folder, 'populations', name, 'result.json')).filter(existsSync);
  return new Map(results.map((path) => [path, statSync(path).mtimeMs]));
}

function checkpointsIn(folder: string, population: string): string[] {
  const directory = join(folder, 'populations', population, 'checkpoints');
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.safetensors')) : [];
}

/** Their names, over all populations. */
function allCheckpoints(folder: string): string {
  const populations = join(folder, 'populations');
  const names = existsSync(populations) ? readdirSync(populations) : [];
  return names.flatMap((name) => checkpointsIn(folder, name).map((each) => `${name}/${each}`)).join();
}

test('killed inside its second population, a search goes on there, and ends with the same records and table', async () => {
  let folder: string;
  let args: readonly string[];
  // Where this process has to wait for its turn the search may come to its end before it is killed.
  do {
    folder = join(temporaryFolder(), 'search');
    args = [...searchArgs(recipe, folder), '--checkpoint-seconds', '0'];
    const { child, finished } = spawnCli(args);
    await until(() => child.exitCode !== null || checkpointsIn(folder, '002').length > 1);
    child.kill('SIGKILL');
    await finished;
  } while (existsSync(join(folder, 'populations', '002', 'result.json')));
  const before = writtenAt(folder);
  expect(before.size).toBe(1);
  const { code, stderr } = await descent([...args, '--resume']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Going on: 6 runs in 1 population are done.');
  expect(stderr).toMatch(/^Population 002 goes on from step \d+ of 90\.$/m);
  expect(writtenAt(folder).get([...before.keys()][0] ?? '')).toBe([...before.values()][0]);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
  expect(resultIn(folder).table).toEqual(resultIn(undisturbed).table);
  expect(readText(folder, 'trials.csv')).toBe(readText(undisturbed, 'trials.csv'));
});

test.each([
  ['halving', halving],
  ['coarse to fine', { ...base, search: { space, trials: 2, strategy: 'coarseToFine', fine: { trials: 2 } } }],
  ['cross-validation', { ...base, data: { ...base.data, validation: 0 }, search: { space, trials: 2, folds: 3 } }],
])(
  'a search by %s that is killed again and again ends with the same table',
  async (_, content) => {
    const whole = join(temporaryFolder(), 'whole');
    expect((await descent(searchArgs(content, whole))).code).toBe(0);
    const folder = join(temporaryFolder(), 'search');
    const args = [...searchArgs(content, folder), '--checkpoint-seconds', '0.01'];
    const delays: number[] = [];
    let interruptions = 0;
    while (delays.length < 5 && !existsSync(join(folder, 'result.json'))) {
      const resume = existsSync(join(folder, 'recipe.json')) ? ['--resume'] : [];
      const before = allCheckpoints(folder);
      const { child, finished } = spawnCli([...args, ...resume]);
      await until(() => child.exitCode !== null || allCheckpoints(folder) !== before);
      delays.push(Math.random() * 100);
      await new Promise((resolve) => setTimeout(resolve, delays.at(-1)));
      child.kill('SIGKILL');
      await finished;
      if (!existsSync(join(folder, 'result.json'))) interruptions++;
    }
    expect(interruptions, 'kills before the end').toBeGreaterThan(0);
    const { code, stderr } = await descent([...args, '--resume']);
    expect(code, stderr).toBe(0);
    const told = `killed after ${delays.join(', ')} ms`;
    expect(recordsIn(folder), told).toEqual(recordsIn(whole));
    expect(resultIn(folder).table, told).toEqual(resultIn(whole).table);
  },
  180_000,
);

test('a torn line and part of a population at the end of trials.jsonl are dropped and trained again', async () => {
  const folder = join(temporaryFolder(), 'search');
  const args = [...searchArgs(recipe, folder)];
  expect((await descent(args)).code).toBe(0);
  const lines = readText(folder, 'trials.jsonl').split('\n');
  rmSync(join(folder, 'result.json'));
  writeFileSync(join(folder, 'trials.jsonl'), lines.slice(0, 8).join('\n'));
  const { code, stderr } = await descent([...args, '--resume']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Going on: 6 runs in 1 population are done.');
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
  rmSync(join(folder, 'result.json'));
  appendFileSync(join(folder, 'trials.jsonl'), '{"trial":9}\n{"tri');
  expect((await descent([...args, '--resume'])).code).toBe(0);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
});

test('Ctrl-C writes a checkpoint, exits with 130 and says how to go on', async () => {
  const folder = join(temporaryFolder(), 'search');
  const args = searchArgs(recipe, folder);
  let interrupt = (): void => undefined;
  let told = '';
  const stopped = await descent(args, {
    stderr(text) {
      told += text;
      if (text.startsWith('population 1')) interrupt();
    },
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  expect(checkpointsIn(folder, '002')).toHaveLength(1);
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
  expect(existsSync(join(folder, 'populations', '002', 'run.lock'))).toBe(false);
  expect(told).toMatch(/^descent: interrupted after step \d+\. Go on with: descent search .* --out .* --resume$/m);
  const { code } = await descent([...args, '--resume']);
  expect(code).toBe(0);
  expect(recordsIn(folder)).toEqual(recordsIn(undisturbed));
});

test('on a terminal the table is redrawn in place, within it, and taken away at the end', async () => {
  const terminal = emulateTerminal(80, 9);
  // Every frame is drawn, however fast the machine is.
  let milliseconds = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (milliseconds += 101));
  onTestFinished(() => clock.mockRestore());
  const { code } = await descent(searchArgs(recipe, join(temporaryFolder(), 'search')), {
    terminalColumns: 80,
    terminalRows: 9,
    stderr: terminal.write,
  });
  expect(code).toBe(0);
  const frames = terminal.frames.filter((frame) => frame.includes('rank'));
  expect(frames.length).toBeGreaterThan(2);
  for (const frame of frames) {
    const shown = frame.split('\n');
    expect(shown.filter((line) => line.includes('rank'))).toHaveLength(1);
    expect(shown.at(-1)).toMatch(/^… and \d+ more$/);
  }
  expect(frames.join('\n')).toMatch(/^population 2 of 2: 6 runs +\d+ % +[\d,]+ samples\/s +.* left$/m);
  const last = terminal.screen();
  expect(last).not.toContain('rank');
  expect(last.split('\n').at(-1)).toMatch(/^The report is /);
});

test('--plan tells the populations and trains nothing', async () => {
  const out = join(temporaryFolder(), 'search');
  const { code, stdout } = await descent([...searchArgs(recipe, out), '--plan', '--memory', '0.01']);
  expect(code).toBe(0);
  expect(existsSync(out)).toBe(false);
  expect(stdout).toMatch(/^few digits: 6 trials on CPU path; 12 runs in \d populations of up to \d, /);
  expect(stdout).toMatch(/^population +units +runs +most that fit +steps +device memory$/m);
  const { stdout: json } = await descent([...searchArgs(recipe, out), '--plan', '--json']);
  const plan = JSON.parse(json) as { populations: { values: object; runs: number; deviceBytes: number }[] };
  expect(plan).toMatchObject({ trials: 6, runs: 12, metric: 'accuracy', adapter: 'CPU path' });
  expect(plan.populations.map(({ values, runs }) => [values, runs])).toEqual([
    [{ 'model.layers.0.units': 4 }, 6],
    [{ 'model.layers.0.units': 8 }, 6],
  ]);
});

test('options take the place of fields of the section `search`, and make one where there is none', async () => {
  const options = ['--space', 'l2={"grid":[0,1e-3]}', '--trials', '2', '--repeats', '3', '--metric', 'loss'];
  const out = join(temporaryFolder(), 'search');
  const { stdout } = await descent([...searchArgs(recipe, out), ...options, '--plan', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ metric: 'loss', trials: 8, runs: 24 });
  const bare = await descent([...searchArgs(base, out), ...options, '--strategy', 'grid', '--plan', '--json']);
  expect(bare).toMatchObject({ code: 2, stdout: '' });
  const grid = ['--space', 'model.layers[0].units={"int":[4,6]}', '--strategy', 'grid', '--plan', '--json'];
  expect(JSON.parse((await descent([...searchArgs(base, out), ...grid])).stdout)).toMatchObject({ trials: 3 });
});

test('without --out the search goes to a folder of its own under searches/', async () => {
  const before = process.cwd();
  process.chdir(temporaryFolder());
  onTestFinished(() => process.chdir(before));
  const args = searchArgs({ ...base, epochs: 1 }, 'nowhere').slice(0, -2);
  const { code, stdout } = await descent([...args, '--space', 'l2={"grid":[0,1e-3]}']);
  expect(code).toBe(0);
  const [folder] = readdirSync('searches');
  expect(folder).toMatch(/^few-digits-0-\d{4}-\d\d-\d\d-\d{6}$/);
  expect(stdout).toContain(`descent train ${join('searches', folder ?? '', 'best.json')}`);
});
