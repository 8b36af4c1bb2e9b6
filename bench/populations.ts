/**
 * What training members together gains over training them one after the other: steps of populations of several sizes, and whole runs.
 * The sizes take turns, round by round, and each gain is of one round, so that whatever else the machine does falls on all alike.
 */
import { CheckError } from '../src/errors.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { memberRecipes } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import type { Device } from '../src/train/device.ts';
import { train } from '../src/train/trainer.ts';
import { stepDispatches } from './measure.ts';
import { repeatsFor, summarize } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { openStepper } from './stepper.ts';
import type { Stepper } from './stepper.ts';
import { populationRecipe } from './workloads.ts';
import type { PopulationWorkload, RunsWorkload } from './workloads.ts';

/** Time that one size's turn should fill, and a round has as many turns as sizes. */
const turnMilliseconds = 300;
/** Steps after which members are held against the same recipes trained alone. */
const checkedSteps = 5;

export interface PopulationFigure {
  readonly population: number;
  /** 1 where the members share their rows, else one for each. */
  readonly dataPopulation: number;
  /** Milliseconds of one step of all members together. */
  readonly ms: Spread;
  readonly stepsPerTurn: number;
  /** Rows a second, times members. */
  readonly samplesPerSecond: number;
  /** Time of as many steps of the smallest population, one after the other, over the time of one step of this one. */
  readonly gain: Spread;
  /** The same of processor time, on adapters that compute there: it leaves out what else the machine does. */
  readonly processorGain?: Spread;
  /** Kernels that one step launches. */
  readonly dispatches: number;
}

/**
 * Times steps of every size of a population, which share their dataset. Throws CheckError where a member's weights are not those of the
 * same recipe trained alone.
 */
export async function measurePopulations(
  device: Device,
  workload: PopulationWorkload,
  rounds: number,
): Promise<PopulationFigure[]> {
  const dataset = workload.createDataset();
  await checkMembers(device, workload, dataset);
  const sizes: Size[] = [];
  try {
    for (const population of workload.sizes) sizes.push(await openSize(device, workload, population, dataset));
    for (let round = 0; round < rounds; round++) {
      for (const { stepper, steps, turns } of sizes) turns.push(await timeTurn(() => stepper.train(steps)));
    }
    return sizes.map(({ population, stepper, steps, turns }) => {
      const { plan } = stepper.prepared;
      const spread = summarize(turns.map(({ ms }) => ms / steps));
      /** Of each round, from what a step of one member took at each size. */
      const gains = (took: (turn: Turn) => number): Spread =>
        summarize(
          turns.map((turn, round) => {
            const alone = sizes[0];
            const aloneTook = took(alone?.turns[round] ?? turn) / ((alone?.steps ?? 1) * (alone?.population ?? 1));
            return aloneTook / (took(turn) / (steps * population));
          }),
        );
      return {
        population,
        dataPopulation: plan.dataPopulation,
        ms: spread,
        stepsPerTurn: steps,
        samplesPerSecond: (plan.batch * population * 1000) / spread.median,
        gain: gains(({ ms }) => ms),
        ...(isProcessor(device) && { processorGain: gains(({ processorMs }) => processorMs) }),
        dispatches: stepDispatches(plan),
      };
    });
  } finally {
    for (const { stepper } of sizes) stepper[Symbol.dispose]();
  }
}

/** A population of one size, resident and warm. */
interface Size {
  readonly population: number;
  readonly stepper: Stepper;
  /** Of a turn. */
  readonly steps: number;
  readonly turns: Turn[];
}

interface Turn {
  readonly ms: number;
  /** Of all threads of this process, and so of a software adapter. */
  readonly processorMs: number;
}

async function timeTurn(work: () => Promise<unknown>): Promise<Turn> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { ms, processorMs: (user + system) / 1000 };
}

function isProcessor(device: Device): boolean {
  return device.kind === 'cpu' || device.software;
}

async function openSize(
  device: Device,
  workload: PopulationWorkload,
  population: number,
  dataset: Dataset,
): Promise<Size> {
  const recipe = populationRecipe(workload, population);
  const stepper = await openStepper(device, { recipe, createDataset: () => dataset });
  await stepper.train(1);
  const roughMs = (await timeTurn(() => stepper.train(2))).ms / 2;
  // Long enough for the chunks to find their length.
  await stepper.train(repeatsFor(turnMilliseconds, roughMs, 2, 2000));
  const steps = repeatsFor(turnMilliseconds, (await timeTurn(() => stepper.train(4))).ms / 4, 2, 5000);
  return { population, stepper, steps, turns: [] };
}

/** The last member of each size against the same recipe alone, to the bit. */
async function checkMembers(device: Device, workload: PopulationWorkload, dataset: Dataset): Promise<void> {
  for (const population of workload.sizes) {
    const recipe = populationRecipe(workload, population);
    const [alone] = memberRecipes(recipe).slice(-1);
    if (alone === undefined) continue;
    const together = await trainedWeights(device, recipe, dataset);
    requireSameWeights(workload.name, population, together, await trainedWeights(device, alone, dataset));
  }
}

/** Throws CheckError unless the last member's weights are those of a model trained alone; both [members, weights]. */
export function requireSameWeights(
  workload: string,
  population: number,
  together: Uint32Array,
  alone: Uint32Array,
): void {
  const start = together.length - alone.length;
  const wrong = alone.findIndex((bits, index) => bits !== together[start + index]);
  if (wrong < 0) return;
  throw new CheckError(
    `${workload}: after ${checkedSteps} steps number ${wrong} of the weights of the last of ${population} members has other bits than ` +
      'that of the same recipe trained alone. Find the kernel with "descent verify".',
  );
}

/** Bits of the parameters of every member after a few steps. */
async function trainedWeights(device: Device, recipe: Recipe, dataset: Dataset): Promise<Uint32Array> {
  using stepper = await openStepper(device, { recipe, createDataset: () => dataset });
  await stepper.train(checkedSteps);
  const values = await stepper.executor.read('parameters');
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

export interface RunsFigure {
  readonly population: number;
  /** Milliseconds of one run of all members as a population. */
  readonly ms: Spread;
  /** Milliseconds of as many runs one after the other. */
  readonly serialMs: Spread;
  readonly gain: Spread;
  /** The same of processor time, on adapters that compute there. */
  readonly processorGain?: Spread;
}

/**
 * Whole runs by the public `train`, from the recipe to the result: set-up, upload, training, evaluation. The data are in memory and the
 * shaders compiled. Throws CheckError where a member ends with other weights than the same recipe alone.
 */
export async function measureRuns(device: Device, workload: RunsWorkload, rounds: number): Promise<RunsFigure> {
  const dataset = workload.createDataset();
  const { population } = workload;
  const recipe = populationRecipe(workload, population);
  const alone = memberRecipes(recipe);
  const together = async (): Promise<readonly (string | undefined)[]> =>
    (await train(recipe, { device, dataset }).result).members.map(({ weightsSha256 }) => weightsSha256);
  const serially = async (): Promise<(string | undefined)[]> => {
    const hashes: (string | undefined)[] = [];
    for (const one of alone) hashes.push((await train(one, { device, dataset }).result).members[0]?.weightsSha256);
    return hashes;
  };
  const expected = await serially();
  const wrong = (await together()).findIndex((hash, index) => hash !== expected[index]);
  if (wrong >= 0) {
    throw new CheckError(
      `${workload.name}: member ${wrong} of ${population} ends with other weights than the same recipe trained alone. ` +
        'Find the kernel with "descent verify".',
    );
  }
  const times: { readonly together: Turn; readonly alone: Turn }[] = [];
  for (let round = 0; round < rounds; round++) {
    // Neither is always the first.
    const first = round % 2 === 0 ? await timeTurn(together) : undefined;
    const serial = await timeTurn(serially);
    times.push({ together: first ?? (await timeTurn(together)), alone: serial });
  }
  const gain = (took: (turn: Turn) => number): Spread =>
    summarize(times.map((round) => took(round.alone) / took(round.together)));
  return {
    population,
    ms: summarize(times.map((round) => round.together.ms)),
    serialMs: summarize(times.map((round) => round.alone.ms)),
    gain: gain(({ ms }) => ms),
    ...(isProcessor(device) && { processorGain: gain(({ processorMs }) => processorMs) }),
  };
}
