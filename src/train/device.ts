/** Where a plan runs: a WebGPU device, or the CPU path that defines every bit. */
import { float32, float32Fused } from '../arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../cpu/executor.ts';
import type { GpuDevice } from '../gpu/device.ts';
import { createGpuExecutor } from '../gpu/executor.ts';
import type { Executor } from '../plan/executor.ts';
import type { Executable, Plan } from '../plan/plan.ts';

export interface CpuDevice extends Disposable {
  readonly kind: 'cpu';
  readonly name: string;
}
export type Device = CpuDevice | GpuDevice;

/** The CPU path, in float32. */
export function cpuDevice(): CpuDevice {
  return { kind: 'cpu', name: 'CPU path', [Symbol.dispose]() {} };
}

/** Largest buffer that one binding takes, in bytes; the CPU path has no such limit but memory. */
export function maxBindingBytes(device: Device): number {
  return device.kind === 'gpu' ? device.maxBindingBytes : 2 ** 30;
}

/** Between two looks at timers and signals on the CPU path; one kernel call may take longer. */
const cpuPauseMilliseconds = 100;

/** With `tune: false`, what runs only once or twice is not measured first: it takes the launch variants that are known. */
export async function createExecutor(device: Device, plan: Plan, { tune = true } = {}): Promise<Executor> {
  if (tune && device.kind === 'gpu') await (await import('../gpu/tune.ts')).tuneProducts(device, plan);
  return openExecutor(device, plan);
}

/** For a plan or some of its programs, with the launch variants that are known. */
export async function openExecutor(device: Device, plan: Executable): Promise<Executor> {
  if (device.kind === 'cpu') return createCpuExecutor(plan, float32, cpuPauseMilliseconds);
  return createGpuExecutor(device, plan);
}

/** The CPU twin that follows an adapter's arithmetic: with fused multiply-adds where the adapter contracts. */
export function twinArithmetic(device: GpuDevice): typeof float32 {
  return device.arithmetic.contracts ? float32Fused : float32;
}
