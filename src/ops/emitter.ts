/**
 * What layers and losses write to while a plan is built: tensors and kernel calls, in order. The plan later gives each tensor its
 * place; nothing here knows of buffers.
 */
import type { ActivationName } from '../recipe/schema.ts';
import type { Binding, Constants, Kernel, Params } from './kernel.ts';

/** Who owns the memory: arenas live as long as the run, tables are filled per chunk, slots are shared by liveness. */
export type TensorRole = 'arena' | 'table' | 'slot';

export interface Tensor {
  readonly name: string;
  readonly dtype: Binding;
  readonly shape: readonly number[];
  readonly role: TensorRole;
  /** Buffer and element offset of arenas and tables; slots get theirs when the plan places them. */
  readonly buffer?: string;
  readonly elementOffset?: number;
  /** Activation whose output this is, where its slope follows from the output alone: a gradient kernel may fuse it. */
  readonly activation?: ActivationName;
  /** The gradient is already that of the value before the activation. */
  readonly beforeActivation?: boolean;
}

export interface Emitter {
  /** Models trained together: leading axis of every parameter, activation and gradient. */
  readonly population: number;
  /** Rows of a batch of the program that is being emitted. */
  readonly batch: number;
  /** Elements from one member to the next in every arena. */
  readonly memberStride: number;
  /** A tensor in a shared slot. */
  slot(name: string, shape: readonly number[], options?: SlotOptions): Tensor;
  /** The parameter block of a layer, and its gradient. */
  parameters(block: string): Tensor;
  gradients(block: string): Tensor;
  /** The running statistics of a layer, in the arena of the parameters. */
  statistics(block: string): Tensor;
  /** A tensor with a buffer of its own: `members`, `hyper`, … */
  table(name: string): Tensor;
  call(kernel: Kernel, tensors: Readonly<Record<string, Tensor>>, params: Params, constants?: Constants): void;
}

export interface SlotOptions {
  readonly dtype?: Binding;
  readonly activation?: ActivationName;
  readonly beforeActivation?: boolean;
}
