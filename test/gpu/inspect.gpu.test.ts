/** A model that is held open on the adapter of the tests answers as on the CPU path, whatever came before. */
import { expect, test } from 'vitest';
import { elementCount } from '../../src/formats/shape.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { openInspector } from '../../src/train/inspect.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { initialArena, prepare } from '../../src/train/session.ts';
import { cloudImages, everyLayer, smallRecipe } from '../train/support.ts';
import { openTestGpu } from '../verify/gpu.ts';

test('every layer answers with the bits of the CPU path, under new weights and in batches too', async () => {
  const gpu = await openTestGpu();
  using cpu = cpuDevice();
  const dataset = cloudImages();
  const prepared = prepare(smallRecipe({ model: { layers: everyLayer } }), dataset);
  const rows = dataset.inputs.subarray(0, 11 * elementCount(dataset.inputShape));
  const parameters = initialArena(prepared);
  const answers = await Promise.all(
    [gpu, cpu].map(async (device) => {
      const options = { batch: 4, place: 'rows' };
      using inspector = await openInspector(prepared.recipe, describeModel(prepared), device, options);
      inspector.setParameters(parameters.map((value) => -value));
      await inspector.outputs(rows);
      inspector.setParameters(parameters);
      return { outputs: await inspector.outputs(rows), activations: await inspector.activations(rows) };
    }),
  );
  const [onGpu, onCpu] = answers;
  if (gpu.arithmetic.exact) expect(onGpu).toEqual(onCpu);
  expect(onGpu?.activations.at(-1)?.values).toEqual(onGpu?.outputs);
  for (const [index, output] of onCpu?.outputs.entries() ?? []) {
    // Eleven layers of at most 72 terms each: far below a thousandth.
    expect(onGpu?.outputs[index]).toBeCloseTo(output, 3);
  }
});
