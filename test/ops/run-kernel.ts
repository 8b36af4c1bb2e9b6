/** Runs a kernel's twin alone, on plain arrays. */
import { float64 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { elementType } from '../../src/ops/kernel.ts';
import type { Constants, Kernel, Params, Values } from '../../src/ops/kernel.ts';
import { normals } from '../../src/random/draws.ts';

export interface RunOptions {
  readonly math?: Arithmetic;
  readonly constants?: Constants;
  readonly step?: number;
}

/** What the kernel writes, by binding; a number in `tensors` stands for so many zeros. */
export function runKernel(
  kernel: Kernel,
  params: Params,
  tensors: Readonly<Record<string, number | ArrayLike<number>>>,
  { math = float64, constants = {}, step = 0 }: RunOptions = {},
): Readonly<Record<string, Values>> {
  const bound = Object.fromEntries(
    Object.entries({ ...kernel.reads, ...kernel.writes }).map(([name, binding]) => {
      const given = tensors[name];
      if (given === undefined) throw new Error(`${kernel.name}: nothing is bound to ${name}`);
      const elements = typeof given === 'number' ? given : given.length;
      const values = elementType(binding) === 'u32' ? new Uint32Array(elements) : math.array(elements);
      if (typeof given !== 'number') values.set(given);
      return [name, values];
    }),
  );
  kernel.twin(bound, params, { math, constants, step: { step, row: 0, validRows: 0xffff_ffff }, stepCount: 1 });
  return bound;
}

/** Normal deviates; another salt gives others. */
export function draws(count: number, salt: number, scale = 1, mean = 0): Float64Array {
  return Float64Array.from(normals(count, { seed: 5, stream: 0, step: 0, salt }), (draw) => mean + scale * draw);
}

/** Central difference of `f` along coordinate `index` of `values`. */
export function slopeAt(values: Float64Array, index: number, f: () => number, step = 1e-5): number {
  const kept = values[index]!;
  values[index] = kept + step;
  const above = f();
  values[index] = kept - step;
  const below = f();
  values[index] = kept;
  return (above - below) / (2 * step);
}
