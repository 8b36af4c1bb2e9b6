/** Faults of the device after it is opened: none goes unnoticed, and none leaves memory behind. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { DeviceError, ShaderError } from '../../src/errors.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { createGpuExecutor } from '../../src/gpu/executor.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { initialArena, prepare } from '../../src/train/session.ts';
import { openTestAdapter } from '../device.ts';
import { clouds, smallRecipe, trainToFailure } from '../train/support.ts';
import { plantFault } from '../verify/gpu.ts';

async function openGpu(change: (device: GPUDevice) => void = () => undefined): Promise<GpuDevice> {
  const { adapter, description } = await openTestAdapter();
  const request = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = async (descriptor) => {
    const device = await request(descriptor);
    change(device);
    return device;
  };
  const { name, kind } = description;
  return openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary });
}

/** Buffers that a device has made and not destroyed. */
function trackBuffers(device: GPUDevice): Set<GPUBuffer> {
  const alive = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    alive.add(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return alive;
}

let gpu: GpuDevice;
let plan: Plan;
beforeEach(async () => {
  gpu?.[Symbol.dispose]();
  gpu = await openGpu();
  ({ plan } = prepare(smallRecipe(), clouds()));
});
afterAll(() => gpu?.[Symbol.dispose]());

test('a write that the device refuses is an error at the next read and the next run', async () => {
  using executor = await createGpuExecutor(gpu, plan);
  executor.write('parameters', new Float32Array(100_000));
  const read = executor.read('parameters');
  await expect(read).rejects.toThrow(DeviceError);
  await expect(read).rejects.toThrow('refused a command');
  expect(() => executor.run('penalty', { steps: [] })).toThrow('refused a command');
});

test('training ends with the error when the device refuses a command on the way', async () => {
  const recipe = smallRecipe();
  const refusing = await openGpu((device) => {
    const write = device.queue.writeBuffer.bind(device.queue) as (...values: unknown[]) => undefined;
    device.queue.writeBuffer = (buffer: GPUBuffer, offset: number, ...rest: unknown[]) =>
      write(buffer, buffer.label === 'parameters' ? buffer.size : offset, ...rest);
  });
  const { error, checkpoints } = await trainToFailure(recipe, { device: refusing, parameters: initialArena });
  refusing[Symbol.dispose]();
  expect(error).toBeInstanceOf(DeviceError);
  expect(checkpoints).toEqual([]);
});

test('an executor that cannot be built leaves no buffer behind, and the device usable', async () => {
  const alive = trackBuffers(gpu.device);
  const broken = plantFault(gpu, 'dense_forward.wgsl', 'fn problem', 'fun problem');
  await expect(createGpuExecutor(broken, plan)).rejects.toThrow(ShaderError);
  expect(alive.size).toBe(0);
  using executor = await createGpuExecutor(gpu, plan);
  expect(alive.size).toBeGreaterThan(10);
  await executor.read('parameters');
});

test('executors that are built at the same time are told their own faults only', async () => {
  const buffers = plan.buffers.map((buffer) =>
    buffer.name === 'parameters' ? { ...buffer, elements: 2 ** 38 } : buffer,
  );
  const built = await Promise.allSettled([
    createGpuExecutor(gpu, plan),
    createGpuExecutor(gpu, { ...plan, buffers }),
    createGpuExecutor(gpu, plan),
  ]);
  expect(built.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(gpu.refusal()).toBeUndefined();
  for (const one of built) if (one.status === 'fulfilled') one.value[Symbol.dispose]();
});

test('an arena has one staging buffer, a table that is read has two', async () => {
  const alive = trackBuffers(gpu.device);
  using executor = await createGpuExecutor(gpu, plan);
  expect(executor.plan).toBe(plan);
  const staging = [...alive].filter(({ label }) => label === 'staging').map(({ size }) => size);
  const sizes = plan.buffers
    .filter(({ readBack }) => readBack)
    .flatMap(({ kind, elements }) => (kind === 'arena' ? [elements * 4] : [elements * 4, elements * 4]));
  expect(staging.toSorted()).toEqual(sizes.toSorted());
});

test('an unknown program is an error', async () => {
  using executor = await createGpuExecutor(gpu, plan);
  expect(() => executor.run('trian', { steps: [] })).toThrow('the plan has no program "trian"');
});

test('an adapter that fails the probe of its arithmetic is a DeviceError, and its device is destroyed', async () => {
  let lost: Promise<GPUDeviceLostInfo> | undefined;
  const opened = openGpu((device) => {
    lost = device.lost;
    device.createComputePipelineAsync = () => Promise.reject(new Error('no pipeline'));
  });
  await expect(opened).rejects.toThrow(DeviceError);
  await expect(opened).rejects.toThrow('no pipeline');
  expect((await lost)?.reason).toBe('destroyed');
});
