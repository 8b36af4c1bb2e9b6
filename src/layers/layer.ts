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
  /** Weights are penalised by `l2`; biases, scales and shifts are not. */
  readonly penalised: boolean;
  /** What its elements start from where nothing is drawn. Default: 0. */
  readonly fill?: number;
}

/** How the first `count` elements of a block are drawn. */
export interface RandomStart {
  readonly init: InitName;
  readonly count: number;
  readonly fanIn: number;
  readonly fanOut: number;
}

/** What one layer keeps in the arena; `tensors` lie one after the other. */
export interface ParameterBlock {
  readonly name: string;
  readonly elements: number;
  readonly tensors: readonly ParameterTensor[];
  readonly start?: RandomStart;
}

export type Inputs = readonly [Tensor, ...Tensor[]];

/** What a layer leaves behind for its backward pass. */
export interface Forward {
  readonly y: Tensor;
  /**
   * Emits the gradients of parameters and input. Returns the gradient of the input, which is that of each where there are several,
   * unless it is not wanted.
   */
  backward(dy: Tensor, wantsInput: boolean): Tensor | undefined;
}

export interface Layer {
  readonly name: string;
  readonly type: string;
  readonly outputShape: readonly number[];
  /** What the optimizer trains. */
  readonly block?: ParameterBlock;
  /** Running statistics: saved with the parameters, and moved by no gradient. */
  readonly statistics?: ParameterBlock;
  /** Multiply-adds of one row's forward pass. */
  readonly multiplyAdds: number;
  /** Dropout rate, for the table of members. */
  readonly rate?: number;
  /** `training` is false in evaluation, where dropout does nothing and running statistics take the place of the batch's. */
  forward(emitter: Emitter, inputs: Inputs, training: boolean): Forward;
}

/** Where a layer stands: what its constructor needs besides its recipe. */
export interface LayerPlace {
  readonly name: string;
  /** The place in messages: `model.layers[2] "conv2"`. */
  readonly where: string;
  /** The layers that it gets its inputs from; the data is "data". */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Shape of the first input: [features] or [height, width, channels]. */
  readonly inputShape: readonly number[];
  /** Position in the model: the salt of a layer's random draws. */
  readonly index: number;
  /** Count of dropout layers before this one: the columns of a dropout layer in the table of members. */
  readonly dropoutIndex: number;
}
