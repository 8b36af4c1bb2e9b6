/** `descent lr-find RECIPE`: a learning-rate range test, what it suggests, and the plot; `--write` puts the range into the recipe. */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CheckError, DataError, InterruptedError, RecipeError } from '../../src/errors.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { applyRange } from '../../src/lr-find/apply-range.ts';
import type { RangeChange } from '../../src/lr-find/apply-range.ts';
import { rangeCurves, rangeDefaults, rangeTest, refuseMembers } from '../../src/lr-find/range-test.ts';
import type { RangeCurve, RangeTest } from '../../src/lr-find/range-test.ts';
import type { Device } from '../../src/train/device.ts';
import { isFolder } from '../files.ts';
import { filesOfTest, rangeNumbers, writeRangeTest } from '../lr-find/folder.ts';
import { formatRangeTest, nameOptions, openRangeView } from '../lr-find/view.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { writeWhole } from '../run-folder.ts';
import { freshFolder, listenForInterrupts, showPath } from './interruption.ts';
import {
  addDeviceOptions,
  addJsonOption,
  addRecipeOptions,
  addTuneOption,
  askedJson,
  checkWritable,
  deviceName,
  openChosenDevice,
  openRecipe,
  parsePositive,
  recipeArgument,
} from './options.ts';
import type { DeviceChoice, RecipeOptions } from './options.ts';

interface LrFindOptions extends RecipeOptions, DeviceChoice {
  readonly from: number;
  readonly to: number;
  readonly curve: RangeCurve;
  readonly steps?: number;
  readonly smoothing?: number;
  readonly out?: string;
  readonly write?: string;
  readonly json?: boolean;
}

const nothingWritten = 'Nothing was written; start the test again.';

export function lrFindCommand(io: Io): Command {
  const { from, to, curve, epochs, steps } = rangeDefaults;
  const command = new Command('lr-find')
    .description(
      'find a learning rate: train while the rate rises, and see where the accuracy rises and where it breaks',
    )
    .argument('<recipe>', recipeArgument);
  const aboutEpochs = `length of the test (default: ${epochs}, and at least ${steps} steps)`;
  addTuneOption(addDeviceOptions(addRecipeOptions(command, aboutEpochs)))
    .option('--from <rate>', 'the lowest learning rate', parseNumber, from)
    .option('--to <rate>', 'the highest learning rate', parseNumber, to)
    .addOption(new Option('--curve <kind>', 'how the rate rises').choices(rangeCurves).default(curve))
    .addOption(new Option('--steps <n>', 'length of the test in steps').argParser(parsePositive).conflicts('epochs'))
    .option(
      '--smoothing <share>',
      `share of the average that each step keeps (default: ${rangeDefaults.smoothing}, less in short tests)`,
      parseNumber,
    )
    .option('--out <folder>', 'where to write numbers and plot (default: lr-find/<name>-<seed>-<time>)')
    .option('--write <file>', 'write the recipe with the range put in; may be the file of the recipe itself');
  return addJsonOption(command).action(async (name: string, options: LrFindOptions) => {
    const { out, write } = options;
    if (write !== undefined) checkTarget(write);
    if (out !== undefined && holdsTest(out)) {
      throw new DataError(out, 'already holds a range test. Choose another --out.');
    }
    const { test, folder } = await runTest(name, options, io);
    if (test.points.length === 0) {
      throw new CheckError(
        `the loss is not finite at the first step, with the rate at ${test.from}. Mend the data or the model, or lower --from.`,
      );
    }
    await writeRangeTest(folder, test);
    const written = write === undefined ? undefined : writeRange(write, name, options, test);
    if (options.json === true) {
      const changes = written && { written: { file: resolve(write ?? ''), changes: written } };
      io.stdout(formatJson({ ...rangeNumbers(test), folder: resolve(folder), ...changes }));
    } else
      io.stdout(formatRangeTest(test, showPath(folder), written && { file: showPath(write ?? ''), changes: written }));
    if (written?.length === 0) {
      throw new CheckError(
        `${write} was not written: the test suggests nothing that its recipe takes. See the notes above.`,
      );
    }
  });
}

async function runTest(
  name: string,
  options: LrFindOptions,
  io: Io,
): Promise<{ readonly test: RangeTest; readonly folder: string }> {
  const { epochs, steps, from, to, curve, smoothing, ...others } = options;
  const { recipe, dataset } = await openRecipe(name, others);
  if (recipe.members !== undefined) refuseMembers(recipe.members.length);
  const folder = options.out ?? freshFolder('lr-find', recipe, existsSync);
  using device: Device = await openChosenDevice(options, io);
  using view = openRangeView(io, recipe.name, deviceName(device));
  using interruption = listenForInterrupts(io, view.close, nothingWritten);
  try {
    const test = await rangeTest(recipe, {
      device,
      dataset,
      from,
      to,
      curve,
      ...(epochs !== undefined && { epochs }),
      ...(steps !== undefined && { steps }),
      ...(smoothing !== undefined && { smoothing }),
      signal: interruption.signal,
      onStart: view.start,
      onProgress: view.show,
    });
    return { test, folder };
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) throw nameOption(cause);
    throw new InterruptedError(cause.step, nothingWritten);
  }
}

/** Writes the recipe as the person gave it, with the range in it. Returns what was changed; nothing is written if nothing was. */
function writeRange(file: string, name: string, options: LrFindOptions, test: RangeTest): readonly RangeChange[] {
  const { recipe, changes } = applyRange(askedJson(name, options), test.suggestions);
  if (changes.length > 0) writeWhole(file, `${JSON.stringify(recipe, undefined, 2)}\n`);
  return changes;
}

/** Throws RecipeError or DataError where a recipe cannot be written, or would not be found again by its name. */
function checkTarget(file: string): void {
  checkWritable(file, '--write');
  if (!Object.hasOwn(builtInRecipes, file)) return;
  throw new RecipeError(
    '--write',
    `"descent train ${file}" takes the built-in recipe of this name, not a file. Write to ${file}.json.`,
  );
}

/** Settings of a range test that are options here: messages write them "from", or begin with them. */
const settings = ['from', 'to', 'smoothing'];

/** An error of a setting, as an error of the option. */
function nameOption(cause: unknown): unknown {
  if (!(cause instanceof RecipeError) || !settings.includes(cause.place)) return cause;
  const message = cause.message.slice(cause.place.length + 2);
  return new RecipeError(`--${cause.place}`, nameOptions(message));
}

function holdsTest(folder: string): boolean {
  return isFolder(folder) && readdirSync(folder).some((file) => filesOfTest.includes(file));
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number.');
  return value;
}
