/** Descent in a browser: the page's device. */
import { shaderLibrary } from '../shaders/index.ts';
import { DeviceError } from '../src/errors.ts';
import { openGpuDevice } from '../src/gpu/device.ts';
import type { GpuDevice } from '../src/gpu/device.ts';
import type { TuneWhen, TuningReport, TuningStore } from '../src/gpu/tuning.ts';
import { openTuningStore } from './tuning-store.ts';

export interface BrowserDeviceOptions {
  /**
   * Measures before a training which launch variants of its matrix products are fastest, for two seconds at most, and keeps that in the
   * page's local storage. `auto` (default): on real GPUs, what is not known yet. `always`: anew, on any adapter. `never`: neither
   * measures nor looks there. No bit of a result depends on it.
   */
  readonly tune?: TuneWhen;
  /** Where the measurements are kept; default: the page's local storage, which a worker has not. */
  readonly store?: TuningStore;
  /** Told what was measured. */
  readonly onTuned?: (report: TuningReport) => void;
}

/** Opens the browser's best adapter; take it with `using`. Throws DeviceError where the browser has none. */
export async function openBrowserDevice(options: BrowserDeviceOptions = {}): Promise<GpuDevice> {
  const { tune = 'auto', store = openTuningStore(), onTuned } = options;
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null || adapter === undefined) {
    throw new DeviceError(
      'this browser has no WebGPU adapter. Use a current Chrome, Edge, Safari or Firefox, or the CPU path.',
    );
  }
  const { description, vendor, architecture, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, architecture].filter((part) => part !== '').join(' ') || 'WebGPU adapter';
  const software = isFallbackAdapter || /swiftshader|llvmpipe/i.test(name);
  const tuning = { when: tune, store, ...(onTuned && { onTuned }) };
  return openGpuDevice({ adapter, name, software, shaders: shaderLibrary, tuning });
}
