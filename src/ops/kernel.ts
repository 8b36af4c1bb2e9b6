/**
 * What a kernel is: one WGSL file and its CPU twin, with declared reads, writes and parameters.
 * The twin is the definition; it runs in float32 (bit for bit what the shader does) and in float64 (for gradient checks).
 */
import type { Arithmetic, FloatArray } from '../arithmetic/arithmetic.ts';

/** Element type of a tensor; bytes are held four to a `u32`. */
export type Binding = 'f32' | 'u32';
/** Element type as a shader binds it: `f32x4` reads floats four at a time, so what is bound ends at a multiple of four. */
export type ShaderBinding = Binding | 'f32x4';
export type Scalar = 'f32' | 'u32';
export type Values = FloatArray | Uint32Array;

/** Scalars that change from step to step, uploaded per chunk. */
export interface StepScalars {
  /** Steps since the start of the run: the counter of random draws. */
  readonly step: number;
  /** Row of the chunk's tables (indices, hyper-parameters, metrics) that belongs to this step. */
  readonly row: number;
  /** Rows of the batch that count; the others pad the tail of an evaluation. */
  readonly validRows: number;
}
export const stepFields = ['step', 'row', 'validRows'] as const satisfies readonly (keyof StepScalars)[];

export type Params = Readonly<Record<string, number>>;
export type Constants = Readonly<Record<string, number>>;
export type Workgroups = readonly [x: number, y: number, z: number];

/** What a CPU twin may use besides its tensors and parameters. */
export interface TwinContext {
  readonly math: Arithmetic;
  readonly step: StepScalars;
  readonly constants: Constants;
  /** Steps of the run that the call stands for: 1, but for kernels that run once for all of them. */
  readonly stepCount: number;
}

interface Declaration<
  R extends Readonly<Record<string, ShaderBinding>>,
  W extends Readonly<Record<string, ShaderBinding>>,
  P extends Readonly<Record<string, Scalar>>,
> {
  /** Name of the file in `shaders/`, of the pipeline, of the row in a profile and of the test. */
  readonly name: string;
  /** Bindings of group 0, in order: reads, then writes, then the parameters. */
  readonly reads: R;
  /** Assigned or, where the kernel says so, updated in place. */
  readonly writes: W;
  /** Scalars of the last binding of group 0, in order. */
  readonly params: P;
  /**
   * Launch variants: tile sizes and workgroup widths by name, all equal to the bit. Where nothing better is known, software adapters take
   * the first and others the last.
   */
  readonly variants: Readonly<Record<string, Constants>>;
  /** Constants of the shader that follow from the parameters. */
  specialise?(params: { readonly [K in keyof P]: number }, tile: Constants): Constants;
  /** Runs once after the last step of a run, for the rows of all its steps: those up to `step.row`. */
  readonly oncePerRun?: true;
  /** Workgroups to dispatch; `tile` holds the variant's constants. */
  launch(params: { readonly [K in keyof P]: number }, tile: Constants, stepCount: number): Workgroups;
  /** What a matrix product multiplies: its variants specialise on it, and executors choose among them by it. */
  product?(params: { readonly [K in keyof P]: number }): ProductShape;
  /** Terms of the longest sum behind one element: the error bound on adapters that are not exact comes from it. */
  longestSum(params: { readonly [K in keyof P]: number }): number;
  /** Multiply-adds of one call, for the tables of `descent plan`. */
  multiplyAdds?(params: { readonly [K in keyof P]: number }): number;
  /** The CPU twin. */
  twin(
    tensors: { readonly [K in keyof R]: View<R[K]> } & { readonly [K in keyof W]: View<W[K]> },
    params: { readonly [K in keyof P]: number },
    context: TwinContext,
  ): void;
}

type View<B extends ShaderBinding> = B extends 'u32' ? Uint32Array : FloatArray;

/** Element type of the tensor behind a binding. */
export function elementType(binding: ShaderBinding): Binding {
  return binding === 'u32' ? 'u32' : 'f32';
}

/** A matrix product as kernels tile it: out(row, col) = Σ over k < depth of left(row, k)·right(col, k), for each member. */
export interface ProductShape {
  readonly rows: number;
  readonly cols: number;
  readonly depth: number;
  readonly members: number;
  /** Along what four neighbours of a side lie in memory, aligned to four. */
  readonly left: 'depth' | 'rows' | 'neither';
  readonly right: 'depth' | 'cols' | 'neither';
  /** Where the rows of the left side lie in memory but are no multiple of four: by how much each term is shifted against fours. */
  readonly leftShift?: number;
}

/** A kernel with its types erased, as plans and executors hold it. */
export interface Kernel {
  readonly name: string;
  readonly reads: Readonly<Record<string, ShaderBinding>>;
  readonly writes: Readonly<Record<string, ShaderBinding>>;
  readonly params: Readonly<Record<string, Scalar>>;
  readonly variants: Readonly<Record<string, Constants>>;
  specialise?(params: Params, tile: Constants): Constants;
  readonly oncePerRun?: true;
  launch(params: Params, tile: Constants, stepCount: number): Workgroups;
  product?(params: Params): ProductShape;
  longestSum(params: Params): number;
  multiplyAdds?(params: Params): number;
  twin(tensors: Readonly<Record<string, Values>>, params: Params, context: TwinContext): void;
}

/** Checks a declaration's types against its twin and erases them. */
export function defineKernel<
  const R extends Readonly<Record<string, ShaderBinding>>,
  const W extends Readonly<Record<string, ShaderBinding>>,
  const P extends Readonly<Record<string, Scalar>>,
>(declaration: Declaration<R, W, P>): Kernel {
  return declaration as unknown as Kernel;
}

/** Threads of a workgroup of the element-wise kernels. */
export const linearVariants = { width64: { WIDTH: 64 }, width256: { WIDTH: 256 } } as const;

/** One thread per element of `count`, members along z; x and y split what exceeds 65,535 workgroups. */
export function launchLinear(count: number, members: number, tile: Constants): Workgroups {
  const groups = Math.ceil(count / (tile.WIDTH ?? 64));
  return spreadGroups(groups, members);
}

/** Workgroups that their linear index numbers, split over x and y where there are more than one dimension takes; members along z. */
export function spreadGroups(groups: number, members: number): Workgroups {
  const x = Math.min(groups, 65_535);
  return [x, Math.ceil(groups / x), members];
}

/** Terms of a chunk of the rule for sums. */
export const sumChunk = 256;

/** One conformance case: a kernel on given sizes, with how each read is filled. */
export interface KernelCase {
  readonly kernel: Kernel;
  readonly name: string;
  readonly params: Params;
  readonly constants?: Constants;
  readonly step?: Partial<StepScalars>;
  /** Steps of the run, whose rows end with that of `step`; default 1. */
  readonly stepCount?: number;
  /** Elements of each read and write, with the content of the reads (writes start from it too, for updates in place). */
  readonly tensors: Readonly<Record<string, { readonly elements: number; readonly fill?: Fill }>>;
}

/** normal: N(0, scale²); positive: the same, absolute; below: whole numbers under a bound; bits: any 32 bits. */
export type Fill =
  | { readonly kind: 'normal'; readonly scale: number }
  | { readonly kind: 'positive'; readonly scale: number }
  | { readonly kind: 'below'; readonly bound: number }
  | { readonly kind: 'bits' }
  | { readonly kind: 'values'; readonly values: readonly number[] };
