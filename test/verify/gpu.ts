/** The device of the checkers' GPU tests, opened once, and the same device with a fault planted in a shader. */
import { shaderLibrary } from '../../shaders/index.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { openTestAdapter } from '../device.ts';

let shared: Promise<GpuDevice> | undefined;

export function openTestGpu(): Promise<GpuDevice> {
  shared ??= open();
  return shared;
}

async function open(): Promise<GpuDevice> {
  const { adapter, description } = await openTestAdapter();
  const { name, kind } = description;
  return openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary });
}

/** The device with one line of a shader replaced; the line must be there once. */
export function plantFault(gpu: GpuDevice, file: string, line: string, fault: string): GpuDevice {
  const text = shaderLibrary[file] ?? '';
  if (text.split(line).length !== 2) throw new Error(`${file} does not hold "${line}" once`);
  return { ...gpu, shaders: { ...shaderLibrary, [file]: text.replace(line, fault) } };
}
