/**
 * A search into a search folder, from its beginning or from where it was interrupted, with a view of how it goes: what `descent search`
 * does once its options are read, for every command that searches.
 */
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { datasetSha256 } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { CheckError, DataError, InterruptedError, LimitError, RecipeError } from '../../src/errors.ts';
import { formatBytes, formatCount, sayCount } from '../../src/numbers.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { describePopulations, noteDraws } from '../../src/search/describe.ts';
import { planSearch } from '../../src/search/planning.ts';
import type { SearchPlan } from '../../src/search/planning.ts';
import type { Limits } from '../../src/search/populations.ts';
import { search, usualMemoryBytes } from '../../src/search/search.ts';
import type { TableEvent } from '../../src/search/search.ts';
import type { SearchResultJson } from '../../src/search/search-json.ts';
import { readSpace, trialRecipe } from '../../src/search/space.ts';
import { runKey } from '../../src/search/summary.ts';
import type { RunRecord, SearchResult } from '../../src/search/trials.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import { trainedRowCount } from '../../src/train/duration.ts';
import type { Io } from '../output.ts';
import { holdsRun } from '../run-folder.ts';
import { lockRun } from '../run-lock.ts';
import { sayPopulations } from '../search/describe.ts';
import { readSearchFile } from '../search/folder.ts';
import type { SearchFile } from '../search/folder.ts';
import { holdsSearch } from '../search/marks.ts';
import { openSearch } from '../search/store.ts';
import type { FolderStore } from '../search/store.ts';
import { openSearchView } from '../search/view.ts';
import { listenForInterrupts, showPath } from './interruption.ts';
import { deviceName, openChosenDevice } from './options.ts';
import type { DeviceChoice } from './options.ts';

export interface FolderSearch extends DeviceChoice {
  /** With its section `search`. */
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  /** The search folder, created if need be. */
  readonly folder: string;
  /** Goes on where the folder holds a search of this recipe. */
  readonly resume: boolean;
  /** The folder of --data, if one was given. */
  readonly data?: string;
  /** Of the device that a population may take, in GiB, if that was said. */
  readonly memory?: number;
  readonly checkpointSeconds: number;
  /** Told to people who interrupt the search. */
  readonly commandToResume: string;
}

const gibibyte = 2 ** 30;

/** What populations are packed for: what was said, else half of the machine's memory where the device computes in it, 4 GiB on a GPU. */
export function searchLimits(device: Device, memory: number | undefined): Limits {
  const sharesMemory = device.kind === 'cpu' || device.software;
  const usual = sharesMemory ? Math.floor(totalmem() / 2) : usualMemoryBytes;
  return {
    maxBindingBytes: maxBindingBytes(device),
    memoryBytes: memory === undefined ? usual : Math.floor(memory * gibibyte),
  };
}

/** Throws DataError where a folder holds work that a new search would overwrite. */
export function refuseUsedFolder(folder: string): void {
  if (holdsSearch(folder)) {
    throw new DataError(folder, 'already holds a search. Go on with it by --resume, or choose another --out.');
  }
  if (holdsRun(folder)) throw new DataError(folder, 'already holds a run. Choose another --out.');
}

/**
 * Searches to the end and writes the result, whose best has no value where every trial diverged. Throws as `search` and `openSearch` do, and
 * InterruptedError with the command to go on.
 */
export async function searchIntoFolder(wanted: FolderSearch, io: Io): Promise<SearchResultJson> {
  const { recipe, dataset, folder } = wanted;
  // What is wrong with the space is told before a device is looked for.
  const fields = readSpace(recipe);
  const paths = fields.map(({ path }) => path);
  using device = await openChosenDevice(wanted, io);
  const goesOn = wanted.resume && holdsSearch(folder);
  const limits = goesOn ? keptLimits(folder, wanted.memory) : searchLimits(device, wanted.memory);
  const file = await describeSession(wanted, limits, device);
  const plan = planSearch(recipe, dataset, file);

  using _lock = lockRun(folder);
  if (!wanted.resume) refuseUsedFolder(folder);
  const view = openSearchView(io, paths);
  const store = openSearch(folder, recipe, file, view.say);
  const interruption = listenForInterrupts(io, view.close, `Go on with: ${wanted.commandToResume}`);
  let result: Pick<SearchResult, 'metric' | 'table'>;
  let last: TableEvent | undefined;
  try {
    for (const line of introduce(wanted, plan, file, store, deviceName(device))) view.say(line);
    const run = search(recipe, {
      device,
      dataset,
      store,
      memoryBytes: file.memoryBytes,
      maxBindingBytes: file.maxBindingBytes,
      signal: interruption.signal,
      checkpointSeconds: wanted.checkpointSeconds,
    });
    for await (const event of run) {
      view.show(event);
      if (event.type === 'table') last = event;
    }
    result = await run.result;
  } catch (cause) {
    // A search without a best has a table all the same.
    const isFruitless = cause instanceof CheckError && last?.table.every(({ value }) => value === undefined) === true;
    if (!isFruitless || last === undefined) throw explainStop(cause, wanted, limits, device);
    result = last;
  } finally {
    interruption[Symbol.dispose]();
    view.close();
  }
  const [best] = result.table;
  return store.finish(result, best?.value === undefined ? undefined : parseRecipe(trialRecipe(recipe, best.values)));
}

/** Throws CheckError where no trial of a search has a value; its table is written all the same. */
export function requireValue({ best }: SearchResultJson): void {
  if (best.value !== undefined) return;
  throw new CheckError('no trial has a finite loss to its end. Search smaller learning rates.');
}

/** The limits that a search was begun with. Throws RecipeError where this session was given other memory. */
export function keptLimits(folder: string, memory: number | undefined): Limits {
  const { memoryBytes, maxBindingBytes: bindingBytes } = readSearchFile(folder);
  if (memory !== undefined && Math.floor(memory * gibibyte) !== memoryBytes) {
    throw new RecipeError(
      '--memory',
      `the search in ${folder} was begun with ${formatBytes(memoryBytes)}, which its populations are packed for. Leave --memory out ` +
        'to go on with it.',
    );
  }
  return { memoryBytes, maxBindingBytes: bindingBytes };
}

/** Of what stops a search: the command to go on; of a population that another adapter had room for, what to do about it. */
export function explainStop(
  cause: unknown,
  { folder, commandToResume }: FolderSearch,
  limits: Limits,
  device: Device,
): unknown {
  if (cause instanceof InterruptedError) return new InterruptedError(cause.step, `Go on with: ${commandToResume}`);
  const bound = maxBindingBytes(device);
  if (!(cause instanceof LimitError) || bound >= limits.maxBindingBytes) return cause;
  return new LimitError(
    `the search in ${folder} was packed for an adapter that binds ${formatBytes(limits.maxBindingBytes)} at a time, and ${device.name} ` +
      `binds ${formatBytes(bound)}, too little for its populations. Go on on the first one or on the CPU path, or search anew in another --out.`,
  );
}

async function describeSession(
  { recipe, dataset, data }: FolderSearch,
  limits: Limits,
  device: Device,
): Promise<SearchFile> {
  const dataDigest = await datasetSha256(dataset);
  return {
    ...limits,
    adapters: [device.name],
    ...(data !== undefined && { dataFolder: resolve(data) }),
    startFolder: process.cwd(),
    ...(dataDigest !== undefined && { dataSha256: dataDigest }),
    trainRows: trainedRowCount(recipe, dataset),
    notes: [...dataset.notes],
  };
}

/** What is searched where, before it begins. */
function introduce(
  { recipe, folder }: FolderSearch,
  { trials, populations }: SearchPlan,
  { memoryBytes, notes }: SearchFile,
  { records }: FolderStore,
  adapter: string,
): string[] {
  const described = describePopulations(populations, Object.keys(recipe.search?.space ?? {}));
  const { strategy = 'random' } = recipe.search ?? {};
  const first = strategy === 'coarseToFine' || strategy === 'halving' ? ' at first' : '';
  const done = new Set(records.map(({ population }) => population)).size;
  return [
    `${recipe.name}: ${sayCount(trials.length, 'trial')}${first} on ${adapter}; ` +
      sayPopulations(described, memoryBytes),
    ...notes,
    ...noteDraws(recipe, trials.length),
    ...(done > 0
      ? [
          `Going on: ${sayDone(records)} in ${sayCount(done, 'population')} ${records.length === 1 ? 'is' : 'are'} done.`,
        ]
      : []),
    `Search folder ${showPath(folder)}`,
  ];
}

/** Runs, and how many rounds they were trained in where there were several: each run from cut to cut. */
function sayDone(records: readonly RunRecord[]): string {
  const runs = new Set(records.map(runKey)).size;
  if (runs === records.length) return sayCount(runs, 'run');
  return `${formatCount(records.length)} trainings of ${sayCount(runs, 'run')}, from cut to cut,`;
}
