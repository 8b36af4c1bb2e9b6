/** Options that several commands share, and what they stand for: a recipe with its data, a device. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { formatSeconds } from '../../src/numbers.ts';
import { parseJson } from '../../src/recipe/json.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { TuneWhen, TuningReport } from '../../src/gpu/tuning.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { nearest, overrideJson, overrideRecipe, parseRecipe, upgradeRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { Device } from '../../src/train/device.ts';
import { rescaleToEpochs, trainedRowCount } from '../../src/train/duration.ts';
import { openDevice } from '../device.ts';
import { isFolder, openDataFiles } from '../files.ts';
import type { Io } from '../output.ts';

export interface RecipeOptions {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly epochs?: number;
  readonly data?: string;
}

/** What the command line says, if anything. */
export interface DeviceChoice {
  readonly device?: 'auto' | 'gpu' | 'cpu';
  readonly adapter?: string;
  readonly tune?: TuneWhen;
}

export const recipeArgument = 'a recipe file, or the name of a built-in recipe (see "descent recipes")';

/** Adds --set, --seed, --epochs and --data. `aboutEpochs`: what so many epochs are. */
export function addRecipeOptions(
  command: Command,
  aboutEpochs = 'train for so many epochs; the schedule is rescaled',
): Command {
  return command
    .option('--set <path=value>', 'set any field of the recipe, such as optimizer.learningRate=1e-3', collectSetting)
    .option('--seed <n>', 'seed of initial weights, dropout and gaussianNoise', parseCount)
    .option('--epochs <n>', aboutEpochs, parsePositive)
    .option(
      '--data <folder>',
      'folder of the data sets: fashion-mnist/, cifar-10-batches-bin/, tables/ (CSV files) and images/ (packed pictures), or the files themselves',
    );
}

/** Adds --device and --adapter; `standard` says what is taken where they are left out. */
export function addDeviceOptions(command: Command, standard = 'auto'): Command {
  return command
    .addOption(
      new Option('--device <kind>', `auto: the best adapter, else the CPU path (default: ${standard})`).choices([
        'auto',
        'gpu',
        'cpu',
      ]),
    )
    .option('--adapter <name>', 'an adapter by a part of its name (see "descent devices")');
}

/** Adds --tune, for commands that train. */
export function addTuneOption(command: Command): Command {
  const about =
    'measure which launch variants of the matrix products are fastest. auto: on GPUs, what is not known yet; always: anew, on any ' +
    'adapter; never: take the usual ones';
  return command.addOption(new Option('--tune <when>', about).choices(['auto', 'always', 'never']).default('auto'));
}

/** Adds --observations, for commands that train or plan a training. */
export function addObservationsOption(command: Command): Command {
  const about = 'how often to keep histograms and statistics of weights, gradients, updates and activations; 0: never';
  return command.option('--observations <n>', about, parseCount, 60);
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print one JSON object on standard output and nothing else there');
}

function collectSetting(text: string, settings: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as path=value.');
  const value = text.slice(at + 1);
  // Messages write model.layers[0].units, so that is understood too.
  const path = text.slice(0, at).replace(/\[(\d+)\]/g, '.$1');
  return { ...settings, [path]: parseSetting(value) };
}

function parseSetting(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  return parseWhole(text, 0);
}

/** A whole number from 2. */
export function parseSeveral(text: string): number {
  return parseWhole(text, 2);
}

/** A whole number from 1. */
export function parsePositive(text: string): number {
  return parseWhole(text, 1);
}

function parseWhole(text: string, least: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < least) {
    throw new InvalidArgumentError(`Give a whole number from ${least}.`);
  }
  return count;
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0 && seconds < Infinity))
    throw new InvalidArgumentError('Give a number of seconds.');
  return seconds;
}

/**
 * The recipe that an argument and options describe, and its data; of a run that goes on, `startFolder` is where it was started. Throws
 * DataError or RecipeError.
 */
export async function openRecipe(
  name: string,
  options: RecipeOptions,
  startFolder?: string,
  amend?: (json: unknown) => unknown,
): Promise<{ readonly recipe: Recipe; readonly dataset: Dataset }> {
  const recipe = askedRecipe(name, options, amend);
  const dataset = await loadDataset(recipe.data, openDataFiles(options.data, startFolder));
  if (options.epochs === undefined) return { recipe, dataset };
  return { recipe: rescaleToEpochs(recipe, options.epochs, trainedRowCount(recipe, dataset)), dataset };
}

/**
 * The recipe that an argument and options describe, without --epochs, which has to know the training rows. `amend` takes in what a
 * command's own options say, before the others.
 */
export function askedRecipe(
  name: string,
  { set, seed }: RecipeOptions,
  amend: (json: unknown) => unknown = (json) => json,
): Recipe {
  return overrideRecipe(amend(readRecipe(name)), { ...set, ...(seed !== undefined && { seed }) });
}

/** The recipe that an argument and options describe, as it was written: without the defaults, and not validated. */
export function askedJson(name: string, { set, seed }: RecipeOptions): Record<string, unknown> {
  return overrideJson(readRecipe(name), { ...set, ...(seed !== undefined && { seed }) });
}

/** A built-in recipe or a file's JSON, not validated but for being an object. */
function readRecipe(name: string): unknown {
  if (Object.hasOwn(builtInRecipes, name)) return builtInRecipes[name];
  if (!existsSync(name)) throw unknownRecipe(name);
  const json = upgradeRecipe(parseJson(readInput(name).toString('utf8'), name));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return parseRecipe(json);
  return json;
}

/** The error for a name that is no recipe, with what there is. */
export function unknownRecipe(name: string): RecipeError {
  const known = Object.keys(builtInRecipes);
  const near = nearest(name, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  return new RecipeError(name, `is no file and no built-in recipe.${hint} Built in: ${known.join(', ')}.`);
}

/** Throws DataError where a file that an option names cannot be written; to be asked before the work, not after it. */
export function checkWritable(path: string, option: string): void {
  if (isFolder(path)) throw new DataError(path, `is a folder, expected a file. Give ${option} a file.`);
  if (!isFolder(dirname(path))) throw new DataError(dirname(path), `this folder is not there. Correct ${option}.`);
}

/** Reads a file that was named on the command line. */
export function readInput(path: string): Buffer {
  if (!existsSync(path)) throw new DataError(path, 'is not there. Correct the path.');
  if (isFolder(path)) throw new DataError(path, 'is a folder, expected a file. Correct the path.');
  return readFileSync(path);
}

/** Opens the chosen device; says on standard error when `auto` comes down to the CPU path. */
export function openChosenDevice({ device, adapter, tune }: DeviceChoice, io: Io): Promise<Device> {
  if (device === 'cpu' && tune === 'always') {
    throw new RecipeError('--tune', 'the CPU path has nothing to tune. Leave out --tune or --device cpu.');
  }
  return openDevice({
    ...(device !== undefined && { device }),
    ...(adapter !== undefined && { adapter }),
    ...(tune !== undefined && { tune }),
    onFallback: (reason) => io.stderr(`${reason}\nGoing on with the CPU path.\n`),
    onTuned: (report) => io.stderr(sayTuning(report)),
  });
}

function sayTuning({ seconds, products, faults, left }: TuningReport): string {
  const rest = left === 0 ? '' : `; ${left} ${left === 1 ? 'is' : 'are'} left for the next run`;
  const count = products.length === 1 ? '1 matrix product' : `${products.length} matrix products`;
  const lines = [`Measured launch variants of ${count} in ${formatSeconds(seconds)}${rest}.`];
  return [...lines, ...faults].map((line) => `${line}\n`).join('');
}

/** Opens a GPU adapter, which a comparison with the CPU path needs. */
export async function openGpu(adapter: string | undefined): Promise<GpuDevice> {
  const device = await openDevice({ device: 'gpu', ...(adapter !== undefined && { adapter }) });
  if (device.kind !== 'gpu') throw new Error('asked for a GPU, got the CPU path');
  return device;
}

/** The adapter as the human output names it. */
export function deviceName(device: Device): string {
  return device.kind === 'gpu' && device.software ? `${device.name} (software)` : device.name;
}
