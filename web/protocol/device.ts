/** Calls about the device that computes. */
import type { Call } from './calls.ts';

export interface DeviceInfo {
  readonly kind: 'gpu' | 'cpu';
  readonly name: string;
  /** An adapter that computes on the processor: right, but slow. */
  readonly software: boolean;
  /** Whether its arithmetic equals the CPU path's in every bit. */
  readonly exact: boolean;
  /** Largest storage binding. */
  readonly maxBindingBytes: number;
  /** Why this browser gives no WebGPU device, where it was asked for one. */
  readonly problem?: string;
}

/** What tests ask of a device; answered only where the page was opened with `?hooks`. */
export interface DeviceCounts {
  /** Buffers that were created and not destroyed, on all devices so far. */
  readonly liveBuffers: number;
}

export interface DeviceCalls {
  /** Opens the device, or gives the one that is open. `cpu` asks for the CPU path. */
  readonly openDevice: Call<{ readonly want: 'gpu' | 'cpu' }, DeviceInfo>;
  /** Told when the page is shown or hidden: chunks of steps are short while it is seen. */
  readonly setVisible: Call<boolean, void>;
  readonly countBuffers: Call<undefined, DeviceCounts>;
  /** Destroys the device, as a driver that crashes would. */
  readonly loseDevice: Call<undefined, void>;
}
