/** Writes a workload for the sides: meta.json, the rows and the initial weights, as raw little-endian arrays. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { elementCount } from '../src/formats/shape.ts';
import { pair } from '../src/layers/window.ts';
import { parameterTensors } from '../src/model/model.ts';
import { initialArena, prepare } from '../src/train/session.ts';
import { penaltyWeight } from '../src/train/schedule.ts';
import type { LayerRecipe, Recipe } from '../src/recipe/schema.ts';
import type { ArrayFile, DenseMeta, LayerMeta, Meta } from './protocol.ts';
import type { TrainingWorkload } from './workloads.ts';

type Values = Uint8Array | Uint32Array | Float32Array;

/** Writes into `folder`, which is made. Throws for a workload that the protocol has no words for. */
export function writeWorkload(folder: string, { name, rows, recipe, createDataset }: TrainingWorkload): Meta {
  mkdirSync(folder, { recursive: true });
  const write = (file: string, values: Values, shape: readonly number[]): ArrayFile => {
    if (elementCount(shape) !== values.length)
      throw new Error(`${file}: ${values.length} values, not ${shape.join('x')}`);
    writeFileSync(join(folder, file), littleEndian(values));
    const dtype = values instanceof Uint8Array ? 'u8' : values instanceof Uint32Array ? 'u32' : 'f32';
    return { file, dtype, shape };
  };
  const dataset = createDataset();
  const prepared = prepare(recipe, dataset);
  const { plan, members, duration } = prepared;
  const { memberStride } = plan.model;
  const arena = initialArena(prepared);
  const tensorFile = (tensorName: string): ArrayFile => {
    const tensor = parameterTensors(plan.model).find((each) => each.name === tensorName);
    if (tensor === undefined) throw new Error(`${name} has no parameters ${tensorName}`);
    const elements = elementCount(tensor.shape);
    const values = new Float32Array(members.length * elements);
    for (const member of members.keys()) {
      const start = member * memberStride + tensor.arenaOffset;
      values.set(arena.subarray(start, start + elements), member * elements);
    }
    return write(`${tensorName}.f32`, values, [members.length, ...tensor.shape]);
  };
  const layers = plan.model.layers.map((layer, index): LayerMeta => {
    const described = recipe.model.layers[index];
    if (described?.type === 'maxPool2d') return describePool(described);
    if (described?.type !== 'dense' && described?.type !== 'conv2d')
      throw new Error(`the sides know no layer "${layer.type}"`);
    const weight = tensorFile(`${layer.name}.weight`);
    const parameters = {
      activation: knownActivation(described.activation),
      weight,
      bias: tensorFile(`${layer.name}.bias`),
    };
    if (described.type === 'dense') {
      const [, inSize = 0, outSize = 0] = weight.shape;
      return { type: 'dense', inSize, outSize, ...parameters };
    }
    if (described.padding !== 'valid' || pair(described.stride).some((step) => step > 1))
      throw new Error('the sides know no padding and no stride of a convolution');
    const [, kernelH = 0, kernelW = 0, inC = 0, outC = 0] = weight.shape;
    return { type: 'conv2d', kernel: [kernelH, kernelW], inC, outC, ...parameters };
  });
  if (members.length > 1 && layers.some(({ type }) => type !== 'dense'))
    throw new Error('the sides know no members that convolve');
  const inputs = prepared.inputs[0]?.inputs ?? new Float32Array();
  const { labels, targets, outputCount, inputShape } = dataset;
  const meta: Meta = {
    workload: name,
    loss: knownLoss(recipe.loss),
    rows,
    batch: plan.batch,
    stepsPerEpoch: duration.stepsPerEpoch,
    members: members.length,
    l2: members.map((member) => penaltyWeight(member, rows)),
    optimizer: describeOptimizer(recipe),
    layers,
    inputs: write(inputs instanceof Uint8Array ? 'inputs.u8' : 'inputs.f32', inputs, [rows, ...inputShape]),
    inputScale: prepared.inputs[0]?.scale[0] ?? 1,
    targets:
      labels === undefined
        ? write('targets.f32', targets ?? new Float32Array(), [rows, outputCount])
        : write('labels.u32', labels, [rows]),
  };
  writeFileSync(join(folder, 'meta.json'), JSON.stringify(meta));
  return meta;
}

function describePool({ size, stride, padding }: Extract<LayerRecipe, { type: 'maxPool2d' }>): LayerMeta {
  const windowSize = pair(size);
  if (padding !== 'valid' || (stride !== undefined && pair(stride).join() !== windowSize.join()))
    throw new Error('the sides know no padding of a pool, nor windows that overlap');
  return { type: 'maxPool2d', size: windowSize };
}

function knownActivation(name: string): DenseMeta['activation'] {
  if (name === 'linear' || name === 'relu' || name === 'sigmoid') return name;
  throw new Error(`the sides know no activation "${name}"`);
}

function knownLoss(name: Recipe['loss']): Meta['loss'] {
  if (name === 'crossEntropy' || name === 'mse') return name;
  throw new Error(`the sides know no loss "${name}"`);
}

function describeOptimizer({ optimizer }: Recipe): Meta['optimizer'] {
  switch (optimizer.type) {
    case 'sgd':
      return { type: 'sgd', learningRate: optimizer.learningRate };
    case 'momentum':
      return { type: 'momentum', learningRate: optimizer.learningRate, momentum: optimizer.momentum };
    case 'adam': {
      const { learningRate, beta1, beta2, epsilon } = optimizer;
      return { type: 'adam', learningRate, beta1, beta2, epsilon };
    }
    default:
      throw new Error(`the sides know no optimizer "${optimizer.type}"`);
  }
}

function littleEndian(values: Values): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    if (values instanceof Float32Array) view.setFloat32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  }
  return bytes;
}
