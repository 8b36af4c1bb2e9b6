/**
 * The plan: what runs, in order, with every tensor's place in memory. It is fixed before the first step and holds nothing of any
 * adapter: how a kernel is tiled is the executor's business.
 */
import { elementCount } from '../formats/shape.ts';
import type { Binding, Constants, Kernel, Params } from '../ops/kernel.ts';
import type { Model } from '../model/model.ts';
import type { ObservationLayout } from './observe.ts';

/** arena: lives as long as the run. table: exchanged with the host. data: the resident dataset. slot: shared by liveness. */
export type BufferKind = 'arena' | 'table' | 'data' | 'slot';

export interface PlanBuffer {
  readonly name: string;
  readonly dtype: Binding;
  readonly elements: number;
  readonly kind: BufferKind;
  /** The host reads it while training: executors keep staging memory for it. */
  readonly readBack: boolean;
}

export interface PlacedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly buffer: string;
  readonly elementOffset: number;
  /** Elements from the offset on that the kernel may touch. */
  readonly elements: number;
}

export interface Call {
  readonly kernel: Kernel;
  /** The layer that emitted it, for tables and error messages. */
  readonly layer: string;
  /** By binding name: reads in declared order, then writes. */
  readonly tensors: Readonly<Record<string, PlacedTensor>>;
  readonly params: Params;
  readonly constants: Constants;
}

/** `penalty`: the sum of squared weights, for the cost. `predict`: evaluation without labels; logits go to `outputs`. */
export type ProgramName = 'train' | 'evaluate' | 'predict' | 'penalty';

/** What an executor needs of a plan. */
export interface Executable {
  readonly buffers: readonly PlanBuffer[];
  /** Rows of the per-chunk tables: most steps of one chunk. */
  readonly chunkRows: number;
  readonly programs: Readonly<Record<string, readonly Call[]>>;
}

export interface Plan extends Executable {
  readonly model: Model;
  readonly population: number;
  readonly dataPopulation: number;
  readonly batch: number;
  readonly evaluationBatch: number;
  /** Columns of the table of members. */
  readonly memberColumnCount: number;
  readonly programs: Readonly<Record<ProgramName, readonly Call[]>> & {
    /** As `train`, with statistics; only where it was asked for. */
    readonly observe?: readonly Call[];
  };
  /** What `observe` leaves. */
  readonly observation?: ObservationLayout;
  /** Output of each layer in the program `predict`; all of them are there after a run where slots are not shared. */
  readonly activations: readonly LayerOutput[];
  readonly memory: SlotMemory;
}

export interface LayerOutput {
  readonly layer: string;
  readonly type: string;
  /** Of one row. */
  readonly shape: readonly number[];
  readonly tensor: PlacedTensor;
}

/** What activations and their gradients take, in elements. */
export interface SlotMemory {
  readonly slotElements: number;
  /** The largest sum of tensors that live at one call: no placement takes less. */
  readonly liveElements: number;
  /** With a buffer for each tensor. */
  readonly unsharedElements: number;
}

export function bufferOf(plan: Plan, name: string): PlanBuffer {
  const buffer = plan.buffers.find((candidate) => candidate.name === name);
  if (buffer === undefined) throw new Error(`the plan has no buffer "${name}"`);
  return buffer;
}

export function sizeBytes(buffer: PlanBuffer): number {
  return buffer.elements * 4;
}

/** Device memory of the whole plan, known before the first step; without the staging that reads go through. */
export function peakDeviceBytes(plan: Plan): number {
  return plan.buffers.reduce((sum, buffer) => sum + sizeBytes(buffer), 0);
}

/** All floating-point work of one call, for tables: multiply-adds of the products. */
export function callMultiplyAdds(call: Call): number {
  return call.kernel.multiplyAdds?.(call.params) ?? 0;
}

/**
 * Bytes of the activations, parameters and state that a call reads and writes, each tensor once; of tables and data it touches a few
 * rows, which do not count.
 */
export function callBytes(plan: Plan, { tensors }: Call): number {
  return Object.values(tensors).reduce((sum, { buffer, shape }) => {
    const { kind } = bufferOf(plan, buffer);
    const isWhole = kind === 'arena' || kind === 'slot' || buffer === 'outputs';
    return isWhole ? sum + elementCount(shape) * 4 : sum;
  }, 0);
}
