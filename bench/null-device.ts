/** A device of Dawn's null backend, which takes every command and computes nothing: what is left is the host's own work. */
import { create, globals } from 'webgpu';
import { shaderLibrary } from '../shaders/index.ts';
import { openGpuDevice } from '../src/gpu/device.ts';
import type { GpuDevice } from '../src/gpu/device.ts';

/** Dawn crashes the process when what `create()` returned is collected while work is pending: kept for ever. */
let instance: GPU | undefined;

/** Undefined where this Dawn was built without the backend. */
export async function openNullDevice(): Promise<GpuDevice | undefined> {
  Object.assign(globalThis, globals);
  instance ??= create(['backend=null']);
  const adapter = await instance.requestAdapter().catch(() => null);
  if (adapter === null) return undefined;
  return openGpuDevice({ adapter, name: 'null backend', software: true, shaders: shaderLibrary });
}
