import { test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import { createGpuExecutor } from '../../src/gpu/executor.ts';
import { prepare } from '../../src/train/session.ts';
import { openTestAdapter } from '../device.ts';
import { clouds, smallRecipe } from '../train/support.ts';
import { train } from '../../src/train/trainer.ts';

test('loss while starting', async () => {
  for (const after of [0, 1, 3, 10, 30, 60, 100, 200, 400]) {
    const { adapter, description } = await openTestAdapter();
    const gpu = await openGpuDevice({ adapter, name: description.name, software: true, shaders: shaderLibrary });
    const timer = setTimeout(() => gpu.device.destroy(), after);
    if (after === 0) { clearTimeout(timer); gpu.device.destroy(); }
    try {
      const run = train(smallRecipe({ epochs: 50 } as never), { device: gpu, dataset: clouds() } as never);
      let last = '';
      for await (const event of run) { last = `${event.type} ${'step' in event ? event.step : ''}`; }
      console.log(after, 'finished', last);
    } catch (cause) {
      console.log(after, (cause as Error).constructor.name, String(cause).slice(0, 200), gpu.lostReason());
    }
    clearTimeout(timer);
  }
});
test('overlapping', async () => {
  const { adapter, description } = await openTestAdapter();
  const gpu = await openGpuDevice({ adapter, name: description.name, software: true, shaders: shaderLibrary });
  const { plan } = prepare(smallRecipe(), clouds());
  const big = { ...plan, buffers: plan.buffers.map((b) => b.name === 'parameters' ? { ...b, elements: 2 ** 38 } : b) };
  const results = await Promise.allSettled([createGpuExecutor(gpu, plan), createGpuExecutor(gpu, big as never), createGpuExecutor(gpu, plan)]);
  console.log(results.map((r) => r.status + ' ' + (r.status === 'rejected' ? String(r.reason).slice(0, 200) : '')), gpu.refusal());
});
