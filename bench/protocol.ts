/**
 * How the benchmark talks to a side, that is to one library in a process of its own: one JSON object a line, a request on standard input,
 * an answer on standard output. Every side trains the same rows from the same initial weights, which the parent leaves in files.
 *
 * Command lines: `node dist/bench.js side gpu|cpu [ADAPTER]`, `node bench/peers/tfjs.mjs webgpu|wasm [ADAPTER]`,
 * `node bench/peers/jax.mjs webgpu|wasm [ADAPTER]`, `python3 bench/peers/torch.py cpu|cuda|cuda-compile|cuda-graphs`. ADAPTER is a part of the
 * adapter's name, in either case; drivers come by VK_DRIVER_FILES. Anything else that a library prints belongs on standard error.
 * Order of a session: hello, then any number of `load`, each followed by its `train`, `time` and `epoch`; `product` needs no `load`.
 */

/** The first line of a side, once its device is open. */
export interface Hello {
  /** Library and backend, such as `tfjs-webgpu`. */
  readonly side: string;
  readonly version: string;
  /** The adapter's name; of a CPU side what it runs on. */
  readonly adapter: string;
}

export type Request =
  /** Reads `data`/meta.json (`Meta`) and its files, builds the model with the given weights, uploads the rows. Answer: Loaded. */
  | { readonly do: 'load'; readonly workload: string; readonly data: string }
  /** Trains so many steps from the present state, rows in file order. Answer: Losses. */
  | { readonly do: 'train'; readonly steps: number }
  /** The same without reading losses: warm steps, waited for once at the end. Answer: Took. */
  | { readonly do: 'time'; readonly steps: number }
  /** One epoch of the library's own fit over the resident rows, shuffled anew. Answer: Took. */
  | { readonly do: 'epoch' }
  /** A matrix product alone, `repeats` times after a warm-up, waited for once at the end. Answer: Product. */
  | ({ readonly do: 'product'; readonly repeats: number } & ProductSize)
  /** Ends the process. No answer. */
  | { readonly do: 'quit' };

export interface Loaded {
  readonly loaded: string;
}
/** Mean loss of each step over its batch, before its update and without the l2 penalty; [steps, members], flat. */
export interface Losses {
  readonly losses: readonly number[];
}
/** Milliseconds of all steps together, or of the epoch. */
export interface Took {
  readonly ms: number;
}
/** Milliseconds of one product, and the elements of y at `sampleIndices`. */
export interface Product extends Took {
  readonly sample: readonly number[];
}
/** In place of any answer: why it cannot be done. The parent notes it and goes on with the next request. */
export interface Failure {
  readonly error: string;
}
export type Answer = Loaded | Losses | Took | Product | Failure;

/**
 * What a layer's products look like, row-major: `forward` y[m,n] = Σ a[m,k]·b[k,n]; `input` y[m,n] = Σ a[m,k]·b[n,k] (b is read
 * transposed); `weight` y[m,n] = Σ a[k,m]·b[k,n] (a is read transposed).
 */
export interface ProductSize {
  readonly kind: 'forward' | 'input' | 'weight';
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Element i of the flat left side a. Multiples of 1/64 below 1, so that every sum of up to 4,096 products is exact in float32. */
export function leftElement(index: number): number {
  return (((index * 37) % 101) - 50) / 64;
}

/** Element i of the flat right side b. */
export function rightElement(index: number): number {
  return (((index * 53) % 97) - 48) / 64;
}

/** Flat indices of the elements of y [m,n] that are checked: eight, from the first to the last. */
export function sampleIndices({ m, n }: ProductSize): readonly number[] {
  return Array.from({ length: 8 }, (_, index) => Math.floor((index * (m * n - 1)) / 7));
}

/** A raw little-endian array, row-major, in the folder of meta.json. */
export interface ArrayFile {
  readonly file: string;
  readonly dtype: 'u8' | 'u32' | 'f32';
  readonly shape: readonly number[];
}

interface ParameterFiles {
  readonly activation: 'linear' | 'relu' | 'sigmoid';
  /** What each layer has, behind an axis of the members. */
  readonly weight: ArrayFile;
  readonly bias: ArrayFile;
}

/** y = activation(x·weight + bias), weight [members, inSize, outSize], bias [members, outSize]. */
export interface DenseMeta extends ParameterFiles {
  readonly type: 'dense';
  readonly inSize: number;
  readonly outSize: number;
}

/** weight [members, kernelH, kernelW, inC, outC], bias [members, outC]; stride 1, without padding. */
export interface ConvolutionMeta extends ParameterFiles {
  readonly type: 'conv2d';
  readonly kernel: readonly [height: number, width: number];
  readonly inC: number;
  readonly outC: number;
}

/** Largest of each window, which is also the stride; without padding: what is left over is dropped. */
export interface MaxPoolMeta {
  readonly type: 'maxPool2d';
  readonly size: readonly [height: number, width: number];
}

export type LayerMeta = DenseMeta | ConvolutionMeta | MaxPoolMeta;

/** meta.json: the workload and its files. */
export interface Meta {
  readonly workload: string;
  /** Mean over the batch (and the outputs) of softmax cross-entropy from integer labels, or of squared differences. */
  readonly loss: 'crossEntropy' | 'mse';
  readonly rows: number;
  readonly batch: number;
  /** Step s trains rows [batch*i, batch*(i+1)) with i = s mod stepsPerEpoch; the last incomplete batch is dropped. */
  readonly stepsPerEpoch: number;
  /** Models trained together: the leading axis of every parameter. They share rows and initial weights. */
  readonly members: number;
  /** Of each member: l2 * Σ w² over the weights, without the biases, is added to what is minimised. */
  readonly l2: readonly number[];
  readonly optimizer:
    | { readonly type: 'sgd'; readonly learningRate: number }
    /** v = momentum*v + g, w -= learningRate*v, v from 0. */
    | { readonly type: 'momentum'; readonly learningRate: number; readonly momentum: number }
    /** m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + epsilon). */
    | {
        readonly type: 'adam';
        readonly learningRate: number;
        readonly beta1: number;
        readonly beta2: number;
        readonly epsilon: number;
      };
  /** In order. Images are [batch, height, width, channels], and are flattened so where a dense layer takes one. */
  readonly layers: readonly LayerMeta[];
  /** [rows, features] or [rows, height, width, channels]: u8, to be multiplied by `inputScale`, or f32 as they are (inputScale 1). */
  readonly inputs: ArrayFile;
  readonly inputScale: number;
  /** Classification: u32 labels [rows]. Regression: f32 targets [rows, outputs]. */
  readonly targets: ArrayFile;
}
