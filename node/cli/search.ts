/** `descent search RECIPE`: trains many trials of a recipe, packed into populations, and keeps them in a search folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DataError, RecipeError } from '../../src/errors.ts';
import { formatNumber, formatSeconds, sayCount } from '../../src/numbers.ts';
import { isObject } from '../../src/recipe/paths.ts';
import { strategyNames } from '../../src/recipe/search-schema.ts';
import { sayInJson } from '../../src/recipe/search-values.ts';
import { describePopulations, noteDraws } from '../../src/search/describe.ts';
import { planSearch } from '../../src/search/planning.ts';
import type { SearchResultJson } from '../../src/search/search-json.ts';
import { readSpace } from '../../src/search/space.ts';
import { rescaleToEpochs } from '../../src/train/duration.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { refuseOtherRecipe } from '../run-folder.ts';
import { formatPopulations, sayPopulations } from '../search/describe.ts';
import { readSearchFile, readSearchRecipe, readSearchResult } from '../search/folder.ts';
import { holdsSearch } from '../search/marks.ts';
import { sayMean, tableAlignment, tableRows } from '../search/table.ts';
import { freshFolder, resumeCommand, showPath } from './interruption.ts';
import {
  addDeviceOptions,
  addJsonOption,
  addRecipeOptions,
  addTuneOption,
  askedRecipe,
  deviceName,
  openChosenDevice,
  openRecipe,
  parsePositive,
  parseSeconds,
  parseSeveral,
  recipeArgument,
} from './options.ts';
import type { DeviceChoice, RecipeOptions } from './options.ts';
import { refuseUsedFolder, requireValue, searchIntoFolder, searchLimits } from './searching.ts';

interface SearchCommandOptions extends RecipeOptions, DeviceChoice {
  readonly trials?: number;
  readonly folds?: number;
  readonly repeats?: number;
  readonly strategy?: string;
  readonly metric?: string;
  readonly space?: Readonly<Record<string, unknown>>;
  readonly memory?: number;
  readonly out?: string;
  readonly resume?: boolean;
  readonly checkpointSeconds: number;
  readonly plan?: boolean;
  readonly json?: boolean;
}

/** Lines of the table that is printed; the others are in trials.csv. */
const mostPrinted = 20;

export function searchCommand(io: Io, args: readonly string[]): Command {
  const command = new Command('search')
    .description(
      'train many trials of a recipe at once and compare them on validation, with everything in a search folder',
    )
    .argument('<recipe>', recipeArgument)
    .option(
      '--space <path=json>',
      'vary a field: l2={"logUniform":[1e-5,1e-1]}, or with uniform, int, choice, grid; may be given again',
      collectSpace,
    )
    .addOption(
      new Option('--strategy <name>', "how the trials are chosen (default: the recipe's, else random)").choices(
        strategyNames,
      ),
    )
    .option('--trials <n>', "so many draws (default: the recipe's, else 16)", parsePositive)
    .option('--folds <k>', 'cross-validate: train each trial so many times', parseSeveral)
    .option('--repeats <n>', 'train each trial with so many seeds', parsePositive)
    .addOption(
      new Option('--metric <name>', 'compare the trials by this (default: accuracy, of a regression loss)').choices([
        'accuracy',
        'loss',
      ]),
    );
  addTuneOption(addDeviceOptions(addRecipeOptions(command)))
    .option('--out <folder>', 'the search folder, created if need be (default: searches/<name>-<seed>-<time>)')
    .option('--resume', 'go on with the search in --out: what is done is not done again')
    .option(
      '--memory <gib>',
      'device memory that the trials trained at once may take (default: 4 on a GPU, whose memory WebGPU does not tell; half of the ' +
        "machine's on software adapters and the CPU path)",
      parseMemory,
    )
    .option('--checkpoint-seconds <s>', 'time between two checkpoints', parseSeconds, 1.5)
    .option('--plan', 'only print the populations that the search begins with, and what they take of the device');
  return addJsonOption(command).action(async (name: string, options: SearchCommandOptions) => {
    if (options.plan === true) return printPlan(name, options, io);
    const { out } = options;
    if (options.resume === true) requireSearch(out);
    else if (out !== undefined) refuseUsedFolder(out);
    const finished = options.resume === true && out !== undefined ? finishedResult(out, name, options) : undefined;
    if (finished !== undefined && options.json !== true) io.stdout('This search is finished.\n');
    const { folder, result } =
      finished === undefined ? await startOrResume(name, options, io, args) : { folder: out ?? '', result: finished };
    if (options.json === true) io.stdout(formatJson({ ...result, search: folder }));
    else io.stdout(formatSearch(result, folder));
    if (finished === undefined || !existsSync(join(folder, 'report.html'))) await drawReport(folder, io);
    requireValue(result);
  });
}

function requireSearch(out: string | undefined): void {
  if (out === undefined) throw new RecipeError('--resume', 'needs --out, the folder of the search to go on with.');
  if (holdsSearch(out)) return;
  throw new DataError(out, 'holds no search to go on with. Correct --out, or leave out --resume to begin one there.');
}

async function startOrResume(
  name: string,
  options: SearchCommandOptions,
  io: Io,
  args: readonly string[],
): Promise<{ readonly folder: string; readonly result: SearchResultJson }> {
  const stored = options.resume === true && options.out !== undefined ? readSearchFile(options.out) : undefined;
  const data = options.data ?? stored?.dataFolder;
  const opened = await openRecipe(
    name,
    { ...options, ...(data !== undefined && { data }) },
    stored?.startFolder,
    amendSearch(options),
  );
  const folder = options.out ?? freshFolder('searches', opened.recipe, holdsSearch);
  const commandToResume = resumeCommand(args, folder);
  const result = await searchIntoFolder(
    { ...options, ...opened, folder, resume: options.resume === true, commandToResume },
    io,
  );
  return { folder, result };
}

/** What draws is loaded only here. */
async function drawReport(folder: string, io: Io): Promise<void> {
  const { writeSearchReport } = await import('../report/search/report.ts');
  const { page } = await writeSearchReport(folder);
  io.stderr(`The report is ${showPath(page)}\n`);
}

/** The result of a search that is finished: its data is not needed any more. Throws RecipeError where another search was asked for. */
function finishedResult(folder: string, name: string, options: SearchCommandOptions): SearchResultJson | undefined {
  const result = readSearchResult(folder);
  if (result === undefined) return undefined;
  const recipe = askedRecipe(name, options, amendSearch(options));
  const { epochs } = options;
  const asked = epochs === undefined ? recipe : rescaleToEpochs(recipe, epochs, readSearchFile(folder).trainRows);
  refuseOtherRecipe(folder, 'search', readSearchRecipe(folder), asked);
  return result;
}

async function printPlan(name: string, options: SearchCommandOptions, io: Io): Promise<void> {
  const { recipe, dataset } = await openRecipe(name, options, undefined, amendSearch(options));
  const paths = readSpace(recipe).map(({ path }) => path);
  using device = await openChosenDevice(options, io);
  const limits = searchLimits(device, options.memory);
  const { trials, populations, metric, cuts } = planSearch(recipe, dataset, limits);
  const described = describePopulations(populations, paths);
  if (options.json === true) {
    const counts = { trials: trials.length, runs: described.reduce((sum, { runs }) => sum + runs, 0) };
    const facts = { recipe: recipe.name, adapter: device.name, metric, ...limits, ...counts, cuts };
    io.stdout(formatJson({ ...facts, populations: described }));
    return;
  }
  const lines = [
    `${recipe.name}: ${sayCount(trials.length, 'trial')} on ${deviceName(device)}; ${sayPopulations(described, limits.memoryBytes)}`,
    ...noteDraws(recipe, trials.length),
  ];
  io.stdout(`${lines.join('\n')}\n\n${formatPopulations(described)}`);
  const { strategy } = recipe.search ?? {};
  if (strategy === 'coarseToFine') io.stdout('\nThe finer trials around the best of these follow.\n');
  if (strategy === 'halving') io.stdout(`\nIn ${sayCount(cuts.length, 'cut')} the worse of them are given up.\n`);
}

/** Takes what the options say into the section `search` of a recipe's JSON. */
function amendSearch({ space, ...options }: SearchCommandOptions): (json: unknown) => unknown {
  const { strategy, trials, folds, repeats, metric } = options;
  const given = Object.entries({ strategy, trials, folds, repeats, metric }).filter(([, value]) => value !== undefined);
  return (json) => {
    const { search, ...others } = json as { readonly search?: unknown };
    const section = isObject(search) ? search : {};
    const fields = isObject(section['space']) ? section['space'] : {};
    if (Object.keys({ ...fields, ...space }).length === 0) {
      throw new RecipeError(
        'search.space',
        'names no field to vary. Give one by --space, such as --space \'l2={"logUniform":[1e-5,1e-1]}\', or in the recipe.',
      );
    }
    if (given.length === 0 && space === undefined) return json;
    return { ...others, search: { ...section, ...Object.fromEntries(given), space: { ...fields, ...space } } };
  };
}

function collectSpace(text: string, space: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const example = 'Write it as path=JSON, such as l2={"logUniform":[1e-5,1e-1]}.';
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(example);
  const path = text.slice(0, at).replace(/\[(\d+|\*)\]/g, '.$1');
  if (Object.hasOwn(space, path)) throw new InvalidArgumentError('This field is given twice. Leave out one of them.');
  try {
    return { ...space, [path]: JSON.parse(text.slice(at + 1)) as unknown };
  } catch {
    throw new InvalidArgumentError(`What follows "=" is not JSON. ${example}`);
  }
}

function parseMemory(text: string): number {
  const size = Number(text);
  if (text.trim() === '' || !(size > 0 && size < Infinity))
    throw new InvalidArgumentError('Give a number of GiB above 0.');
  return size;
}

/** The result for people: the table, the best trial, and how to train it. */
function formatSearch({ metric, table, best, adapter, seconds }: SearchResultJson, folder: string): string {
  const paths = Object.keys(best.values);
  const rows = formatTable(tableRows(table, paths, metric, mostPrinted), tableAlignment(paths));
  const more = table.length - mostPrinted;
  const rest = more > 0 ? `… and ${more} more, see ${showPath(join(folder, 'trials.csv'))}\n` : '';
  const values = paths.map((path) => `${path} ${sayInJson(best.values[path], formatNumber)}`).join(', ');
  const facts = [
    ...(best.value === undefined
      ? []
      : [
          ['best', `trial ${best.index}, validation ${metric} ${sayMean(metric, best)}: ${values}`],
          ['train it', `descent train ${showPath(join(folder, 'best.json'))}   (only this looks at the test set)`],
        ]),
    ['adapter', adapter],
    ['time', `${formatSeconds(seconds)} in all`],
    ['search folder', showPath(folder)],
  ];
  return `${rows}${rest}\n${formatTable(facts, 'll')}`;
}
