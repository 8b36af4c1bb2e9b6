/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A WebGPU device ready for training: the adapter's name and arithmetic, and the shader text that was handed in. Node and the browser
 * only differ in how they find the adapter.
 */
import { DeviceError } from '../errors.ts';
import type { ShaderLibrary } from '../shader/assemble.ts';
import { deviceDescriptor } from './limits.ts';
import { probeArithmetic } from './probe.ts';
import type { ArithmeticProbe } from './probe.ts';
import { openTuning, tuningVersion } from './tuning.ts';
import type { Tuning, TuningOptions } from './tuning.ts';

export interface GpuDevice extends Disposable {
  readonly kind: 'gpu';
  /** The adapter as people know it. */
  readonly name: string;
  readonly software: boolean;
  readonly device: GPUDevice;
  readonly arithmetic: ArithmeticProbe;
  readonly shaders: ShaderLibrary;
  readonly maxBindingBytes: number;
  /** Which launch variants of products are fastest here, as far as that was measured. */
  readonly tuning: Tuning;
  /** Threads of every subgroup; undefined where shaders cannot use subgroups or their sizes differ. */
  readonly subgroupSize: number | undefined;
  /** Why the device was lost, once it is. */
  lostReason(): string | undefined;
  /** The first command that the device refused or had no memory for; what its buffers hold since is not what was asked for. */
  refusal(): string | undefined;
}

export interface GpuDeviceOptions {
  readonly adapter: GPUAdapter;
  readonly name: string;
  readonly software: boolean;
  readonly shaders: ShaderLibrary;
  /** Left out, the launch variants are those that do well on this class of adapter. */
  readonly tuning?: TuningOptions;
}

/** Requests the device with the adapter's own limits and probes its arithmetic. An adapter gives one device only. */
export async function openGpuDevice(options: GpuDeviceOptions): Promise<GpuDevice> {
  const { adapter, name, software, shaders, tuning = { when: 'never' } } = options;
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice(deviceDescriptor(adapter, 'descent'));
  } catch (cause) {
    throw new DeviceError(`the adapter "${name}" gives no device (${String(cause)}). Choose another with --adapter.`, {
      cause,
    });
  }
  let reason: string | undefined;
  void device.lost.then((info) => {
    // It is put into sentences, and some browsers make one of it.
    reason = info.message === '' ? info.reason : info.message.replace(/\.$/, '');
  });
  let refused: string | undefined;
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    refused ??= event.error.message;
  });
  let arithmetic: ArithmeticProbe;
  try {
    arithmetic = await probeArithmetic(device);
  } catch (cause) {
    device.destroy();
    throw new DeviceError(
      `the adapter "${name}" fails at simple arithmetic (${String(cause)}). Choose another with --adapter.`,
      { cause },
    );
  }
  return {
    kind: 'gpu',
    name,
    software,
    device,
    arithmetic,
    shaders,
    tuning: openTuning(tuning, describeAdapter(name, adapter.info), tuningVersion(shaders)),
    subgroupSize: fixedSubgroupSize(adapter),
    maxBindingBytes: Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize),
    lostReason: () => reason,
    refusal: () => refused,
    [Symbol.dispose]: () => device.destroy(),
  };
}

function fixedSubgroupSize({ features, info }: GPUAdapter): number | undefined {
  const { subgroupMinSize, subgroupMaxSize } = info;
  return features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMinSize : undefined;
}

/** The adapter and, as far as it tells, its driver: what a measurement holds for. */
function describeAdapter(name: string, { vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [...new Set([name, vendor, architecture, device, description])].filter((part) => part !== '').join(', ');
}
