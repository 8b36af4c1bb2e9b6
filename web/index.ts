/** Descent in a browser: the page's device. */
import { shaderLibrary } from '../shaders/index.ts';
import { DeviceError } from '../src/errors.ts';
import { openGpuDevice } from '../src/gpu/device.ts';
import type { GpuDevice } from '../src/gpu/device.ts';

/** Opens the browser's best adapter; take it with `using`. Throws DeviceError where the browser has none. */
export async function openBrowserDevice(): Promise<GpuDevice> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null || adapter === undefined) {
    throw new DeviceError(
      'this browser has no WebGPU adapter. Use a current Chrome, Edge, Safari or Firefox, or the CPU path.',
    );
  }
  const { description, vendor, architecture, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, architecture].filter((part) => part !== '').join(' ') || 'WebGPU adapter';
  const software = isFallbackAdapter || /swiftshader|llvmpipe/i.test(name);
  return openGpuDevice({ adapter, name, software, shaders: shaderLibrary });
}
