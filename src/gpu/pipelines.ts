/**
 * Compute pipelines of kernels, cached by (kernel, constants) for the life of a device. Layouts are explicit: group 0 holds the reads
 * and writes in declared order, group 1 the parameters and, at a dynamic offset, the scalars of the step.
 */
import { ShaderError } from '../errors.ts';
import type { Constants, Kernel } from '../ops/kernel.ts';
import { assembleShader } from '../shader/assemble.ts';
import type { AssembledShader, ShaderLibrary } from '../shader/assemble.ts';

export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly tensors: GPUBindGroupLayout;
  readonly scalars: GPUBindGroupLayout;
}

export interface PipelineCache {
  /** Compiles a kernel with its call's and its variant's constants; the same request gives the same promise. */
  compile(kernel: Kernel, constants: Constants): Promise<CompiledKernel>;
}

/** Files that give way to others which offer the same, by the constant that only the others make use of: wherever it is above 1. */
const substitutes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LANES: { 'lib/lanes_one.wgsl': 'lib/lanes_subgroup.wgsl' },
  TERMS: { 'lib/product.wgsl': 'lib/product_block.wgsl' },
};

/** The files that constants replace, path to path. */
export function replacedFiles(constants: Constants): Readonly<Record<string, string>> {
  const chosen = Object.entries(substitutes).filter(([constant]) => (constants[constant] ?? 1) > 1);
  return Object.fromEntries(chosen.flatMap(([, files]) => Object.entries(files)));
}

const caches = new WeakMap<GPUDevice, WeakMap<ShaderLibrary, PipelineCache>>();

/** The device's cache for these shader texts: it lives as long as the device does. */
export function pipelineCache(device: GPUDevice, shaders: ShaderLibrary): PipelineCache {
  const ofDevice = caches.get(device) ?? new WeakMap<ShaderLibrary, PipelineCache>();
  caches.set(device, ofDevice);
  const known = ofDevice.get(shaders);
  if (known !== undefined) return known;
  const compiled = new Map<string, Promise<CompiledKernel>>();
  const scalars = device.createBindGroupLayout({
    label: 'scalars',
    entries: [
      { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
      { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
    ],
  });
  const cache: PipelineCache = {
    compile(kernel, constants) {
      const key = `${kernel.name} ${JSON.stringify(Object.entries(constants).sort(([a], [b]) => a.localeCompare(b)))}`;
      let promise = compiled.get(key);
      if (promise === undefined) {
        promise = compileKernel(device, shaders, kernel, constants, scalars);
        compiled.set(key, promise);
      }
      return promise;
    },
  };
  ofDevice.set(shaders, cache);
  return cache;
}

async function compileKernel(
  device: GPUDevice,
  shaders: ShaderLibrary,
  kernel: Kernel,
  constants: Constants,
  scalars: GPUBindGroupLayout,
): Promise<CompiledKernel> {
  const assembled = assembleShader(`${kernel.name}.wgsl`, shaders, constants, replacedFiles(constants));
  const module = device.createShaderModule({ label: kernel.name, code: assembled.code });
  const entry = (type: GPUBufferBindingType) => (_: string, index: number) => ({
    binding: index,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type },
  });
  const reads = Object.keys(kernel.reads);
  const writes = Object.keys(kernel.writes);
  const tensors = device.createBindGroupLayout({
    label: kernel.name,
    entries: [
      ...reads.map(entry('read-only-storage')),
      ...writes.map((name, index) => entry('storage')(name, reads.length + index)),
    ],
  });
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: kernel.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [tensors, scalars] }),
      compute: { module, entryPoint: 'main', constants: { ...assembled.overrides } },
    });
    return { pipeline, tensors, scalars };
  } catch (cause) {
    throw new ShaderError(await describeFailure(module, assembled, cause), { cause });
  }
}

async function describeFailure(module: GPUShaderModule, assembled: AssembledShader, cause: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === 'error');
  if (first === undefined)
    return `shaders/${assembled.name}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return `${assembled.locate(first.lineNum)}: ${first.message}`;
}
