/**
 * The device that is computed on: opened at first use, anew after it was lost, or the CPU path where the browser has no WebGPU or the person
 * chose it.
 */
import { DeviceError } from '../../src/errors.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { TuningStore } from '../../src/gpu/tuning.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import { openBrowserDevice } from '../index.ts';
import type { DeviceInfo } from '../protocol/device.ts';
import type { Database } from '../storage/database.ts';

export interface Devices {
  /** The device that is open; opens it if need be. Where there is no WebGPU, the CPU path. */
  current(): Promise<Device>;
  /** Chooses between the browser's adapter and the CPU path. */
  choose(want: 'gpu' | 'cpu'): Promise<DeviceInfo>;
  /** The GPU device, also where the CPU path is chosen, for what compares the two. Throws DeviceError where there is none. */
  gpu(): Promise<GpuDevice>;
  readonly hooks: DeviceHooks | undefined;
}

/** For tests. */
export interface DeviceHooks {
  liveBuffers(): number;
  /** Destroys the device that is open. */
  lose(): void;
}

export function openDevices(withHooks: boolean, database: Promise<Database>): Devices {
  const cpu = cpuDevice();
  let want: 'gpu' | 'cpu' = 'gpu';
  /** Undefined where the browser has none; kept while the CPU path is chosen. */
  let opened: Promise<GpuDevice | undefined> | undefined;
  let problem: string | undefined;
  let last: GpuDevice | undefined;
  const counter = withHooks ? countBuffers() : undefined;

  async function openGpu(): Promise<GpuDevice | undefined> {
    try {
      last = await openBrowserDevice({ store: await openTuningStore(database) });
      counter?.watch(last.device);
      problem = undefined;
      return last;
    } catch (cause) {
      if (!(cause instanceof DeviceError)) {
        opened = undefined;
        throw cause;
      }
      problem = cause.message;
      return undefined;
    }
  }

  async function currentGpu(): Promise<GpuDevice | undefined> {
    const asked = (opened ??= openGpu());
    const device = await asked;
    if (device === undefined || (device.lostReason() ?? device.refusal()) === undefined) return device;
    // Whoever comes first opens it anew.
    if (opened === asked) {
      device[Symbol.dispose]();
      opened = openGpu();
    }
    return opened;
  }

  async function current(): Promise<Device> {
    return want === 'cpu' ? cpu : ((await currentGpu()) ?? cpu);
  }

  return {
    current,
    async choose(wanted) {
      want = wanted;
      // An adapter may be there now.
      if (want === 'gpu' && (await opened) === undefined) opened = undefined;
      return describeDevice(await current(), want === 'gpu' ? problem : undefined);
    },
    async gpu() {
      const device = await currentGpu();
      if (device === undefined) throw new DeviceError(problem ?? 'this browser has no WebGPU adapter.');
      return device;
    },
    hooks: counter && { liveBuffers: counter.live, lose: () => last?.device.destroy() },
  };
}

function describeDevice(device: Device, problem: string | undefined): DeviceInfo {
  const { kind, name } = device;
  if (device.kind === 'cpu') {
    return {
      kind,
      name,
      software: true,
      exact: true,
      maxBindingBytes: 2 ** 30,
      ...(problem !== undefined && { problem }),
    };
  }
  const { software, arithmetic, maxBindingBytes } = device;
  return { kind, name, software, exact: arithmetic.exact, maxBindingBytes };
}

/** Tuning of all adapters, read once: a device asks for it while it is opened. */
async function openTuningStore(database: Promise<Database>): Promise<TuningStore> {
  const key = 'tuning';
  let texts: Record<string, string> = {};
  try {
    texts = ((await (await database).get('settings', key)) as Record<string, string> | undefined) ?? {};
  } catch {
    // Then it is measured again.
  }
  return {
    load: (adapter) => texts[adapter],
    save(adapter, text) {
      texts = { ...texts, [adapter]: text };
      database.then((opened) => opened.write([{ store: 'settings', key, value: texts }])).catch(() => undefined);
    },
  };
}

/** Counts the buffers of devices, from the moment that each is watched. */
function countBuffers(): { watch(device: GPUDevice): void; live(): number } {
  const alive = new Set<WeakRef<GPUBuffer>>();
  return {
    watch(device) {
      const create = device.createBuffer.bind(device);
      device.createBuffer = (descriptor) => {
        const buffer = create(descriptor);
        const reference = new WeakRef(buffer);
        alive.add(reference);
        const destroy = buffer.destroy.bind(buffer);
        buffer.destroy = () => {
          alive.delete(reference);
          destroy();
        };
        return buffer;
      };
    },
    live: () => alive.size,
  };
}
