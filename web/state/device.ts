/** The device that the worker computes on. */
import { batch, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { engine } from '../engine/engine.ts';
import type { DeviceInfo } from '../protocol/device.ts';

/** What the person has chosen; where there is no WebGPU, the CPU path computes nevertheless. */
export const wantedDevice = signal<'gpu' | 'cpu'>('gpu');
/** Undefined until the worker has answered. */
export const device = signal<DeviceInfo | undefined>(undefined);
/** Why the worker gives no device at all. */
export const deviceFault = signal<string | undefined>(undefined);

let asked = 0;

/** Holds from the next training on; one that is under way ends on the device where it began. */
export async function chooseDevice(want: 'gpu' | 'cpu'): Promise<void> {
  const ticket = ++asked;
  wantedDevice.value = want;
  try {
    const info = await engine.call('openDevice', { want });
    if (ticket !== asked) return;
    batch(() => {
      device.value = info;
      deviceFault.value = undefined;
    });
  } catch (cause) {
    if (ticket === asked) deviceFault.value = sayCause(cause);
  }
}

/** Asks anew, after a device was lost. */
export const refreshDevice = (): Promise<void> => chooseDevice(wantedDevice.value);
