/** Does the work of one row, or goes on with it, in the row's folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, InterruptedError } from '../../src/errors.ts';
import { formatCount, formatNumber } from '../../src/numbers.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { rangeTest } from '../../src/lr-find/range-test.ts';
import type { Device } from '../../src/train/device.ts';
import { planDuration, trainedRowCount } from '../../src/train/duration.ts';
import { overfit } from '../../src/verify/overfit.ts';
import { listenForInterrupts } from '../cli/interruption.ts';
import { askedRecipe, openChosenDevice } from '../cli/options.ts';
import type { DeviceChoice } from '../cli/options.ts';
import { trainIntoFolder } from '../cli/training.ts';
import { openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';
import { requireValue, searchIntoFolder } from '../cli/searching.ts';
import { solveExercise } from './exercise.ts';
import { checkScenes } from './gradients.ts';
import { openInMode } from './modes.ts';
import type { DoneWork } from './modes.ts';
import type { FiguresRow, GradientRow, OverfitRow, PublishedRow, RangeRow } from './published/types.ts';
import { readAbout, writeAbout, writeRowResult } from './stored.ts';
import type { ResultOf, RowResult } from './stored.ts';
import type { ProgramVersion } from './version.ts';

export interface RowOptions extends DeviceChoice {
  readonly data?: string;
  readonly program: ProgramVersion;
  /** Told to people who interrupt a row. */
  readonly commandToResume: string;
  readonly io: Io;
}

const checkpointSeconds = 1.5;
/** As `descent train` takes. */
const observations = 60;

/** Does a row; `of` is the finished work that a row of figures is drawn from. */
export async function runRow(
  row: PublishedRow,
  work: DoneWork,
  of: DoneWork | undefined,
  options: RowOptions,
): Promise<void> {
  const { folder, mode } = work;
  const { io, data, program } = options;
  if (row.kind === 'exercise') {
    writeAbout(folder, { ...program, notes: [] });
    writeRowResult(folder, await solveExercise());
    return;
  }
  const asked = askedRecipe(row.recipe, {});
  if (row.kind === 'figures') {
    if (of === undefined) throw new DataError(folder, `shows the run of row ${row.of}, which is not done.`);
    writeAbout(folder, { ...program, recipe: asked, notes: readAbout(of.folder).notes });
    writeRowResult(folder, await drawFigures(row, of.folder, folder, options));
    return;
  }
  const opened = await openInMode(row.recipe, mode, data);
  // What was begun is gone on with; the others begin again.
  if (row.kind === 'train' || row.kind === 'search') checkSameRow(row, work);
  writeAbout(folder, { ...program, recipe: asked, notes: [...opened.dataset.notes] });
  switch (row.kind) {
    case 'train': {
      const training = { ...options, ...opened, folder, resume: true, checkpointSeconds, observations };
      await trainIntoFolder(training, io);
      return;
    }
    case 'search':
      requireValue(await searchIntoFolder({ ...options, ...opened, folder, resume: true, checkpointSeconds }, io));
      return;
    default:
      writeRowResult(folder, await measure(row, opened.recipe, opened.dataset, options));
  }
}

async function measure(
  row: GradientRow | OverfitRow | RangeRow,
  recipe: Recipe,
  dataset: Dataset,
  options: RowOptions,
): Promise<RowResult> {
  const { io, commandToResume } = options;
  const line = openLiveLine(io);
  const say = (text: string): void => {
    line.clear();
    io.stderr(`${text}\n`);
  };
  const cure = `This row begins again with: ${commandToResume}`;
  using interruption = listenForInterrupts(io, line.end, cure);
  const { signal } = interruption;
  let step = 0;
  try {
    switch (row.kind) {
      case 'gradients':
        say(`${recipe.name}: gradients in float64 on the CPU path`);
        return await checkScenes(recipe, dataset, row.scenes, (text) => {
          if (signal.aborted) throw new InterruptedError(0);
          line.show(text, true);
        });
      case 'overfit': {
        using device = await openChosenDevice(options, io);
        return await learnByHeart(recipe, dataset, device, signal, (epoch, loss) => {
          step = epoch;
          line.show(`epoch ${epoch}   loss ${formatNumber(loss)}`);
        });
      }
      case 'rangeTest': {
        using device = await openChosenDevice(options, io);
        return await testRates(recipe, dataset, device, signal, (done, steps) => {
          step = done;
          line.show(`step ${formatCount(done)} of ${formatCount(steps)}`);
        });
      }
    }
    return row satisfies never;
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) throw cause;
    throw new InterruptedError(step, cure);
  } finally {
    line.clear();
  }
}

async function learnByHeart(
  recipe: Recipe,
  dataset: Dataset,
  device: Device,
  signal: AbortSignal,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<ResultOf<'overfit'>> {
  const started = performance.now();
  const curve: number[] = [];
  const result = await overfit(recipe, {
    device,
    dataset,
    signal,
    // A recipe with a length in epochs is as long as the report's.
    ...(recipe.epochs !== undefined && { epochs: recipe.epochs, toTheEnd: true }),
    onEpoch(epoch, loss) {
      // A rate that diverged was given up: the next one begins at epoch 1.
      curve.length = epoch - 1;
      curve.push(loss);
      onEpoch(epoch, loss);
    },
  });
  const { examples, epochs, loss, threshold, learningRate } = result;
  const seconds = (performance.now() - started) / 1000;
  const numbers = { seed: recipe.seed, examples, epochs, loss, threshold, learningRate, curve };
  return { kind: 'overfit', adapter: device.name, seconds, ...numbers };
}

/** The rates and the length are those of the recipe, where its schedule is a range test. */
async function testRates(
  recipe: Recipe,
  dataset: Dataset,
  device: Device,
  signal: AbortSignal,
  onStep: (step: number, steps: number) => void,
): Promise<ResultOf<'rangeTest'>> {
  const { schedule } = recipe;
  const { steps: length } = planDuration(recipe, trainedRowCount(recipe, dataset));
  const test = await rangeTest(recipe, {
    device,
    dataset,
    signal,
    steps: length,
    ...(schedule.type === 'rangeTest' && { from: schedule.from, to: schedule.to, curve: schedule.curve }),
    onProgress: ({ last, steps }) => onStep(last.step + 1, steps),
  });
  const { adapter, seconds, from, to, curve, steps, stepsPerEpoch, smoothing, ended, points, suggestions } = test;
  return {
    kind: 'rangeTest',
    adapter,
    seconds,
    seed: recipe.seed,
    from,
    to,
    curve,
    steps,
    stepsPerEpoch,
    smoothing,
    ended,
    points: [...points],
    suggestions: { ...suggestions, notes: [...suggestions.notes] },
  };
}

async function drawFigures(row: FiguresRow, run: string, folder: string, options: RowOptions): Promise<RowResult> {
  using device = await openChosenDevice(options, options.io);
  // What draws is loaded only here.
  const { drawRowFigures } = await import('./row-figures.ts');
  return await drawRowFigures(row, run, folder, options.data, device);
}

/** Throws DataError where work was done with an earlier form of a row's recipe: its numbers would stand beside settings that they do not have. */
export function checkSameRow(row: PublishedRow, { folder }: DoneWork): void {
  if (row.kind === 'exercise' || !existsSync(join(folder, 'row.json'))) return;
  const { recipe } = readAbout(folder);
  if (comparable(recipe) === comparable(askedRecipe(row.recipe, {}))) return;
  throw new DataError(
    folder,
    `was done with an earlier form of the recipe ${row.recipe}. Delete this folder to do the row again, or choose another --out.`,
  );
}

/** A recipe but for what is only told to people. */
function comparable(recipe: unknown): string {
  return JSON.stringify({ ...(recipe as Recipe), name: '', description: '' });
}
