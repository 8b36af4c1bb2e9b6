/**
 * Looking inside a trained model: what every layer answers to chosen rows, the outputs for every row of the splits, and the weights of
 * one member by name.
 */
import type { Dataset, Split, SplitName } from '../data/dataset.ts';
import { elementCount } from '../formats/shape.ts';
import { buildModel, parameterTensors } from '../model/model.ts';
import type { Model } from '../model/model.ts';
import type { Values } from '../ops/kernel.ts';
import { memberRecipes } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readWeights } from './checkpoint.ts';
import { maxBindingBytes, openExecutor } from './device.ts';
import type { Device } from './device.ts';
import { predictRows } from './evaluate.ts';
import { prepareRows, rowInputs } from './saved-model.ts';
import type { SavedModel } from './saved-model.ts';
import { createFeed, prepare, uploadData, uploadInputs } from './session.ts';
import { memberRecipe, openModel } from './use-model.ts';
import type { TrainedModel } from './use-model.ts';

/** What one layer answers to rows. */
export interface LayerActivation {
  readonly layer: string;
  /** `dense`, `conv2d`, … */
  readonly type: string;
  /** Of one row: [features] or [height, width, channels]. */
  readonly shape: readonly number[];
  /** [rows, ...shape] */
  readonly values: Float32Array;
}

/** A trained tensor of the model, and the layer that it belongs to. */
export interface ModelTensor {
  readonly name: string;
  readonly layer: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** A weight or kernel; false for biases, scales, shifts and running statistics. */
  readonly isWeight: boolean;
}

/** Outputs of one member for rows of the dataset. */
export interface SplitOutputs {
  readonly split: Split;
  /** [rows, outputCount]: logits, or the values of a regression. */
  readonly outputs: Readonly<Partial<Record<SplitName, Float32Array>>>;
}

/** A model held open on a device, to be asked again and again: under new weights, for other rows. One question at a time. */
export interface Inspector extends Disposable {
  /** The weights of the member alone [memberStride]. */
  setParameters(parameters: Float32Array): void;
  /** The output of every layer, as in evaluation, for rows [rowCount, features] as the data files have them: not normalised. */
  activations(rows: Dataset['inputs']): Promise<LayerActivation[]>;
  /** [rowCount, outputCount]: logits, or the values of a regression. */
  outputs(rows: Dataset['inputs']): Promise<Float32Array>;
  /** Milliseconds that its questions have kept the device and the host busy so far, without the work of others that they waited for. */
  busyMilliseconds(): number;
}

export interface InspectorOptions {
  /** Which member of a population, for its normalisation; default: 0. */
  readonly member?: number;
  /** Rows that lie on the device at once, each activation in a buffer of its own. */
  readonly batch: number;
  /** Where the rows are from, for messages. */
  readonly place: string;
}

const rowsAtOnce = 16;

/** Opens a model for looking into it; `asked` is the recipe of the member alone. It answers once it has been given weights. */
export async function openInspector(
  asked: Recipe,
  model: SavedModel,
  device: Device,
  { member = 0, batch, place }: InspectorOptions,
): Promise<Inspector> {
  // No step is trained here: the training batch would only take memory. Of one row there is no batch norm.
  const recipe = { ...asked, batch: Math.min(asked.batch, 2), evaluation: { ...asked.evaluation, batch } };
  const features = elementCount(model.inputShape);
  const options = { maxBindingBytes: maxBindingBytes(device), shareSlots: false };
  const prepared = prepareRows(recipe, model, member, new Float64Array(batch * features), place, options);
  const { plan, views } = prepared;
  const { train: all } = views[0]!.split;
  // The other programs need not be compiled.
  const executor = await openExecutor(device, { ...plan, programs: { predict: plan.programs.predict } });
  uploadData(prepared, executor);
  const feed = createFeed(prepared);
  let busy = 0;

  /** Runs the rows in batches; `take` is given each batch's first row, number of rows and the tensors that were asked for. */
  async function ask(
    rows: Dataset['inputs'],
    wanted: (rowCount: number) => readonly Promise<Values>[],
    take: (firstRow: number, values: readonly Values[]) => void,
  ): Promise<void> {
    const inputs = rowInputs(model, member, rows, place);
    const rowCount = rows.length / features;
    for (let row = 0; row < rowCount; row += batch) {
      const count = Math.min(batch, rowCount - row);
      // Comes back when all that was submitted before is done: the device is ours from then on.
      const begun = executor.read('outputs', 0, 1).then(() => performance.now());
      // A lost device is told by what is asked for below.
      begun.catch(() => undefined);
      const started = performance.now();
      uploadInputs(plan, executor, inputs.subarray(row * features, (row + count) * features));
      const { steps } = feed.loadRows(executor, [all.subarray(0, count)], 0);
      executor.run('predict', { steps });
      const reads = wanted(count);
      const submitted = performance.now();
      const [since, ...values] = await Promise.all([begun, ...reads]);
      busy += submitted - started + Math.max(0, performance.now() - Math.max(since, submitted));
      take(row, values);
    }
  }

  return {
    setParameters: (parameters) => executor.write('parameters', parameters),
    async activations(rows) {
      const rowCount = rows.length / features;
      const found = plan.activations.map(({ layer, type, shape }) => ({
        layer,
        type,
        shape,
        values: new Float32Array(rowCount * elementCount(shape)),
      }));
      await ask(
        rows,
        (count) =>
          plan.activations.map(({ tensor, shape }) =>
            executor.read(tensor.buffer, tensor.elementOffset, count * elementCount(shape)),
          ),
        (firstRow, values) => {
          for (const [index, own] of values.entries()) {
            const layer = found[index]!;
            layer.values.set(own, firstRow * elementCount(layer.shape));
          }
        },
      );
      return found;
    },
    async outputs(rows) {
      const { outputCount } = model;
      const found = new Float32Array((rows.length / features) * outputCount);
      await ask(
        rows,
        (count) => [executor.read('outputs', 0, count * outputCount)],
        (firstRow, [values = []]) => found.set(values, firstRow * outputCount),
      );
      return found;
    },
    busyMilliseconds: () => busy,
    [Symbol.dispose]: () => executor[Symbol.dispose](),
  };
}

/** The output of every layer, as in evaluation, for rows [rowCount, features] as the data files have them: not normalised. */
export async function inspectModel(
  trained: TrainedModel,
  model: SavedModel,
  inputs: { readonly rows: Float64Array; readonly place: string },
  device: Device,
): Promise<LayerActivation[]> {
  const rowCount = inputs.rows.length / elementCount(model.inputShape);
  using inspector = await openInspector(memberRecipe(trained), model, device, {
    member: trained.member,
    batch: Math.min(rowCount, rowsAtOnce),
    place: inputs.place,
  });
  inspector.setParameters(memberWeights(trained, model).values);
  // Awaited here: the executor must not be disposed of before.
  return await inspector.activations(inputs.rows);
}

/** Outputs of the model for every row of the splits that are chosen. */
export async function splitOutputs(
  trained: TrainedModel,
  dataset: Dataset,
  choose: (rows: Split) => readonly SplitName[],
  device: Device,
): Promise<SplitOutputs> {
  const prepared = prepare(memberRecipe(trained), dataset, { maxBindingBytes: maxBindingBytes(device) });
  const { split } = prepared.views[0]!;
  using executor = await openModel(prepared, trained, device);
  const feed = createFeed(prepared);
  const outputs: Partial<Record<SplitName, Float32Array>> = {};
  for (const name of choose(split)) [outputs[name]] = await predictRows(prepared, executor, feed, split[name]);
  return { split, outputs };
}

/** Every tensor of the member's weights, in file order. Needs no device. */
export function modelTensors(trained: TrainedModel, model: SavedModel): ModelTensor[] {
  const { built, values } = memberWeights(trained, model);
  return namedTensors(built, values);
}

/** The tensors of one member's share of the parameters [memberStride], in file order. */
export function namedTensors(model: Model, parameters: Float32Array): ModelTensor[] {
  return parameterTensors(model).map(({ name, shape, arenaOffset, penalised }) => {
    const layer = model.layers.find((each) => name.startsWith(`${each.name}.`));
    if (layer === undefined) throw new Error(`no layer has the tensor "${name}"`);
    const values = parameters.slice(arenaOffset, arenaOffset + elementCount(shape));
    return { name, layer: layer.name, type: layer.type, shape, values, isWeight: penalised };
  });
}

/** The member's share of the parameters, and the model that they are laid out for. */
function memberWeights(
  trained: TrainedModel,
  model: SavedModel,
): { readonly built: Model; readonly values: Float32Array } {
  const built = buildModel(memberRecipe(trained), model);
  const all = readWeights(trained.weights, trained.place, built, memberRecipes(trained.recipe).length);
  const start = trained.member * built.memberStride;
  return { built, values: all.subarray(start, start + built.memberStride) };
}
