/**
 * A recipe on a device: data loaded and split, plan built, everything resident. Training, evaluation, prediction and verification all
 * start from here.
 */
import { float32 } from '../arithmetic/arithmetic.ts';
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import { DataError, RecipeError } from '../errors.ts';
import { normalize, splitDataset } from '../data/dataset.ts';
import type { Dataset, Normalization, NormalizedInputs, Split, SplitName } from '../data/dataset.ts';
import { initialParameters } from '../model/initialise.ts';
import { parameterTensors } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import type { StepScalars } from '../ops/kernel.ts';
import { regionTable } from '../ops/statistics.ts';
import { bitsOfFloat, hyperColumns, memberColumns } from '../ops/tables.ts';
import { buildPlan } from '../plan/build.ts';
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import { permutation, streams } from '../random/draws.ts';
import { memberRecipes } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import { planDuration } from './duration.ts';
import { checkTopK, classWeights, targetVariance } from './loss-data.ts';
import { fillHyperRow, learningRate } from './schedule.ts';
import type { Duration } from './schedule.ts';

/** One way of seeing the data: its split and its normalisation. Members that agree in every data field share one. */
export interface DataView {
  readonly split: Split;
  readonly seed: number;
  readonly normalization: Normalization;
  /** What the loss of each class's rows is multiplied by; absent where that is 1 for all. */
  readonly classWeights?: readonly number[];
  /** Of regressions: mean squared deviation of each split's targets from their mean, summed over outputs. */
  readonly targetVariance?: Readonly<Record<SplitName, number>>;
}

/** A recipe with its data and plan, before any device memory is taken. */
export interface Prepared {
  readonly recipe: Recipe;
  readonly members: readonly Recipe[];
  readonly dataset: Dataset;
  readonly views: readonly DataView[];
  readonly duration: Duration;
  readonly plan: Plan;
  readonly inputs: readonly NormalizedInputs[];
}

/** How the rows of data sets were seen by recipes before. What another recipe sees alike is taken from here: measuring a large set takes seconds. */
export type SeenData = WeakMap<Dataset, Map<string, SeenRows>>;

interface SeenRows {
  readonly view: DataView;
  readonly input: NormalizedInputs;
}

/** Ways of seeing one set that are remembered. */
const mostSeen = 8;

export interface PrepareOptions {
  readonly maxBindingBytes?: number;
  readonly shareSlots?: boolean;
  /** Adds the program `observe` to the plan, for runs with observations. */
  readonly observe?: boolean;
  /** Looked into and added to. */
  readonly seenData?: SeenData;
}

/** Splits and normalises the data and builds the plan. */
export function prepare(recipe: Recipe, dataset: Dataset, { seenData, ...options }: PrepareOptions = {}): Prepared {
  checkLengths(dataset);
  checkLabels(dataset);
  const members = memberRecipes(recipe);
  checkTopK(recipe, dataset);
  const seen = new Map(members.map(({ data }) => [`${data.seed} ${data.fold}`, data]));
  // What several members see alike is made once, and on the device there is one view for all members or one for each.
  const made = new Map([...seen].map(([key, data]) => [key, seeRows(recipe, dataset, data, seenData)]));
  const seeing = seen.size === 1 ? members.slice(0, 1) : members;
  const ways = seeing.map(({ data }) => made.get(`${data.seed} ${data.fold}`)!);
  const views = ways.map(({ view }) => view);
  const inputs = ways.map(({ input }) => input);
  const trainRows = views[0]!.split.train.length;
  const duration = commonDuration(members, trainRows);
  if (recipe.earlyStopping?.metric === 'accuracy' && dataset.task === 'regression') {
    throw new RecipeError('earlyStopping.metric', 'is "accuracy", but the data is a regression. Use "loss".');
  }
  const bytes = dataset.inputs instanceof Uint8Array;
  const plan = buildPlan({
    recipe,
    population: members.length,
    dataPopulation: views.length,
    data: { ...dataset, inputs: bytes ? 'bytes' : 'floats' },
    ...options,
  });
  return { recipe, members, dataset, views, duration, plan, inputs };
}

/** As `viewData`, unless it is remembered. */
function seeRows(recipe: Recipe, dataset: Dataset, data: Recipe['data'], seenData: SeenData = new WeakMap()): SeenRows {
  const seen = seenData.get(dataset) ?? new Map<string, SeenRows>();
  const key = JSON.stringify([data, recipe.classWeights]);
  const rows = seen.get(key) ?? viewData(recipe, dataset, data);
  // The one that was asked for last comes last: what is found again drives nothing out.
  seen.delete(key);
  const [oldest] = seen.keys();
  if (oldest !== undefined && seen.size >= mostSeen) seen.delete(oldest);
  seen.set(key, rows);
  seenData.set(dataset, seen);
  return rows;
}

function viewData(recipe: Recipe, dataset: Dataset, data: Recipe['data']): SeenRows {
  const split = splitDataset(dataset, data);
  const input = normalize(dataset, split, recipe.data.normalize);
  const variance = (name: SplitName) => targetVariance(dataset, split[name]);
  const view = {
    split,
    seed: data.seed,
    normalization: input.normalization,
    ...(recipe.classWeights &&
      dataset.labels && { classWeights: classWeights(recipe.classWeights, dataset, split.train) }),
    ...(dataset.task === 'regression' && {
      targetVariance: { train: variance('train'), validation: variance('validation'), test: variance('test') },
    }),
  };
  return { view, input };
}

/** The members of a population take every step together. */
function commonDuration(members: readonly Recipe[], trainRows: number): Duration {
  const durations = members.map((member) => planDuration(member, trainRows));
  const first = durations[0]!;
  const other = durations.findIndex(({ steps }) => steps !== first.steps);
  if (other >= 0) {
    throw new RecipeError(
      `members[${other}]`,
      `runs for ${durations[other]!.steps} steps and members[0] for ${first.steps}, but a population takes every step ` +
        'together. Give the length in "epochs" or "steps" instead of "cycles".',
    );
  }
  return first;
}

/** Arrays of another length would be cut off or filled with zeros on the way to the device. */
function checkLengths({ name, task, rowCount, inputShape, inputs, labels, targets, outputCount }: Dataset): void {
  const lengths = [
    { field: 'inputs', came: inputs.length, expected: rowCount * elementCount(inputShape) },
    task === 'classification'
      ? { field: 'labels', came: labels?.length, expected: rowCount }
      : { field: 'targets', came: targets?.length, expected: rowCount * outputCount },
  ];
  for (const { field, came, expected } of lengths) {
    if (came === expected) continue;
    throw new DataError(
      name,
      `has ${came ?? 'no'} ${field}, but ${rowCount} rows need ${expected}. Correct rowCount or ${field}.`,
    );
  }
}

function checkLabels({ name, labels, outputCount }: Dataset): void {
  const bad = labels?.findIndex((label) => label >= outputCount) ?? -1;
  if (bad >= 0) {
    throw new DataError(
      name,
      `row ${bad} has the label ${labels?.[bad]}, but labels go from 0 to ${outputCount - 1}. Mend the row.`,
    );
  }
}

/** Uploads the dataset and the tables that stay. */
export function uploadData({ plan, members, dataset, views, inputs }: Prepared, executor: Executor): void {
  const features = elementCount(dataset.inputShape);
  const bytes = inputs[0]!.inputs instanceof Uint8Array;
  // Floats were normalised for each view on its own: the views lie one after the other.
  const copies = bytes ? 1 : views.length;
  if (bytes) {
    const affine = new Float32Array(views.length * 2 * features);
    for (const [index, { scale, shift }] of inputs.entries()) {
      affine.set(scale, index * 2 * features);
      affine.set(shift, (index * 2 + 1) * features);
    }
    executor.write('affine', affine);
    uploadInputs(plan, executor, inputs[0]!.inputs);
  } else {
    const all = new Float32Array(copies * dataset.rowCount * features);
    for (const [index, one] of inputs.entries())
      all.set(one.inputs as Float32Array, index * dataset.rowCount * features);
    uploadInputs(plan, executor, all);
  }
  if (plan.buffers.some(({ name }) => name === 'labels')) {
    const labels = dataset.labels ?? new Uint32Array(dataset.rowCount);
    for (let copy = 0; copy < copies; copy++) executor.write('labels', labels, copy * labels.length);
    const ones = Array.from({ length: dataset.outputCount }, () => 1);
    executor.write('classWeights', Float32Array.from(views.flatMap((view) => view.classWeights ?? ones)));
  } else {
    const targets = targetsOf(dataset);
    for (let copy = 0; copy < copies; copy++) executor.write('targets', targets, copy * targets.length);
  }
  executor.write(
    'seeds',
    Uint32Array.from(views, (view) => view.seed),
  );
  executor.write('penalised', penalisedBits(plan));
  executor.write('members', memberTable(plan, members, new Set()));
  if (plan.observation !== undefined) {
    executor.write('regions', regionTable(plan.observation.tensors.map(({ region }) => region)));
  }
}

/** Writes the rows of the data, or the first of them, over the shards. */
export function uploadInputs(plan: Plan, executor: Executor, inputs: Uint8Array | Float32Array): void {
  let from = 0;
  for (const { name, elements } of plan.buffers.filter((buffer) => buffer.name.startsWith('inputs'))) {
    const share = inputs.subarray(from, from + (inputs instanceof Uint8Array ? elements * 4 : elements));
    if (share.length === 0) return;
    executor.write(name, share instanceof Uint8Array ? wordsOf(share) : share);
    from += share.length;
  }
}

/** Bytes four to a word, filled up with zeros. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

/** Targets of the squared losses: the numbers of a regression, or labels as ones and zeros. */
function targetsOf({ targets, labels, rowCount, outputCount }: Dataset): Float32Array {
  if (targets !== undefined) return targets;
  const oneHot = new Float32Array(rowCount * outputCount);
  labels?.forEach((label, row) => {
    oneHot[row * outputCount + label] = 1;
  });
  return oneHot;
}

/** One bit per element of a member's arena: 1 where the L2 penalty falls. */
function penalisedBits({ model }: Plan): Uint32Array {
  const bits = new Uint32Array(Math.ceil(model.memberStride / 32));
  for (const { penalised, arenaOffset, shape } of parameterTensors(model)) {
    if (!penalised) continue;
    for (let i = arenaOffset; i < arenaOffset + elementCount(shape); i++) bits[i >>> 5]! |= 1 << (i & 31);
  }
  return bits;
}

/** The table of members: seed, active, label smoothing, and of each dropout layer threshold and scale. */
export function memberTable(plan: Plan, members: readonly Recipe[], frozen: ReadonlySet<number>): Uint32Array {
  const columns = plan.memberColumnCount;
  const table = new Uint32Array(members.length * columns);
  for (const [index, member] of members.entries()) {
    const start = index * columns;
    table[start + memberColumns.seed] = member.seed;
    table[start + memberColumns.active] = frozen.has(index) ? 0 : 1;
    table[start + memberColumns.smoothing] = bitsOfFloat(member.labelSmoothing);
    let column = start + memberColumns.first;
    for (const layer of member.model.layers) {
      if (layer.type !== 'dropout') continue;
      table[column++] = Math.min(0xffff_ffff, Math.round(layer.rate * 2 ** 32));
      table[column++] = bitsOfFloat(1 / (1 - layer.rate));
    }
  }
  return table;
}

/** Initial parameters of every member [population, memberStride]. */
export function initialArena({ plan, members }: Prepared): Float32Array {
  const arena = new Float32Array(members.length * plan.model.memberStride);
  for (const [index, member] of members.entries()) {
    arena.set(initialParameters(plan.model, member.seed), index * plan.model.memberStride);
  }
  return arena;
}

/** Rows that the device gathers at a step: index of each row of each view's batch. */
export interface Feed {
  /** Fills the chunk's tables for these training steps and returns their scalars. */
  loadTraining(executor: Executor, firstStep: number, count: number, plateaus: readonly number[]): StepScalars[];
  /** Fills the index table with rows of a split, `evaluationBatch` at a time from `firstRow`. */
  loadRows(
    executor: Executor,
    rows: readonly Uint32Array[],
    firstRow: number,
  ): { steps: StepScalars[]; nextRow: number };
}

/** `math` is the executor's number format: what changes with the step is rounded to it once. */
export function createFeed(
  { plan, members, views, duration, dataset, inputs, recipe }: Prepared,
  math: Arithmetic = float32,
): Feed {
  const { batch, evaluationBatch, chunkRows, population } = plan;
  const widest = Math.max(batch, evaluationBatch);
  const indexStride = chunkRows * widest;
  const indices = new Uint32Array(views.length * indexStride);
  const hyper = math.array(chunkRows * population * hyperColumns.length);
  const stacked = inputs[0]!.inputs instanceof Uint8Array ? 0 : dataset.rowCount;
  // Folds of one seed differ in their rows, not in the order that is drawn for them.
  const drawn = new Map<string, { epoch: number; order: Uint32Array }>();
  const orders = views.map(({ split, seed }) => {
    const key = `${seed} ${split.train.length}`;
    const order = drawn.get(key) ?? { epoch: -1, order: new Uint32Array() };
    drawn.set(key, order);
    return order;
  });

  function orderOf(view: number, epoch: number): Uint32Array {
    const cached = orders[view]!;
    if (cached.epoch !== epoch) {
      const { split, seed } = views[view]!;
      cached.epoch = epoch;
      cached.order = recipe.data.shuffle
        ? permutation(split.train.length, seed, streams.order, epoch)
        : Uint32Array.from(split.train.keys());
    }
    return cached.order;
  }

  return {
    loadTraining(executor, firstStep, count, plateaus) {
      const steps: StepScalars[] = [];
      for (let row = 0; row < count; row++) {
        const step = firstStep + row;
        const epoch = Math.floor(step / duration.stepsPerEpoch);
        const start = (step % duration.stepsPerEpoch) * batch;
        for (const [view, { split }] of views.entries()) {
          const order = orderOf(view, epoch);
          const out = view * indexStride + row * batch;
          for (let m = 0; m < batch; m++) indices[out + m] = split.train[order[start + m]!]! + view * stacked;
        }
        for (const [index, member] of members.entries()) {
          const rate = learningRate(member, step, duration, plateaus[index] ?? 1);
          const offset = (row * population + index) * hyperColumns.length;
          fillHyperRow(hyper, offset, member, step, rate, views[0]!.split.train.length);
        }
        steps.push({ step, row, validRows: batch });
      }
      for (let view = 0; view < views.length; view++) {
        const start = view * indexStride;
        executor.write('indices', indices.subarray(start, start + count * batch), start);
      }
      executor.write('hyper', hyper.subarray(0, count * population * hyperColumns.length));
      return steps;
    },
    loadRows(executor, rows, firstRow) {
      const total = rows[0]?.length ?? 0;
      const count = Math.min(chunkRows, Math.ceil((total - firstRow) / evaluationBatch));
      const steps: StepScalars[] = [];
      for (let row = 0; row < count; row++) {
        const start = firstRow + row * evaluationBatch;
        const validRows = Math.min(evaluationBatch, total - start);
        for (let view = 0; view < views.length; view++) {
          const out = view * indexStride + row * evaluationBatch;
          const of = rows[view] ?? rows[0]!;
          // The tail repeats its last row; the loss does not count it.
          for (let m = 0; m < evaluationBatch; m++)
            indices[out + m] = of[start + Math.min(m, validRows - 1)]! + view * stacked;
        }
        steps.push({ step: 0, row, validRows });
      }
      for (let view = 0; view < views.length; view++) {
        const start = view * indexStride;
        executor.write('indices', indices.subarray(start, start + count * evaluationBatch), start);
      }
      return { steps, nextRow: firstRow + count * evaluationBatch };
    },
  };
}
