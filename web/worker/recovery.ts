/** Goes on after the device was lost: a new one is opened, and the job begins again where its last checkpoint is. */
import { DeviceError } from '../../src/errors.ts';
import type { Device } from '../../src/train/device.ts';
import type { Devices } from './devices.ts';

/** A device may be lost so many times without a checkpoint in between. */
const mostLosses = 3;

export interface Recoverable<T> {
  /** Tells how far it is at each checkpoint, by a number that grows. */
  readonly job: (device: Device, onSaved: (place: number) => void) => Promise<T>;
  /** Told why the device was lost, and the last place that was saved: -1 where there is none. */
  readonly onLost: (reason: string, savedAt: number) => void;
}

export async function withRecovery<T>(devices: Devices, { job, onLost }: Recoverable<T>): Promise<T> {
  let lostAt = -1;
  let losses = 0;
  while (true) {
    const device = await devices.current();
    let saved = -1;
    try {
      return await job(device, (place) => {
        saved = place;
      });
    } catch (cause) {
      const reason = device.kind === 'gpu' ? (device.lostReason() ?? device.refusal()) : undefined;
      if (!(cause instanceof DeviceError) || reason === undefined) throw cause;
      losses = saved > lostAt ? 1 : losses + 1;
      lostAt = Math.max(lostAt, saved);
      if (losses >= mostLosses) throw cause;
      onLost(reason, lostAt);
    }
  }
}
