/** Finished search folders with made-up numbers, of every strategy and any size: what `descent search` would have written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { RecipeInput } from '../../src/recipe/schema.ts';
import { runKey, summarise } from '../../src/search/summary.ts';
import type { RunState } from '../../src/search/summary.ts';
import type { RunRecord, Trial, TrialSummary } from '../../src/search/trials.ts';

type SearchInput = NonNullable<RecipeInput['search']>;
type Values = Readonly<Record<string, unknown>>;

export interface MadeSearch {
  readonly search: SearchInput;
  readonly trials: readonly Trial[];
  /** The loss on validation of a trial after a share of its training; NaN where it diverges. */
  readonly lossOf: (values: Values, share: number) => number;
  readonly recipe?: Partial<RecipeInput>;
  readonly steps?: number;
  /** About the data. */
  readonly notes?: readonly string[];
  /** Shares of the training at which trials are cut; one in `search.factor` goes on. */
  readonly cuts?: readonly number[];
}

/** Park and Miller, "Random number generators: good ones are hard to find" (1988): 0..1, alike every time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Trials with values drawn by name. */
export function drawTrials(
  count: number,
  draw: (random: () => number) => Values,
  seed = 1,
  stageOf: (index: number) => Trial['stage'] = () => 'only',
): Trial[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, index) => ({ index, values: draw(random), stage: stageOf(index) }));
}

/** Every combination. */
function gridTrials(space: Readonly<Record<string, readonly unknown[]>>): Trial[] {
  const combined = Object.entries(space).reduce<Values[]>(
    (rows, [path, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [path]: value }))),
    [{}],
  );
  return combined.map((values, index) => ({ index, values, stage: 'only' }));
}

export interface WrittenSearch {
  readonly table: readonly TrialSummary[];
  readonly records: readonly RunRecord[];
}

/** Writes a finished search and returns what is in it. */
export function writeSearch(folder: string, made: MadeSearch): WrittenSearch {
  const recipe = parseRecipe({
    name: 'made',
    data: { source: 'digits', validation: 100 },
    model: {
      layers: [
        { type: 'dense', units: 50, activation: 'relu' },
        { type: 'dense', units: 10 },
      ],
    },
    epochs: 10,
    ...made.recipe,
    search: made.search,
  });
  const { folds, repeats = 1, factor = 3, metric = 'accuracy' } = recipe.search ?? {};
  const { trials, lossOf, steps = 1000, cuts = [] } = made;
  const noise = randomNumbers(7);
  const runs = trials.flatMap(({ index }) =>
    Array.from({ length: folds ?? 1 }, (_, fold) => fold).flatMap((fold) =>
      Array.from({ length: repeats }, (_, seed) => ({ trial: index, ...(folds !== undefined && { fold }), seed })),
    ),
  );
  const wobbles = new Map(runs.map((run) => [runKey(run), 1 + 0.04 * (noise() - 0.5)]));
  const records: RunRecord[] = [];
  const states = new Map<string, RunState>();
  const pruned = new Set<number>();
  let active = trials;
  for (const [cut, share] of [...cuts, 1].entries()) {
    const step = Math.round(share * steps);
    for (const trial of active) {
      for (const [member, run] of runs.filter((each) => each.trial === trial.index).entries()) {
        const loss = lossOf(trial.values, share) * (wobbles.get(runKey(run)) ?? 1);
        const measured = (each: number): object => ({
          loss: each,
          cost: each,
          ...(recipe.loss === 'crossEntropy' && { accuracy: Math.exp(-each) }),
        });
        const metrics = { train: measured(0.9 * loss), validation: measured(loss) } as Partial<RunRecord>;
        const record: RunRecord = {
          ...run,
          population: String(cut + 1).padStart(3, '0'),
          member,
          step,
          state: Number.isFinite(loss) ? (share === 1 ? 'done' : 'cut') : 'diverged',
          ...(Number.isFinite(loss) && metrics),
          populationSeconds: 12.5 * (cut + 1),
        };
        records.push(record);
        states.set(runKey(run), record);
      }
    }
    if (share === 1) continue;
    const ranked = summarise(active, runs, states, pruned, metric).filter(({ state }) => state !== 'diverged');
    const kept = new Set(ranked.slice(0, Math.max(1, Math.floor(active.length / factor))).map(({ index }) => index));
    for (const { index } of ranked) if (!kept.has(index)) pruned.add(index);
    active = active.filter(({ index }) => kept.has(index));
  }
  const table = summarise(trials, runs, states, pruned, metric);
  const adapter = 'an adapter';
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`);
  mkdirSync(folder, { recursive: true });
  write('recipe.json', recipe);
  write('search.json', {
    memoryBytes: 1e9,
    maxBindingBytes: 1e8,
    adapters: [adapter],
    startFolder: folder,
    trainRows: 1000,
    notes: made.notes ?? [],
  });
  writeFileSync(join(folder, 'trials.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  write('result.json', { metric, best: table[0], table, adapter, seconds: 4321 });
  return { table, records };
}

/** A loss with its valley at some value of a positive field. */
const valley = (value: unknown, best: number): number => Math.log10(Number(value) / best) ** 2;

const logDraw = (random: () => number, from: number, to: number): number => from * (to / from) ** random();

const coarse = 16;

/** A search of each kind, as the reports have them. */
export const searches = {
  /** As report 004: one field, random, then finer around the best. */
  coarseToFine: {
    search: { space: { l2: { logUniform: [1e-5, 1e-1] } }, strategy: 'coarseToFine', trials: coarse },
    trials: [
      ...drawTrials(
        coarse,
        (random) => ({ l2: logDraw(random, 1e-5, 1e-1) }),
        3,
        () => 'coarse',
      ),
      ...drawTrials(
        8,
        (random) => ({ l2: logDraw(random, 4e-3, 1.4e-2) }),
        5,
        () => 'fine',
      ).map((trial) => ({
        ...trial,
        index: trial.index + coarse,
      })),
    ],
    lossOf: ({ l2 }) => 0.62 + 0.04 * valley(l2, 0.008),
  },
  /** A few trials in a narrow range, each with five seeds. */
  seeds: {
    search: { space: { l2: { logUniform: [5e-3, 9e-3] } }, trials: 8, repeats: 5 },
    trials: drawTrials(8, (random) => ({ l2: logDraw(random, 5e-3, 9e-3) })),
    lossOf: ({ l2 }) => 0.62 + valley(l2, 0.007),
  },
  /** As report 003: every combination, three folds, compared by the loss. */
  grid: {
    recipe: {
      data: { source: 'two-peaks' },
      loss: 'mse',
      model: {
        layers: [
          { type: 'dense', units: 80 },
          { type: 'dropout', rate: 0.1 },
          { type: 'dense', units: 100 },
          { type: 'dense', units: 1 },
        ],
      },
    },
    search: {
      space: {
        'model.layers.0.units': { grid: [80, 100] },
        'model.layers.2.units': { grid: [80, 100] },
        'model.layers.*.rate': { grid: [0, 0.25, 0.5] },
        'optimizer.weightDecay': { grid: [0, 1e-5, 1e-4] },
        batch: { grid: [10, 25] },
      },
      strategy: 'grid',
      folds: 3,
      metric: 'loss',
    },
    trials: gridTrials({
      'model.layers.0.units': [80, 100],
      'model.layers.2.units': [80, 100],
      'model.layers.*.rate': [0, 0.25, 0.5],
      'optimizer.weightDecay': [0, 1e-5, 1e-4],
      batch: [10, 25],
    }),
    lossOf: (values) =>
      0.085 +
      0.9 * Number(values['model.layers.*.rate']) +
      0.01 * Number(values['batch'] === 25) +
      60 * Number(values['optimizer.weightDecay']) +
      0.002 * Number(values['model.layers.0.units'] === 80),
  },
  /** Successive halving of 81 trials, some of which diverge. */
  halving: {
    search: {
      space: {
        'optimizer.learningRate': { logUniform: [1e-5, 1] },
        l2: { logUniform: [1e-6, 1e-1] },
        'model.layers.0.activation': { choice: ['relu', 'tanh', 'sigmoid'] },
      },
      strategy: 'halving',
      trials: 81,
    },
    trials: drawTrials(81, (random) => ({
      'optimizer.learningRate': logDraw(random, 1e-5, 1),
      l2: logDraw(random, 1e-6, 1e-1),
      'model.layers.0.activation': ['relu', 'tanh', 'sigmoid'][Math.floor(3 * random())],
    })),
    lossOf: (values, share) =>
      Number(values['optimizer.learningRate']) > 0.6
        ? Number.NaN
        : 0.55 +
          0.06 * valley(values['optimizer.learningRate'], 2e-2) +
          0.01 * valley(values['l2'], 1e-3) +
          0.1 * Number(values['model.layers.0.activation'] === 'sigmoid') +
          0.3 * (1 - share) ** 2,
    cuts: [1 / 27, 1 / 9, 1 / 3],
    steps: 10_800,
  },
  /** Many trials of many fields of every kind. */
  wide: {
    search: {
      space: {
        'optimizer.learningRate': { logUniform: [1e-5, 1] },
        l2: { logUniform: [1e-6, 1e-1] },
        'optimizer.beta1': { uniform: [0.8, 0.99] },
        'model.layers.0.units': { int: [16, 256] },
        batch: { choice: [16, 32, 64, 128, 256, 512] },
        schedule: {
          choice: [{ type: 'constant' }, { type: 'cosine', minimum: 0 }, { type: 'exponential', decay: 0.1 }],
        },
      },
      trials: 1000,
    },
    trials: drawTrials(1000, (random) => ({
      'optimizer.learningRate': logDraw(random, 1e-5, 1),
      l2: logDraw(random, 1e-6, 1e-1),
      'optimizer.beta1': 0.8 + 0.19 * random(),
      'model.layers.0.units': 16 + Math.floor(241 * random()),
      batch: 2 ** (4 + Math.floor(6 * random())),
      schedule: [{ type: 'constant' }, { type: 'cosine', minimum: 0 }, { type: 'exponential', decay: 0.1 }][
        Math.floor(3 * random())
      ],
    })),
    lossOf: (values) =>
      Number(values['optimizer.learningRate']) > 0.7
        ? Number.NaN
        : 0.5 +
          0.08 * valley(values['optimizer.learningRate'], 1e-2) +
          0.02 * valley(values['l2'], 1e-3) +
          0.03 * Math.abs(Math.log2(Number(values['model.layers.0.units']) / 128)),
  },
} as const satisfies Readonly<Record<string, MadeSearch>>;
