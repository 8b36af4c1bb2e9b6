/**
 * Builds the plan of a run: emits the programs, shares slots by liveness and gives every tensor its place. Checks that each buffer fits
 * one storage binding, and says what would fit where one does not.
 */
import { LimitError, RecipeError } from '../errors.ts';
import { buildModel } from '../model/model.ts';
import type { Model } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import type { Tensor } from '../ops/emitter.ts';
import type { Binding } from '../ops/kernel.ts';
import { hyperColumns, lossColumns, memberColumns } from '../ops/tables.ts';
import type { Recipe } from '../recipe/schema.ts';
import { imageAugmentation } from './emit-data.ts';
import { emitEvaluate, emitPenalty, emitTrain, optimizerKernel } from './emit.ts';
import type { EmitContext, EmittedCall, Shard } from './program.ts';
import { openObserver } from './observe.ts';
import { sizeBytes } from './plan.ts';
import type { BufferKind, Call, PlacedTensor, Plan, PlanBuffer, ProgramName } from './plan.ts';
import { mostLiveElements, placeSlots, unsharedElements } from './slots.ts';
import type { SlotPlace } from './slots.ts';

/** What the plan must know of the dataset. */
export interface DataShape {
  readonly rowCount: number;
  readonly inputShape: readonly number[];
  /** Bytes are scaled on the device; floats were normalised before. */
  readonly inputs: 'bytes' | 'floats';
  readonly task: 'classification' | 'regression';
  readonly outputCount: number;
}

export interface BuildOptions {
  readonly recipe: Recipe;
  /** Models trained together; default: one. */
  readonly population?: number;
  /** Ways of seeing the data: 1 where all members share it, else one each. */
  readonly dataPopulation?: number;
  readonly data: DataShape;
  /** Largest storage binding in bytes; WebGPU promises 128 MiB. */
  readonly maxBindingBytes?: number;
  /** False gives every tensor its own buffer: the same bits, for checks. */
  readonly shareSlots?: boolean;
  /** Adds the program `observe`. */
  readonly observe?: boolean;
}

/** Bytes of the indices and of the losses of one chunk's batches, and its rows: enough for short steps to fill the time of a chunk. */
const indexTableBytes = 4 * 2 ** 20;
const lossTableBytes = 32 * 2 ** 20;
const fewestChunkRows = 16;
const mostChunkRows = 1024;

export function buildPlan(options: BuildOptions): Plan {
  const { recipe, data, population = 1, dataPopulation = 1, maxBindingBytes = 2 ** 27, shareSlots = true } = options;
  const model = buildModel(recipe, data);
  checkAugmentation(recipe, data);
  const { batch } = recipe;
  const evaluationBatch = Math.min(recipe.evaluation.batch, data.rowCount);
  const widest = Math.max(batch, evaluationBatch);
  const lossRowBytes = widest * lossColumns * 4 * population;
  const wantedRows = Math.floor(
    Math.min(indexTableBytes / (widest * 4 * dataPopulation), lossTableBytes / lossRowBytes),
  );
  const chunkRows = Math.max(
    1,
    Math.min(mostChunkRows, Math.max(fewestChunkRows, wantedRows), Math.floor(maxBindingBytes / lossRowBytes)),
  );
  const memberColumnCount = memberColumns.first + 2 * model.layers.filter((layer) => layer.rate !== undefined).length;
  const { state } = optimizerKernel(recipe);
  // Floats were normalised for each view of the data on its own: the views lie one after the other.
  const storedRows = data.rowCount * (data.inputs === 'floats' ? dataPopulation : 1);
  const shards = planShards(data, storedRows, maxBindingBytes);

  const buffers: PlanBuffer[] = [];
  const tables: Record<string, Tensor> = {};
  const own = (name: string, shape: readonly number[], kind: BufferKind, dtype: Binding = 'f32', readBack = false) => {
    buffers.push({ name, dtype, elements: elementCount(shape), kind, readBack });
    tables[name] = { name, dtype, shape, role: kind === 'arena' ? 'arena' : 'table', buffer: name, elementOffset: 0 };
  };
  const arena = [population, model.memberStride];
  own('parameters', arena, 'arena', 'f32', true);
  own('gradients', arena, 'arena');
  for (const name of state) own(name, arena, 'arena', 'f32', true);
  if (recipe.earlyStopping?.restoreBest === true) own('best', arena, 'arena', 'f32', true);
  own('indices', [dataPopulation, chunkRows, widest], 'table', 'u32');
  own('hyper', [chunkRows, population, hyperColumns.length], 'table');
  own('members', [population, memberColumnCount], 'table', 'u32');
  own('seeds', [dataPopulation], 'table', 'u32');
  own('penalised', [Math.ceil(model.memberStride / 32)], 'table', 'u32');
  own('normSquares', [population], 'table');
  own('penaltySums', [population], 'table', 'f32', true);
  own('rows', [chunkRows, population, widest, lossColumns], 'table');
  own('metrics', [chunkRows, population, lossColumns], 'table', 'f32', true);
  own('outputs', [population, evaluationBatch, model.outputCount], 'table', 'f32', true);
  const features = elementCount(data.inputShape);
  if (data.inputs === 'bytes') own('affine', [dataPopulation, 2, features], 'data');
  for (const { buffer, rowCount } of shards) {
    const elements = rowCount * features;
    if (data.inputs === 'bytes') own(buffer, [Math.ceil(elements / 4)], 'data', 'u32');
    else own(buffer, [rowCount, features], 'data');
  }
  if (recipe.loss === 'crossEntropy') {
    own('labels', [storedRows], 'data', 'u32');
    own('classWeights', [dataPopulation, data.outputCount], 'data');
  } else own('targets', [storedRows, data.outputCount], 'data');

  const context: EmitContext = {
    recipe,
    model,
    population,
    dataPopulation,
    chunkRows,
    indexStride: chunkRows * widest,
    inputs: data.inputs,
    shards,
    tables,
  };
  const prediction = emitEvaluate(context, evaluationBatch, false);
  const emitted: Readonly<Record<ProgramName, readonly EmittedCall[]>> = {
    train: emitTrain(context, batch),
    evaluate: emitEvaluate(context, evaluationBatch, true).calls,
    predict: prediction.calls,
    penalty: emitPenalty(context),
  };
  const observer = options.observe === true ? openObserver(model, recipe.model.layers, population) : undefined;
  const observed = observer && { calls: emitTrain(context, batch, observer), ...observer.finish() };
  for (const buffer of observed?.buffers ?? []) buffers.push({ ...buffer, kind: 'table' });
  const names = Object.keys(emitted) as ProgramName[];
  const { slots, places } = placeSlots(Object.values(emitted), shareSlots);
  for (const { name, dtype, elements } of slots) buffers.push({ name, dtype, elements, kind: 'slot', readBack: false });
  const placesOf = (program: ProgramName) => places[names.indexOf(program)] ?? new Map<string, SlotPlace>();
  const place = (program: ProgramName) => emitted[program].map((call) => placeCall(call, placesOf(program), buffers));
  const plan: Plan = {
    model,
    population,
    dataPopulation,
    batch,
    evaluationBatch,
    chunkRows,
    memberColumnCount,
    buffers,
    programs: {
      train: place('train'),
      evaluate: place('evaluate'),
      predict: place('predict'),
      penalty: place('penalty'),
      // What is added reads what lives anyway, so that the slots of `train` serve here too.
      ...(observed && { observe: observed.calls.map((call) => placeCall(call, placesOf('train'), buffers)) }),
    },
    ...(observed && { observation: observed.layout }),
    activations: model.layers.map(({ name, type, outputShape }, index) => ({
      layer: name,
      type,
      shape: outputShape,
      tensor: placeTensor(prediction.outputs[index]!, placesOf('predict'), buffers),
    })),
    memory: {
      slotElements: slots.reduce((sum, { elements }) => sum + elements, 0),
      liveElements: Math.max(...Object.values(emitted).map(mostLiveElements)),
      unsharedElements: unsharedElements(Object.values(emitted)),
    },
  };
  checkLimits(plan, storedRows, maxBindingBytes);
  return plan;
}

function placeCall(call: EmittedCall, slots: ReadonlyMap<string, SlotPlace>, buffers: readonly PlanBuffer[]): Call {
  const { kernel, layer, params, constants } = call;
  const tensors: Record<string, PlacedTensor> = {};
  for (const binding of [...Object.keys(kernel.reads), ...Object.keys(kernel.writes)]) {
    const tensor = call.tensors[binding];
    if (tensor === undefined) throw new Error(`${kernel.name}: nothing is bound to ${binding}`);
    tensors[binding] = placeTensor(tensor, slots, buffers);
  }
  return { kernel, layer, tensors, params, constants };
}

function placeTensor(
  tensor: Tensor,
  slots: ReadonlyMap<string, SlotPlace>,
  buffers: readonly PlanBuffer[],
): PlacedTensor {
  const place = slots.get(tensor.name);
  const buffer = tensor.buffer ?? place?.slot.name ?? '';
  const elementOffset = tensor.elementOffset ?? place?.elementOffset ?? 0;
  const capacity = buffers.find((candidate) => candidate.name === buffer)?.elements ?? 0;
  // A block of an arena reaches from its offset to the arena's end: members lie one stride apart.
  const elements = tensor.role === 'slot' ? elementCount(tensor.shape) : capacity - elementOffset;
  return { name: tensor.name, shape: tensor.shape, buffer, elementOffset, elements };
}

/** Splits the inputs by rows so that each piece fits one binding; pieces of bytes start at whole words. */
function planShards(data: DataShape, rowCount: number, maxBindingBytes: number): Shard[] {
  const rowBytes = elementCount(data.inputShape) * (data.inputs === 'bytes' ? 1 : 4);
  const fitting = Math.floor(maxBindingBytes / rowBytes / 4) * 4;
  if (fitting < 4)
    throw new LimitError(
      `one row of the data has ${rowBytes} bytes, more than this adapter binds (${maxBindingBytes}).`,
    );
  const shards: Shard[] = [];
  for (let firstRow = 0; firstRow < rowCount; firstRow += fitting) {
    shards.push({ buffer: `inputs${shards.length}`, firstRow, rowCount: Math.min(fitting, rowCount - firstRow) });
  }
  return shards;
}

function checkAugmentation(recipe: Recipe, { inputShape }: DataShape): void {
  const field = imageAugmentation(recipe);
  if (field !== undefined && inputShape.length !== 3) {
    throw new RecipeError(
      `augmentation.${field}`,
      `needs images, but each row of this data is ${elementCount(inputShape)} plain numbers.`,
    );
  }
  const [height = 1, width = 1] = inputShape;
  for (const name of ['cropPadding', 'cutout'] as const) {
    if (field === undefined || recipe.augmentation[name] < Math.min(height, width)) continue;
    throw new RecipeError(
      `augmentation.${name}`,
      `is ${recipe.augmentation[name]}, which can leave nothing of images of ${height}x${width}. ` +
        `Give at most ${Math.min(height, width) - 1}.`,
    );
  }
}

/** Every buffer must fit one binding; the sentence says what to make smaller and how far. */
function checkLimits(plan: Plan, storedRowCount: number, maxBindingBytes: number): void {
  const tooLarge = plan.buffers
    .filter((buffer) => sizeBytes(buffer) > maxBindingBytes)
    .sort((a, b) => b.elements - a.elements);
  // A smaller batch does not help a model that does not fit.
  const largest = tooLarge.find(({ kind }) => kind === 'arena') ?? tooLarge[0];
  if (largest === undefined) return;
  const { model, population } = plan;
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const limit = `this adapter binds at most ${megabytes(maxBindingBytes)} at a time`;
  if (largest.kind === 'arena') {
    const fitting = Math.floor(maxBindingBytes / 4 / model.memberStride);
    const size = `${model.parameterCount.toLocaleString('en')} parameters (${megabytes(sizeBytes(largest))})`;
    if (fitting >= 1) {
      throw new LimitError(
        `a population of ${population} with ${size} is too large: ${limit}. Train at most ${fitting} members together.`,
      );
    }
    throw new LimitError(`the model has ${size}: ${limit}. ${narrowing(model, maxBindingBytes)}`);
  }
  if (largest.kind === 'data') {
    const storedRows = Math.floor(maxBindingBytes / (sizeBytes(largest) / storedRowCount));
    const cure = plan.dataPopulation === 1 ? `at most ${storedRows} rows of data` : 'fewer data seeds';
    throw new LimitError(`the ${largest.name} need ${megabytes(sizeBytes(largest))}: ${limit}. Use ${cure}.`);
  }
  const perRow = Math.ceil(sizeBytes(largest) / Math.max(plan.batch, plan.evaluationBatch));
  const rows = Math.floor(maxBindingBytes / perRow);
  const field = plan.batch >= plan.evaluationBatch ? 'batch' : 'evaluation.batch';
  throw new LimitError(
    `a batch needs ${megabytes(sizeBytes(largest))} for one tensor: ${limit}. Set ${field} to at most ${rows}.`,
  );
}

/** The cure for a model that is too large: its largest layer, and how wide that may be where this follows from the layers beside it. */
function narrowing({ layers, blocks, memberStride }: Model, maxBindingBytes: number): string {
  const widest = [...blocks].sort((a, b) => b.elements - a.elements)[0];
  const isChain = layers.every(({ type }) => type === 'dense' || type === 'dropout');
  if (widest?.start === undefined || !isChain) return `Make "${widest?.name ?? ''}" narrower.`;
  const next = blocks[blocks.indexOf(widest) + 1];
  const nextOut = next?.start?.fanOut ?? 0;
  const perUnit = widest.start.fanIn + 1 + nextOut;
  const others = memberStride - widest.elements - (next === undefined ? 0 : next.elements - nextOut);
  const units = Math.max(0, Math.floor((maxBindingBytes / 4 - others - 128) / perUnit));
  return `Make "${widest.name}" at most ${units} units wide.`;
}
