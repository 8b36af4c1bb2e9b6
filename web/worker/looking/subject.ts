/** What there is to look at in a model, and rows of its data. */
import type { Dataset, Split, SplitName } from '../../../src/data/dataset.ts';
import { elementCount } from '../../../src/formats/shape.ts';
import { dataInput, parameterTensors } from '../../../src/model/model.ts';
import type { Model, ModelLayer } from '../../../src/model/model.ts';
import type { Prepared } from '../../../src/train/session.ts';
import type { LookSubject, ShownRows, WeightTensor } from '../../protocol/looking.ts';
import type { Snapshot } from '../live-model.ts';
import type { Rows } from './inspectors.ts';

export function describeSubject({ runId, prepared }: Snapshot): LookSubject {
  const { dataset, plan, recipe, members } = prepared;
  const { task, inputShape, inputs, largestByte = 255, inputNames, classNames, outputCount } = dataset;
  const { train, validation, test } = splitOf(prepared, 0);
  const count = (length: number): number[] => Array.from({ length }, (_, index) => index);
  return {
    runId,
    task,
    probabilities: recipe.loss === 'crossEntropy',
    inputShape,
    ...(inputs instanceof Uint8Array && { largestByte }),
    inputNames: inputNames ?? count(elementCount(inputShape)).map((index) => `input ${index}`),
    outputNames:
      classNames ??
      (task === 'regression' && outputCount === 1
        ? ['output']
        : count(outputCount).map((index) => (task === 'classification' ? String(index) : `output ${index}`))),
    population: members.length,
    rows: { train: train.length, validation: validation.length, test: test.length },
    weights: weightTensors(plan.model),
  };
}

export function splitOf({ views }: Prepared, member: number): Split {
  const view = views[member] ?? views[0];
  if (view === undefined) throw new Error('a run sees its data in no way');
  return view.split;
}

function weightTensors(model: Model): WeightTensor[] {
  return parameterTensors(model)
    .filter(({ penalised }) => penalised)
    .map(({ name, shape }) => {
      const layer = model.layers.find((each) => name.startsWith(`${each.name}.`));
      const imageShape = layer?.type === 'dense' ? imageInto(model, layer) : undefined;
      return { name, shape, ...(imageShape && { imageShape }) };
    });
}

/** The shape of the image that a dense layer takes, through layers that keep every number in its place; undefined where it is none. */
function imageInto(model: Model, layer: ModelLayer): readonly number[] | undefined {
  let position = layer.inputs[0] ?? dataInput;
  let before = model.layers[position];
  while (before !== undefined && ['flatten', 'dropout', 'gaussianNoise', 'activation'].includes(before.type)) {
    position = before.inputs[0] ?? dataInput;
    before = model.layers[position];
  }
  const shape = before?.outputShape ?? model.inputShape;
  return shape.length === 3 && (shape[0] ?? 1) * (shape[1] ?? 1) > 1 ? shape : undefined;
}

/** Rows of the data, one after the other, as its files have them. */
export function takeRows({ inputs, inputShape }: Dataset, rows: ArrayLike<number>): Rows {
  const features = elementCount(inputShape);
  const taken = inputs.slice(0, 0).constructor as new (length: number) => Rows;
  const all = new taken(rows.length * features);
  for (let index = 0; index < rows.length; index++) {
    const start = (rows[index] ?? 0) * features;
    all.set(inputs.subarray(start, start + features), index * features);
  }
  return all;
}

/** Training rows and those that are held back, an even sample of at most so many each; the training rows first. */
export function shownRows(
  prepared: Prepared,
  member: number,
  most: number,
): ShownRows & { readonly rows: readonly number[] } {
  const split = splitOf(prepared, member);
  const heldBack = (['validation', 'test'] as const).find((name: SplitName) => split[name].length > 0);
  const train = evenSample(split.train, most);
  const others = heldBack === undefined ? [] : evenSample(split[heldBack], most);
  return { ...(heldBack && { heldBack }), trainCount: train.length, rows: [...train, ...others] };
}

function evenSample(rows: Uint32Array, most: number): number[] {
  const count = Math.min(most, rows.length);
  return Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)] ?? 0);
}
