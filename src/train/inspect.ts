/**
 * Looking inside a trained model: what every layer answers to chosen rows, the outputs for every row of the splits, and the weights of
 * one member by name.
 */
import type { Dataset, Split, SplitName } from '../data/dataset.ts';
import { elementCount } from '../formats/shape.ts';
import { buildModel, parameterTensors } from '../model/model.ts';
import { memberRecipes } from '../recipe/parse.ts';
import { readWeights } from './checkpoint.ts';
import { maxBindingBytes } from './device.ts';
import type { Device } from './device.ts';
import { predictRows } from './evaluate.ts';
import { prepareRows } from './saved-model.ts';
import type { SavedModel } from './saved-model.ts';
import { createFeed, prepare } from './session.ts';
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

/** Rows whose activations lie on the device at once, each in a buffer of its own. */
const rowsAtOnce = 16;

/** The output of every layer, as in evaluation, for rows [rowCount, features] as the data files have them: not normalised. */
export async function inspectModel(
  trained: TrainedModel,
  model: SavedModel,
  inputs: { readonly rows: Float64Array; readonly place: string },
  device: Device,
): Promise<LayerActivation[]> {
  const rowCount = inputs.rows.length / elementCount(model.inputShape);
  const batch = Math.min(rowCount, rowsAtOnce);
  const asked = memberRecipe(trained);
  // No step is trained here: the training batch would only take memory. Of one row there is no batch norm.
  const recipe = {
    ...asked,
    batch: Math.min(asked.batch, Math.max(2, batch)),
    evaluation: { ...asked.evaluation, batch },
  };
  const options = { maxBindingBytes: maxBindingBytes(device), shareSlots: false };
  const prepared = prepareRows(recipe, model, trained.member, inputs.rows, inputs.place, options);
  const { activations, evaluationBatch } = prepared.plan;
  using executor = await openModel(prepared, trained, device);
  const feed = createFeed(prepared);
  const all = prepared.views[0]!.split.train;
  const found = activations.map(({ layer, type, shape }) => ({
    layer,
    type,
    shape,
    values: new Float32Array(rowCount * elementCount(shape)),
  }));
  for (let row = 0; row < rowCount; row += evaluationBatch) {
    const rows = all.subarray(row, row + evaluationBatch);
    const { steps } = feed.loadRows(executor, [rows], 0);
    executor.run('predict', { steps });
    for (const [index, { tensor, shape }] of activations.entries()) {
      const size = elementCount(shape);
      const values = await executor.read(tensor.buffer, tensor.elementOffset, rows.length * size);
      found[index]!.values.set(values, row * size);
    }
  }
  return found;
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
  const built = buildModel(memberRecipe(trained), model);
  const all = readWeights(trained.weights, trained.place, built, memberRecipes(trained.recipe).length);
  const start = trained.member * built.memberStride;
  return parameterTensors(built).map(({ name, shape, arenaOffset, penalised }) => {
    const layer = built.layers.find((each) => name.startsWith(`${each.name}.`));
    if (layer === undefined) throw new Error(`no layer has the tensor "${name}"`);
    const values = all.slice(start + arenaOffset, start + arenaOffset + elementCount(shape));
    return { name, layer: layer.name, type: layer.type, shape, values, isWeight: penalised };
  });
}
