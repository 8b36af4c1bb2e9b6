/** A model that is held open answers as one that is opened for the question: to the same bits, under any weights, in any batch. */
import { expect, test } from 'vitest';
import { elementCount } from '../../src/formats/shape.ts';
import { writeWeights } from '../../src/train/checkpoint.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { inspectModel, modelTensors, namedTensors, openInspector } from '../../src/train/inspect.ts';
import type { Inspector } from '../../src/train/inspect.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { probabilities } from '../../src/train/scores.ts';
import { initialArena, prepare } from '../../src/train/session.ts';
import { predictModel } from '../../src/train/use-model.ts';
import type { TrainedModel } from '../../src/train/use-model.ts';
import { parameterTensors } from '../../src/model/model.ts';
import type { Prepared } from '../../src/train/session.ts';
import { cloudImages, clouds, curves, everyLayer, smallRecipe } from './support.ts';

const cases = [
  { name: 'a perceptron on floats', dataset: clouds(), recipe: smallRecipe() },
  {
    name: 'a perceptron on bytes',
    dataset: clouds({ bytes: true }),
    recipe: smallRecipe({ data: { source: 'csv', file: 'in memory', normalize: 'unit' } }),
  },
  {
    name: 'every kind of layer',
    dataset: cloudImages(),
    recipe: smallRecipe({
      data: { source: 'csv', file: 'in memory', normalize: 'channel' },
      model: { layers: everyLayer },
    }),
  },
  {
    name: 'a regression',
    dataset: curves(),
    recipe: smallRecipe({
      loss: 'mse',
      model: {
        layers: [
          { type: 'dense', units: 5, activation: 'relu' },
          { type: 'dense', units: 2 },
        ],
      },
    }),
  },
];

/** The initial weights of a run as if they were trained: what is asked here does not care. */
function trainedModel(prepared: Prepared): TrainedModel {
  const { recipe, plan } = prepared;
  const arena = initialArena(prepared);
  const weights = recipe.members ?? [recipe];
  const named = weights.map((_, member) =>
    Object.fromEntries(
      parameterTensors(plan.model).map(({ name, shape, arenaOffset }) => {
        const start = member * plan.model.memberStride + arenaOffset;
        return [name, { shape, data: arena.slice(start, start + elementCount(shape)) }];
      }),
    ),
  );
  return { recipe, member: 0, weights: writeWeights(named), place: 'in memory' };
}

function memberArena(prepared: Prepared, member = 0): Float32Array {
  const { memberStride } = prepared.plan.model;
  return initialArena(prepared).slice(member * memberStride, (member + 1) * memberStride);
}

test.each(cases)(
  'the outputs of $name equal those of predictModel, whatever the batch',
  async ({ dataset, recipe }) => {
    using device = cpuDevice();
    const prepared = prepare(recipe, dataset);
    const model = describeModel(prepared);
    const features = elementCount(dataset.inputShape);
    const rows = Float64Array.from(dataset.inputs.subarray(0, 37 * features));
    const expected = await predictModel(trainedModel(prepared), model, { rows, place: 'rows' }, device);
    for (const batch of [1, 7, 64]) {
      using inspector = await openInspector(recipe, model, device, { batch, place: 'rows' });
      inspector.setParameters(memberArena(prepared));
      const outputs = await inspector.outputs(rows);
      const values =
        expected.kind === 'outputs' ? Float64Array.from(outputs) : probabilities(outputs, model.outputCount);
      expect(values).toEqual(expected.values);
      expect(await inspector.outputs(dataset.inputs.subarray(0, 37 * features))).toEqual(outputs);
    }
  },
);

test.each(cases)('the activations of $name equal those of inspectModel, and end with the outputs', async (each) => {
  using device = cpuDevice();
  const prepared = prepare(each.recipe, each.dataset);
  const model = describeModel(prepared);
  const features = elementCount(each.dataset.inputShape);
  const rows = Float64Array.from(each.dataset.inputs.subarray(0, 19 * features));
  const expected = await inspectModel(trainedModel(prepared), model, { rows, place: 'rows' }, device);
  using inspector = await openInspector(each.recipe, model, device, { batch: 5, place: 'rows' });
  inspector.setParameters(memberArena(prepared));
  const found = await inspector.activations(rows);
  expect(found).toEqual(expected);
  expect(found.at(-1)?.values).toEqual(await inspector.outputs(rows));
});

async function outputsOf(inspector: Inspector, parameters: Float32Array, rows: Float64Array): Promise<Float32Array> {
  inspector.setParameters(parameters);
  return inspector.outputs(rows);
}

test('new weights give new answers, and the first weights the first answers again', async () => {
  using device = cpuDevice();
  const prepared = prepare(smallRecipe(), clouds());
  const rows = Float64Array.from(prepared.dataset.inputs.subarray(0, 60));
  using inspector = await openInspector(prepared.recipe, describeModel(prepared), device, { batch: 4, place: 'rows' });
  const parameters = memberArena(prepared);
  const first = await outputsOf(inspector, parameters, rows);
  const second = await outputsOf(
    inspector,
    parameters.map((value) => 2 * value),
    rows,
  );
  expect(second).not.toEqual(first);
  expect(await outputsOf(inspector, parameters, rows)).toEqual(first);
});

test('a member of a population is asked with its own weights and its own normalisation', async () => {
  using device = cpuDevice();
  const data = { source: 'csv', file: 'in memory', normalize: 'feature', validation: 30 };
  const recipe = smallRecipe({ data, members: [{ seed: 1 }, { seed: 2, 'data.seed': 7 }] });
  const prepared = prepare(recipe, clouds());
  const model = describeModel(prepared);
  const rows = Float64Array.from(prepared.dataset.inputs.subarray(0, 60));
  const own = prepared.members[1];
  if (own === undefined) throw new Error('the population has two members');
  using inspector = await openInspector(own, model, device, { member: 1, batch: 10, place: 'rows' });
  inspector.setParameters(memberArena(prepared, 1));
  const { values } = await predictModel({ ...trainedModel(prepared), member: 1 }, model, { rows, place: '' }, device);
  const outputs = await inspector.outputs(rows);
  expect(probabilities(outputs, 3)).toEqual(values);
  using other = await openInspector(own, model, device, { batch: 10, place: 'rows' });
  other.setParameters(memberArena(prepared, 1));
  expect(await other.outputs(rows)).not.toEqual(outputs);
});

test('pixels that are no bytes are refused with row and pixel', async () => {
  using device = cpuDevice();
  const prepared = prepare(cases[1]?.recipe ?? smallRecipe(), clouds({ bytes: true }));
  using inspector = await openInspector(prepared.recipe, describeModel(prepared), device, {
    batch: 2,
    place: 'the drawing',
  });
  inspector.setParameters(memberArena(prepared));
  const rows = new Float64Array(12);
  rows[8] = 0.5;
  await expect(inspector.outputs(rows)).rejects.toThrow('the drawing: row 2, pixel 3 is 0.5');
});

test('the time that questions take is counted', async () => {
  using device = cpuDevice();
  const prepared = prepare(smallRecipe(), clouds());
  using inspector = await openInspector(prepared.recipe, describeModel(prepared), device, { batch: 8, place: 'rows' });
  expect(inspector.busyMilliseconds()).toBe(0);
  await outputsOf(inspector, memberArena(prepared), Float64Array.from(prepared.dataset.inputs));
  expect(inspector.busyMilliseconds()).toBeGreaterThan(0);
});

test('the tensors of a share of the parameters are those of the file of weights', () => {
  const prepared = prepare(cases[2]?.recipe ?? smallRecipe(), cloudImages());
  const tensors = namedTensors(prepared.plan.model, memberArena(prepared));
  expect(tensors).toEqual(modelTensors(trainedModel(prepared), describeModel(prepared)));
  expect(tensors.filter(({ isWeight }) => isWeight).length).toBeGreaterThan(3);
});
