/**
 * A search: trials drawn from a space, packed into populations, trained, compared. Everything that it decides follows from the recipe,
 * the limits and the results so far, so that a search that is gone on with takes the same course.
 */
import { loadDataset } from '../data/dataset.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { CheckError, InterruptedError, NonFiniteError } from '../errors.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { ChunkBudget } from '../train/chunks.ts';
import { maxBindingBytes } from '../train/device.ts';
import type { Device } from '../train/device.ts';
import type { EvaluationEvent, MemberResult, TrainEvent } from '../train/events.ts';
import { startRun } from '../train/run.ts';
import type { Run } from '../train/run.ts';
import { prepare } from '../train/session.ts';
import type { Prepared } from '../train/session.ts';
import { noFiles, train } from '../train/trainer.ts';
import { compact } from './compact.ts';
import { chooseMetric, cutShares, untilCut } from './planning.ts';
import { groupRuns, packGroups, trialRuns } from './populations.ts';
import type { Limits } from './populations.ts';
import { fineTrials, firstTrials, readSpace, searchOf } from './space.ts';
import type { Field } from './space.ts';
import { memoryStore } from './store.ts';
import type { SearchPopulation, SearchStore } from './store.ts';
import { runKey, summarise, trainingSeconds } from './summary.ts';
import type { RunState } from './summary.ts';
import type { MetricName, RunRecord, SearchResult, Trial, TrialRun, TrialSummary } from './trials.ts';

export interface SearchOptions {
  readonly device: Device;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** Device memory that a population may take, in bytes; WebGPU does not tell how much there is. Default: 4 GiB. */
  readonly memoryBytes?: number;
  /** Largest storage binding that populations are made for; default: the device's. A search is gone on with by the same. */
  readonly maxBindingBytes?: number;
  readonly store?: SearchStore;
  /** Once aborted, the population in training gives a last checkpoint and the search throws InterruptedError. */
  readonly signal?: AbortSignal;
  readonly chunkMilliseconds?: ChunkBudget;
  readonly checkpointSeconds?: number;
}

/** What a population may take where nothing is said, in bytes. */
export const usualMemoryBytes = 4 * 2 ** 30;

/** Before the populations of a stage, or of what is left after a cut, are trained. */
export interface PopulationsEvent {
  readonly type: 'populations';
  readonly stage: Trial['stage'];
  /** How many cuts of successive halving came before. */
  readonly cut: number;
  readonly populations: readonly SearchPopulation[];
}

export interface PopulationEvent {
  readonly type: 'population';
  readonly population: SearchPopulation;
  readonly event: TrainEvent;
}

/** The table as it is, best first: after every evaluation, and when trials were pruned. */
export interface TableEvent {
  readonly type: 'table';
  readonly metric: MetricName;
  readonly table: readonly TrialSummary[];
}

export type SearchEvent = PopulationsEvent | PopulationEvent | TableEvent;
export type SearchRun = Run<SearchEvent, SearchResult>;

/**
 * Searches the space of a recipe on a device; the test split is left alone. Throws (from the iteration and from `result`) RecipeError,
 * DataError, ShapeError or LimitError for bad input, CheckError where no trial has a finite loss, DeviceError when the device is lost.
 */
export function search(recipe: RecipeInput | Recipe, options: SearchOptions): SearchRun {
  return startRun(runSearch(recipe, options));
}

async function* runSearch(
  input: RecipeInput | Recipe,
  options: SearchOptions,
): AsyncGenerator<SearchEvent, SearchResult, void> {
  const recipe = parseRecipe(input);
  const { device, files = noFiles, memoryBytes = usualMemoryBytes, store = memoryStore() } = options;
  const dataset = options.dataset ?? (await loadDataset(recipe.data, files));
  const limits = { memoryBytes, maxBindingBytes: options.maxBindingBytes ?? maxBindingBytes(device) };
  const fields = readSpace(recipe);
  const metric = chooseMetric(recipe, dataset);
  const trials: Trial[] = [];
  const runs: TrialRun[] = [];
  const states = new Map<string, RunState>();
  const pruned = new Set<number>();
  const records: RunRecord[] = [];
  const context: Context = {
    recipe,
    dataset,
    options,
    store,
    fields,
    metric,
    limits,
    trials,
    runs,
    states,
    pruned,
    records,
  };

  yield* runStage(context, firstTrials(recipe, fields));
  if (searchOf(recipe).strategy === 'coarseToFine') {
    const coarse = tableOf(context);
    requireBest(coarse);
    yield* runStage(context, fineTrials(recipe, fields, coarse));
  }
  const table = tableOf(context);
  const best = requireBest(table);
  return {
    metric,
    table,
    records,
    best,
    adapter: device.name,
    seconds: trainingSeconds(records),
  };
}

/** The best of a table. Throws CheckError where no trial has a value. */
function requireBest([best]: readonly TrialSummary[]): TrialSummary {
  if (best?.value !== undefined) return best;
  throw new CheckError('no trial has a finite loss to its end. Search smaller learning rates.');
}

/** What the parts of a search share. */
interface Context {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly options: SearchOptions;
  readonly store: SearchStore;
  readonly fields: readonly Field[];
  readonly metric: MetricName;
  readonly limits: Limits;
  readonly trials: Trial[];
  readonly runs: TrialRun[];
  readonly states: Map<string, RunState>;
  readonly pruned: Set<number>;
  readonly records: RunRecord[];
}

function tableOf({ trials, runs, states, pruned, metric }: Context): readonly TrialSummary[] {
  return summarise(trials, runs, states, pruned, metric);
}

/** Where a run was trained up to the last cut. */
interface Origin {
  readonly population: SearchPopulation;
  readonly member: number;
}

/** Trains the trials of a stage, from cut to cut. */
async function* runStage(context: Context, trials: readonly Trial[]): AsyncGenerator<SearchEvent, void, void> {
  const { recipe, dataset, fields, metric, limits } = context;
  context.trials.push(...trials);
  let runs = trialRuns(recipe, trials);
  context.runs.push(...runs);
  const cuts = cutShares(recipe, groupRuns(recipe, fields, trials, runs, dataset), trials.length, dataset);
  let origins: ReadonlyMap<string, Origin> = new Map();
  for (let cut = 0; cut <= cuts.length; cut++) {
    const groups = groupRuns(recipe, fields, trials, runs, dataset);
    const number = 1 + new Set(context.records.map(({ population }) => population)).size;
    const populations = packGroups(groups, dataset, limits, untilCut(dataset, cuts[cut]), number);
    yield { type: 'populations', stage: trials[0]?.stage ?? 'only', cut, populations };
    for (const population of populations) {
      const known = context.store.records.filter((record) => record.population === population.name);
      const done = known.length > 0 ? known : yield* trainPopulation(context, population, origins);
      context.records.push(...done);
      for (const record of done) context.states.set(runKey(record), record);
      yield { type: 'table', metric, table: tableOf(context) };
    }
    if (cut === cuts.length) break;
    const alive = new Set(runs.map(({ trial }) => trial));
    const ranked = tableOf(context).filter(({ index, value }) => alive.has(index) && value !== undefined);
    const kept = new Set(ranked.slice(0, Math.ceil(alive.size / searchOf(recipe).factor)).map(({ index }) => index));
    for (const trial of alive) if (!kept.has(trial)) context.pruned.add(trial);
    runs = runs.filter(({ trial }) => kept.has(trial));
    origins = new Map(
      populations.flatMap((population) =>
        population.runs.map((run, member): [string, Origin] => [runKey(run), { population, member }]),
      ),
    );
    yield { type: 'table', metric, table: tableOf(context) };
  }
}

/** Populations are packed for the limits of the search; a device that it goes on on may bind less, if each of them fits. */
function prepareHere({ dataset, options, limits }: Context, recipe: Recipe): Prepared {
  const most = Math.min(limits.maxBindingBytes, maxBindingBytes(options.device));
  return prepare(recipe, dataset, { maxBindingBytes: most });
}

/** Trains one population to its cut or to its end. */
async function* trainPopulation(
  context: Context,
  population: SearchPopulation,
  origins: ReadonlyMap<string, Origin>,
): AsyncGenerator<SearchEvent, readonly RunRecord[], void> {
  const { options, store, states, metric } = context;
  const { device, signal, chunkMilliseconds, checkpointSeconds } = options;
  const prepared = prepareHere(context, population.recipe);
  using kept = store.openPopulation(population, prepared);
  const isCut = population.until < population.steps;
  let seconds = kept.checkpoint?.counters.secondsTotal ?? 0;
  function note(evaluation: EvaluationEvent): void {
    for (const [member, run] of population.runs.entries()) states.set(runKey(run), stateAt(evaluation, member));
  }
  if (kept.evaluation) note(kept.evaluation);
  const cutRecords = (): readonly RunRecord[] => recordsAtCut(population, states, seconds);
  if (isCut && (kept.checkpoint?.counters.step ?? 0) >= population.until) return keep(store, cutRecords());

  const checkpoint = kept.checkpoint ?? carriedState(context, population, prepared, origins);
  const cutting = new AbortController();
  const training = train(prepared.recipe, {
    device,
    prepared,
    evaluateTest: false,
    signal: signal === undefined ? cutting.signal : AbortSignal.any([signal, cutting.signal]),
    ...(checkpoint && { checkpoint }),
    ...(chunkMilliseconds !== undefined && { chunkMilliseconds }),
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
  });
  try {
    for await (const event of training) {
      kept.add(event);
      yield { type: 'population', population, event };
      if (event.type === 'checkpoint') seconds = event.checkpoint.counters.secondsTotal;
      if (event.type !== 'evaluation') continue;
      note(event);
      yield { type: 'table', metric, table: tableOf(context) };
      if (isCut && event.step >= population.until) cutting.abort();
    }
    const result = await training.result;
    if (isCut) return keep(store, cutRecords());
    kept.finish(result);
    return keep(
      store,
      result.members.map((member, index) => recordAtEnd(population, index, member, result.seconds.total)),
    );
  } catch (cause) {
    if (cause instanceof NonFiniteError) {
      const { step } = cause;
      return keep(
        store,
        population.runs.map((run, member) => ({
          ...run,
          population: population.name,
          member,
          step,
          state: 'diverged',
          populationSeconds: seconds,
        })),
      );
    }
    const reachedCut = cause instanceof InterruptedError && cutting.signal.aborted;
    if (!reachedCut) throw cause;
    return keep(store, cutRecords());
  }
}

function keep(store: SearchStore, records: readonly RunRecord[]): readonly RunRecord[] {
  store.addRecords(records);
  return records;
}

/** The state of the runs of a population as the last cut left it; none before the first. */
function carriedState(
  context: Context,
  population: SearchPopulation,
  prepared: Prepared,
  origins: ReadonlyMap<string, Origin>,
): Checkpoint | undefined {
  if (origins.size === 0) return undefined;
  const loaded = new Map<string, Checkpoint>();
  const members = population.runs.map((run) => {
    const origin = origins.get(runKey(run));
    if (origin === undefined) throw new Error(`run ${runKey(run)} was in no population`);
    const { name, recipe } = origin.population;
    const checkpoint =
      loaded.get(name) ?? context.store.lastCheckpoint(origin.population, prepareHere(context, recipe));
    loaded.set(name, checkpoint);
    return { checkpoint, member: origin.member };
  });
  return compact(members, prepared.plan.model.memberStride);
}

function stateAt(event: EvaluationEvent, member: number): RunState {
  const evaluation = event.members[member];
  const isFinite = Number.isFinite(evaluation?.train.cost);
  if (evaluation === undefined || !isFinite) return { step: event.step, state: 'diverged' };
  const { train: training, validation } = evaluation;
  return { step: event.step, state: 'running', train: training, ...(validation && { validation }) };
}

/** From the last evaluations; runs that were all stopped early before the population began have those of the cut before. */
function recordsAtCut(
  { name, runs }: SearchPopulation,
  states: ReadonlyMap<string, RunState>,
  populationSeconds: number,
): readonly RunRecord[] {
  return runs.map((run, member) => {
    const known = states.get(runKey(run));
    if (known === undefined) throw new Error(`run ${runKey(run)} was never evaluated`);
    const { step, train: training, validation } = known;
    const state = known.state === 'diverged' ? 'diverged' : 'cut';
    const place = { ...run, population: name, member, step, state, populationSeconds } as const;
    return { ...place, ...(training && { train: training }), ...(validation && { validation }) };
  });
}

function recordAtEnd(
  { name, runs }: SearchPopulation,
  member: number,
  { train: training, validation, steps, weightsSha256, divergedAt }: MemberResult,
  populationSeconds: number,
): RunRecord {
  const run = runs[member];
  if (run === undefined) throw new Error(`population ${name} has no member ${member}`);
  const place = { ...run, population: name, member, step: steps, populationSeconds };
  if (divergedAt !== undefined) return { ...place, state: 'diverged' };
  return {
    ...place,
    state: 'done',
    train: training,
    ...(validation && { validation }),
    ...(weightsSha256 !== undefined && { weightsSha256 }),
  };
}
