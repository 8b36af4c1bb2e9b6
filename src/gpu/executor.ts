/**
 * Runs a plan on WebGPU: every buffer, bind group and pipeline is made here once; afterwards a chunk of steps is one command buffer.
 */
import { DeviceError } from '../errors.ts';
import { stepFields } from '../ops/kernel.ts';
import type { Constants, Kernel, Params, Workgroups } from '../ops/kernel.ts';
import { programOf } from '../plan/executor.ts';
import type { Executor, RunOptions, TimeOptions } from '../plan/executor.ts';
import { sizeBytes } from '../plan/plan.ts';
import type { Call, Executable } from '../plan/plan.ts';
import type { GpuDevice } from './device.ts';
import { inErrorScopes } from './error-scopes.ts';
import type { Faults } from './error-scopes.ts';
import { pipelineCache } from './pipelines.ts';
import type { CompiledKernel } from './pipelines.ts';
import { hasTimestamps, openTimestamps } from './profile.ts';
import type { Timestamps } from './profile.ts';
import { openStaging } from './staging.ts';
import { bestVariant, variantConstants } from './variants.ts';
import type { ChooseVariant } from './variants.ts';

/** Uniform slices start at multiples of 256 bytes, the largest alignment that WebGPU allows an adapter to ask for. */
const uniformAlignment = 256;
const stepBytes = 16;

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

interface CompiledCall extends CompiledKernel {
  readonly call: Call;
  readonly variant: string;
  readonly tile: Constants;
}

interface BoundCall {
  readonly variant: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Workgroups of one step. */
  readonly workgroups: Workgroups;
  readonly oncePerRun: boolean;
  /** Workgroups of so many steps, where the call runs once for all of them. */
  launch(stepCount: number): Workgroups;
}

export async function createGpuExecutor(
  gpu: GpuDevice,
  plan: Executable,
  chooseVariant: ChooseVariant = (kernel, params) => bestVariant(gpu, kernel, params),
): Promise<Executor> {
  const { device } = gpu;
  const owned: GPUBuffer[] = [];
  const createBuffer = (label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer => {
    const buffer = device.createBuffer({ label, size: Math.max(16, roundUp(size, 16)), usage });
    owned.push(buffer);
    return buffer;
  };
  const lostError = (cause?: unknown) =>
    new DeviceError(
      `the device "${gpu.name}" was lost: ${gpu.lostReason() ?? String(cause)}. Resume from the last checkpoint.`,
      { cause },
    );
  const checkDevice = (): void => {
    if (gpu.lostReason() !== undefined) throw lostError();
    const refusal = gpu.refusal();
    if (refusal === undefined) return;
    throw new DeviceError(
      `the device "${gpu.name}" refused a command, so its numbers cannot be trusted: ${refusal}. Open the device anew.`,
    );
  };

  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const uniform = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const callCount = Object.values(plan.programs).reduce((sum, calls) => sum + calls.length, 0);
  // An arena is read once per checkpoint; of the tables two reads may be in flight.
  const reads = plan.buffers
    .filter(({ readBack }) => readBack)
    .flatMap((buffer) => (buffer.kind === 'arena' ? [buffer] : [buffer, buffer]));
  const cache = pipelineCache(device, gpu.shaders);
  const { made: memory, faults: memoryFaults } = inErrorScopes(device, () => {
    const steps = createBuffer('steps', plan.chunkRows * uniformAlignment, uniform);
    const resource = { buffer: steps, offset: 0, size: stepBytes };
    return {
      buffers: new Map(
        plan.buffers.map((buffer) => [buffer.name, createBuffer(buffer.name, sizeBytes(buffer), usage)]),
      ),
      params: createBuffer('params', callCount * uniformAlignment, uniform),
      steps,
      stepGroup: device.createBindGroup({ label: 'step', layout: cache.step, entries: [{ binding: 0, resource }] }),
      staging: openStaging(device, reads.map(sizeBytes)),
    };
  });
  const { buffers, params, steps, stepGroup, staging } = memory;
  const bufferAt = (name: string): GPUBuffer => {
    const buffer = buffers.get(name);
    if (buffer === undefined) throw new Error(`the plan has no buffer "${name}"`);
    return buffer;
  };
  const stepData = new Uint32Array((plan.chunkRows * uniformAlignment) / 4);
  const dispose = (): void => {
    staging[Symbol.dispose]();
    for (const buffer of owned) buffer.destroy();
  };

  async function compile(call: Call): Promise<CompiledCall> {
    const { kernel, params: values, constants } = call;
    const variant = chooseVariant(kernel, values);
    const tile = variantConstants(gpu, kernel, variant, values);
    return { ...(await cache.compile(kernel, { ...tile, ...constants })), call, variant, tile };
  }
  function bind({ call, variant, tile, pipeline, layout }: CompiledCall, index: number): BoundCall {
    const { kernel, tensors, params: values } = call;
    const offset = index * uniformAlignment;
    const data = packParams(kernel, values);
    device.queue.writeBuffer(params, offset, data);
    const bindings = [...Object.keys(kernel.reads), ...Object.keys(kernel.writes)];
    return {
      variant,
      pipeline,
      bindGroup: device.createBindGroup({
        label: kernel.name,
        layout,
        entries: [
          ...bindings.map((binding, position) => {
            const place = tensors[binding];
            if (place === undefined) throw new Error(`${kernel.name}: nothing is bound to ${binding}`);
            const resource = {
              buffer: bufferAt(place.buffer),
              offset: place.elementOffset * 4,
              // Kernels may read four floats at a time.
              size: roundUp(place.elements * 4, 16),
            };
            return { binding: position, resource };
          }),
          { binding: bindings.length, resource: { buffer: params, offset, size: data.byteLength } },
        ],
      }),
      workgroups: kernel.launch(values, tile, 1),
      oncePerRun: kernel.oncePerRun === true,
      launch: (stepCount) => kernel.launch(values, tile, stepCount),
    };
  }
  function check({ invalid, exhausted }: Faults): void {
    if (exhausted !== null) {
      throw new DeviceError(
        `the adapter "${gpu.name}" has not enough memory for this plan (see "descent plan"): ${exhausted.message}`,
      );
    }
    if (invalid !== null) throw new Error(`invalid plan: ${invalid.message}`);
  }
  let programs: Readonly<Record<string, readonly BoundCall[]>>;
  try {
    const [compiled] = await Promise.all([
      Promise.all(Object.values(plan.programs).flatMap((calls) => calls.map(compile))),
      memoryFaults.then(check),
    ]);
    const { made: bound, faults } = inErrorScopes(device, () => compiled.map(bind));
    check(await faults);
    let taken = 0;
    programs = Object.fromEntries(
      Object.entries(plan.programs).map(([name, { length }]) => [name, bound.slice(taken, (taken += length))]),
    );
  } catch (cause) {
    dispose();
    throw cause;
  }

  /** Records and submits a program once per step: in one pass, which may be timed, or, `apart`, in one timed pass for each call. */
  function submit(
    program: string,
    { steps: rows, firstCall = 0, callCount: count }: RunOptions,
    timestamps?: Timestamps,
    apart = false,
  ): void {
    checkDevice();
    for (const [row, step] of rows.entries()) {
      for (const [index, field] of stepFields.entries()) stepData[(row * uniformAlignment) / 4 + index] = step[field];
    }
    device.queue.writeBuffer(steps, 0, stepData, 0, (rows.length * uniformAlignment) / 4);
    const calls = programOf(programs, program).slice(firstCall, count === undefined ? undefined : firstCall + count);
    const encoder = device.createCommandEncoder();
    const begin = (): GPUComputePassEncoder =>
      encoder.beginComputePass({ label: program, ...(timestamps && { timestampWrites: timestamps.next() }) });
    const whole = apart ? undefined : begin();
    for (let row = 0; row < rows.length; row++) {
      whole?.setBindGroup(1, stepGroup, [row * uniformAlignment]);
      for (const call of calls) {
        const { oncePerRun } = call;
        // Timed apart, each step is a run of its own.
        if (oncePerRun && !apart && row < rows.length - 1) continue;
        const pass = whole ?? begin();
        pass.setPipeline(call.pipeline);
        pass.setBindGroup(0, call.bindGroup);
        if (whole === undefined) pass.setBindGroup(1, stepGroup, [row * uniformAlignment]);
        pass.dispatchWorkgroups(...(oncePerRun && !apart ? call.launch(rows.length) : call.workgroups));
        if (whole === undefined) pass.end();
      }
    }
    whole?.end();
    timestamps?.resolve(encoder);
    device.queue.submit([encoder.finish()]);
  }

  async function time(program: string, options: TimeOptions): Promise<BigUint64Array> {
    const { steps: rows, firstCall = 0, callCount: count, apart } = options;
    const callsPerStep = count ?? programOf(programs, program).length - firstCall;
    using timestamps = openTimestamps(device, apart ? rows.length * callsPerStep : 1);
    submit(program, options, timestamps, apart);
    return new BigUint64Array(await readBytes(timestamps.resolved, 0, timestamps.resolved.size));
  }

  /** A range of a buffer once everything before has run. Throws DeviceError if the device is lost meanwhile. */
  async function readBytes(source: GPUBuffer, byteOffset: number, byteCount: number): Promise<ArrayBuffer> {
    let bytes: ArrayBuffer;
    try {
      bytes = await staging.read(source, byteOffset, byteCount);
    } catch (cause) {
      // An aborted map has an empty message; the reason arrives with `device.lost`.
      await Promise.race([device.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
      checkDevice();
      throw lostError(cause);
    }
    checkDevice();
    return bytes;
  }

  return {
    plan,
    write(buffer, values, elementOffset = 0) {
      if (values instanceof Float64Array) throw new Error('a device holds no float64');
      // TypeScript's view types allow shared memory, which the queue does not take.
      device.queue.writeBuffer(bufferAt(buffer), elementOffset * 4, values as GPUAllowSharedBufferSource);
    },
    run: (program, options) => submit(program, options),
    copy(from, to, elementOffset = 0, elements) {
      const source = bufferAt(from);
      const size = elements === undefined ? source.size - elementOffset * 4 : elements * 4;
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, elementOffset * 4, bufferAt(to), elementOffset * 4, size);
      device.queue.submit([encoder.finish()]);
    },
    async read(name, elementOffset = 0, elements) {
      const source = bufferAt(name);
      const size = elements === undefined ? source.size - elementOffset * 4 : elements * 4;
      checkDevice();
      const bytes = await readBytes(source, elementOffset * 4, size);
      const dtype = plan.buffers.find((buffer) => buffer.name === name)?.dtype;
      return dtype === 'u32' ? new Uint32Array(bytes) : new Float32Array(bytes);
    },
    variants: (program) => programOf(programs, program).map(({ variant }) => variant),
    ...(hasTimestamps(device) && { time }),
    [Symbol.dispose]: dispose,
  };
}

/** Parameters in declared order, four bytes each. */
function packParams(kernel: Kernel, params: Params): ArrayBuffer {
  const entries = Object.entries(kernel.params);
  const bytes = new ArrayBuffer(Math.ceil(Math.max(1, entries.length) / 4) * 16);
  const view = new DataView(bytes);
  for (const [index, [name, type]] of entries.entries()) {
    const value = params[name];
    if (value === undefined) throw new Error(`${kernel.name}: no value for the parameter ${name}`);
    if (type === 'u32') view.setUint32(index * 4, value, true);
    else view.setFloat32(index * 4, value, true);
  }
  return bytes;
}
