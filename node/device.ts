/** Opens a device in Node: a real GPU, else a software adapter, else the CPU path, always saying which. */
import { shaderLibrary } from '../shaders/index.ts';
import { DeviceError, RecipeError } from '../src/errors.ts';
import { openGpuDevice } from '../src/gpu/device.ts';
import { cpuDevice } from '../src/train/device.ts';
import type { TuneWhen, TuningReport } from '../src/gpu/tuning.ts';
import type { Device } from '../src/train/device.ts';
import { openAdapter } from './adapters.ts';
import { openTuningStore } from './tuning-store.ts';

export interface DeviceOptions {
  /** `auto`: the best adapter, else the CPU path. `gpu`: any adapter, or DeviceError. `cpu`: the CPU path. */
  readonly device?: 'auto' | 'gpu' | 'cpu';
  /** Part of an adapter's name, in either case. */
  readonly adapter?: string;
  /** Told why `auto` came down to the CPU path. */
  readonly onFallback?: (reason: string) => void;
  /**
   * Measures before a training which launch variants of its matrix products are fastest, for two seconds at most, and keeps that in the
   * cache folder. `auto` (default): on real GPUs, what is not known yet. `always`: anew, on any adapter. `never`: neither measures nor
   * looks there. No bit of a result depends on it.
   */
  readonly tune?: TuneWhen;
  /** Told what was measured. */
  readonly onTuned?: (report: TuningReport) => void;
}

/** Opens a device; take it with `using`. Throws DeviceError when no adapter fits, RecipeError for an adapter of the CPU path. */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const { device = 'auto', adapter: wanted, tune = 'auto', onTuned } = options;
  if (device === 'cpu') {
    if (wanted === undefined) return cpuDevice();
    throw new RecipeError('--adapter', 'the CPU path uses no adapter. Leave out --adapter or --device cpu.');
  }
  try {
    const { adapter, description } = await openAdapter({ adapter: wanted });
    const { name, kind } = description;
    const software = kind === 'software';
    const tuning = { when: tune, store: openTuningStore(), ...(onTuned && { onTuned }) };
    return await openGpuDevice({ adapter, name, software, shaders: shaderLibrary, tuning });
  } catch (cause) {
    if (!(cause instanceof DeviceError) || device === 'gpu' || wanted !== undefined) throw cause;
    options.onFallback?.(cause.message);
    return cpuDevice();
  }
}
