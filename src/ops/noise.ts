/**
 * Normal noise on the numbers between two layers. Its draws have a stream of their own, since the stream `noise` belongs to the data, whose
 * seed may equal a member's.
 */
import { draw4, streams, uniformOpen } from '../random/draws.ts';
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { memberColumns } from './tables.ts';

/**
 * y[p,i] = x[p,i] + deviation·N(0,1), one deviate for each element, keyed by (member's seed, step, salt, i); salt tells layers apart.
 * x [population or 1, count], members (see tables.ts) → y [population, count]. xStride: 0 where all members share x.
 */
export const gaussianNoise = defineKernel({
  name: 'gaussian_noise',
  reads: { x: 'f32', members: 'u32' },
  writes: { y: 'f32' },
  params: { count: 'u32', xStride: 'u32', deviation: 'f32', salt: 'u32', columns: 'u32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil(p.count / 4), p.population, tile),
  longestSum: () => 2,
  twin({ x, members, y }, { count, xStride, deviation, salt, columns, population }, { math, step }) {
    const words = new Uint32Array(4);
    for (let member = 0; member < population; member++) {
      const seed = members[member * columns + memberColumns.seed]!;
      for (let i = 0; i < count; i++) {
        if ((i & 3) === 0) draw4(seed, streams.layerNoise, step.step, salt, i >>> 2, words);
        const deviate = math.normal(uniformOpen(words[i & 3]!));
        y[member * count + i] = math.mulAdd(deviation, deviate, x[member * xStride + i]!);
      }
    }
  },
});

export const noiseCases: readonly KernelCase[] = /* @__PURE__ */ [1, 7, 33, 257, 600].map((count, index) => ({
  kernel: gaussianNoise,
  name: `${count}, population 2${index % 2 === 0 ? '' : ', shared x'}`,
  params: {
    count,
    xStride: index % 2 === 0 ? count : 0,
    deviation: Math.fround(0.3),
    salt: index,
    columns: memberColumns.first,
    population: 2,
  },
  step: { step: 41 },
  tensors: {
    x: { elements: 2 * count, fill: { kind: 'normal', scale: 1 } },
    members: { elements: 2 * memberColumns.first, fill: { kind: 'bits' } },
    y: { elements: 2 * count },
  },
}));
