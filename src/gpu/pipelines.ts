/**
 * Compute pipelines of kernels, cached by (kernel, constants) for the life of a device. Layouts are explicit: group 0 holds the reads
 * and writes in declared order and then the parameters; group 1, which stays for a whole step, the step's scalars at a dynamic offset.
 */
import { ShaderError, sayCause } from '../errors.ts';
import type { Constants, Kernel } from '../ops/kernel.ts';
import { inErrorScopes } from './error-scopes.ts';
import { assembleShader } from '../shader/assemble.ts';
import type { AssembledShader, ShaderLibrary } from '../shader/assemble.ts';

export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  /** Of group 0: tensors and parameters. */
  readonly layout: GPUBindGroupLayout;
}

export interface PipelineCache {
  /** Layout of group 1, the same for every kernel. */
  readonly step: GPUBindGroupLayout;
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
  const step = device.createBindGroupLayout({
    label: 'step',
    entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
  });
  const cache: PipelineCache = {
    step,
    compile(kernel, constants) {
      const key = `${kernel.name} ${JSON.stringify(Object.entries(constants).sort(([a], [b]) => a.localeCompare(b)))}`;
      let promise = compiled.get(key);
      if (promise === undefined) {
        promise = compileKernel(device, shaders, kernel, constants, step);
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
  step: GPUBindGroupLayout,
): Promise<CompiledKernel> {
  const assembled = assembleShader(`${kernel.name}.wgsl`, shaders, constants, replacedFiles(constants));
  const entry = (type: GPUBufferBindingType) => (_: string, index: number) => ({
    binding: index,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type },
  });
  const reads = Object.keys(kernel.reads);
  const writes = Object.keys(kernel.writes);
  // What is wrong with them is told when they are compiled.
  const { made } = inErrorScopes(device, () => {
    const layout = device.createBindGroupLayout({
      label: kernel.name,
      entries: [
        ...reads.map(entry('read-only-storage')),
        ...writes.map((name, index) => entry('storage')(name, reads.length + index)),
        entry('uniform')('params', reads.length + writes.length),
      ],
    });
    return {
      module: device.createShaderModule({ label: kernel.name, code: assembled.code }),
      layout,
      pipelineLayout: device.createPipelineLayout({ bindGroupLayouts: [layout, step] }),
    };
  });
  const { module, layout, pipelineLayout } = made;
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: kernel.name,
      layout: pipelineLayout,
      compute: { module, entryPoint: 'main', constants: { ...assembled.overrides } },
    });
    return { pipeline, layout };
  } catch (cause) {
    throw new ShaderError(await describeFailure(module, assembled, cause), { cause });
  }
}

async function describeFailure(module: GPUShaderModule, assembled: AssembledShader, cause: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === 'error');
  if (first === undefined) return `shaders/${assembled.name}: ${sayCause(cause)}`;
  return `${assembled.locate(first.lineNum)}: ${first.message}`;
}
