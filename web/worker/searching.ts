/**
 * Searches, kept in the browser's storage. A device that is lost on the way is opened anew and the search goes on from its last checkpoint, to
 * the same table; so does a search whose page was closed.
 */
import { datasetSha256 } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { CheckError, InterruptedError } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { describePopulations, noteDraws } from '../../src/search/describe.ts';
import { lastRecords } from '../../src/search/places.ts';
import { planSearch } from '../../src/search/planning.ts';
import type { Limits } from '../../src/search/populations.ts';
import { search, usualMemoryBytes } from '../../src/search/search.ts';
import type { TableEvent } from '../../src/search/search.ts';
import { readSpace, trialRecipe } from '../../src/search/space.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import type { CallContext, Handlers } from '../protocol/calls.ts';
import type {
  SearchingCalls,
  SearchOutcome,
  SearchPlanReport,
  SearchReport,
  SearchRequest,
  StoredSearch,
} from '../protocol/searching.ts';
import { withRunLock } from '../storage/run-lock.ts';
import { endSearch, openSearchStore, readSearch } from '../storage/searches.ts';
import type { KeptSearchStore } from '../storage/searches.ts';
import { withRecovery } from './recovery.ts';
import { startSearchReports } from './search-reports.ts';
import type { Workplace } from './workplace.ts';

type Context = CallContext<SearchReport>;

export function searchingHandlers(workplace: Workplace): Handlers<SearchingCalls> {
  return {
    async planSearch({ recipe, memoryBytes }) {
      const dataset = await workplace.dataset(recipe.data);
      return describePlan(recipe, dataset, limitsOf(await workplace.devices.current(), memoryBytes));
    },
    search: (request, context) =>
      withRunLock(request.id, request.name, () =>
        workplace.work('a search', (device) => searchKept(workplace, device, request, context)),
      ),
    endSearch: async ({ id }) => endSearch(await workplace.database(), id),
    readSearch: async ({ id }) => readStored(workplace, id),
    trialRecipe: ({ recipe, values }) => trialRecipe(recipe, values),
  };
}

/** What populations are packed for: what was said, else half of what the browser says the machine has, at most 4 GiB. */
function limitsOf(device: Device, memoryBytes: number | undefined): Limits {
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  const usual = Math.min(usualMemoryBytes, deviceMemory === undefined ? Infinity : (deviceMemory * 2 ** 30) / 2);
  return { maxBindingBytes: maxBindingBytes(device), memoryBytes: memoryBytes ?? usual };
}

function describePlan(recipe: Recipe, dataset: Dataset, limits: Limits): SearchPlanReport {
  const paths = readSpace(recipe).map(({ path }) => path);
  const { metric, trials, populations, cuts } = planSearch(recipe, dataset, limits);
  return {
    metric,
    trials: trials.length,
    runs: populations.reduce((sum, { runs }) => sum + runs.length, 0),
    populations: describePopulations(populations, paths),
    cuts,
    memoryBytes: limits.memoryBytes,
    notes: [...dataset.notes, ...noteDraws(recipe, trials.length)],
  };
}

async function searchKept(
  workplace: Workplace,
  device: Device,
  request: SearchRequest,
  context: Context,
): Promise<SearchOutcome> {
  const { id, name, recipe } = request;
  const dataset = await workplace.dataset(recipe.data);
  const limits = limitsOf(device, request.memoryBytes);
  const { populations } = planSearch(recipe, dataset, limits);
  const store = await openSearchStore(await workplace.database(), {
    id,
    name,
    recipe,
    device,
    limits,
    dataSha256: await datasetSha256(dataset),
  });
  const checkpointSeconds = secondsBetween(Math.max(...populations.map(({ deviceBytes }) => deviceBytes)));
  let checkpoints = 0;
  try {
    return await withRecovery(workplace.devices, {
      job: (current, onSaved) =>
        searchOnce(
          workplace,
          { device: current, dataset, recipe, store, checkpointSeconds, onSaved: () => onSaved(++checkpoints) },
          context,
        ),
      onLost: (reason) => context.emit({ type: 'recovered', reason }),
    });
  } catch (cause) {
    await store.fail();
    throw cause;
  }
}

/** Between two checkpoints of a population: the writing, at about 100 MB a second, takes at most a twentieth of the time. */
function secondsBetween(deviceBytes: number): number {
  return Math.min(60, Math.max(2, deviceBytes / 5e6));
}

interface SearchJob {
  readonly device: Device;
  readonly dataset: Dataset;
  readonly recipe: Recipe;
  readonly store: KeptSearchStore;
  readonly checkpointSeconds: number;
  /** Told at each checkpoint. */
  readonly onSaved: () => void;
}

async function searchOnce(
  workplace: Workplace,
  { device, dataset, recipe, store, checkpointSeconds, onSaved }: SearchJob,
  { signal, emit }: Context,
): Promise<SearchOutcome> {
  const reports = startSearchReports(store.curves, Object.keys(recipe.search?.space ?? {}), emit);
  let recordCount = 0;
  let last: TableEvent | undefined;
  function tellRecords(): void {
    if (store.records.length === recordCount) return;
    recordCount = store.records.length;
    emit({ type: 'records', records: lastRecords(store.records) });
  }
  tellRecords();
  try {
    const run = search(recipe, {
      device,
      dataset,
      store,
      ...store.limits,
      signal,
      chunkMilliseconds: workplace.chunkBudget(device),
      checkpointSeconds,
    });
    for await (const event of run) {
      reports.add(event);
      if (event.type === 'population' && event.event.type === 'checkpoint') onSaved();
      if (event.type !== 'table') continue;
      last = event;
      store.keepTable({ metric: event.metric, table: event.table, curves: reports.curves });
      tellRecords();
    }
    await run.result;
    await store.finish();
    return { state: 'finished' };
  } catch (cause) {
    if (cause instanceof InterruptedError) {
      await store.pause();
      return { state: 'paused' };
    }
    // A search without a best has a table all the same.
    const isFruitless = cause instanceof CheckError && last?.table.every(({ value }) => value === undefined) === true;
    if (!isFruitless) throw cause;
    await store.finish();
    return { state: 'finished', problem: cause.message };
  } finally {
    reports.flush();
  }
}

async function readStored(workplace: Workplace, id: string | undefined): Promise<StoredSearch | undefined> {
  const kept = await readSearch(await workplace.database(), id);
  if (kept === undefined) return undefined;
  const { entry, recipe, records, table } = kept;
  const { metric = recipe.search?.metric ?? 'accuracy', curves = { trials: [], best: [] } } = table ?? {};
  return {
    id: entry.id,
    name: entry.name,
    state: entry.state === 'finished' || entry.state === 'stopped' ? 'finished' : 'paused',
    recipe,
    metric,
    table: table?.table ?? [],
    records: lastRecords(records),
    curves,
  };
}
