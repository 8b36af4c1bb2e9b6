/**
 * A layer: its parameters, its shape rule and the kernel calls that it emits. Everything that is particular to a kind of layer stands
 * in its one file in this folder.
 */
import type { Emitter, Tensor } from '../ops/emitter.ts';
import type { InitName } from '../recipe/schema.ts';

/** One tensor of a parameter block, at an element offset in the block. */
export interface ParameterTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  /** Weights are penalised by `l2`, biases are not. */
  readonly penalised: boolean;
}

/** What one layer keeps in the arena; `tensors` lie one after the other. */
export interface ParameterBlock {
  readonly name: string;
  readonly elements: number;
  readonly tensors: readonly ParameterTensor[];
  readonly init: InitName;
  readonly fanIn: number;
  readonly fanOut: number;
}

/** What a layer leaves behind for its backward pass. */
export interface Forward {
  readonly y: Tensor;
  /** Emits the gradients; returns the gradient of the input unless it is not wanted (first layer). */
  backward(dy: Tensor, wantsInput: boolean): Tensor | undefined;
}

export interface Layer {
  readonly name: string;
  readonly type: string;
  readonly outputShape: readonly number[];
  readonly block?: ParameterBlock;
  /** Multiply-adds of one row's forward pass. */
  readonly multiplyAdds: number;
  /** Dropout rate, for the table of members. */
  readonly rate?: number;
  /** `training` is false in evaluation, where dropout does nothing. */
  forward(emitter: Emitter, x: Tensor, training: boolean): Forward;
}

/** Where a layer stands: what its constructor needs besides its recipe. */
export interface LayerPlace {
  readonly name: string;
  readonly inputShape: readonly number[];
  /** Count of dropout layers before this one: the columns of a dropout layer in the table of members. */
  readonly dropoutIndex: number;
}
