/**
 * Inverted dropout. Forward and backward are the same kernel: the mask is drawn again from the counter instead of being kept.
 */
import { draw4, streams } from '../random/draws.ts';
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { floatOfBits, memberColumns } from './tables.ts';

/**
 * y[p,i] = x[p,i] · scale[p], or 0 where the random word of (member's seed, step, layer, i) is below threshold[p] = rate·2³².
 * x [population or 1, count], y [population, count]; xStride: elements from one member to the next, 0 where all share x. members: see `tables.ts`; `column` is the layer's threshold there, its scale follows.
 */
export const dropout = defineKernel({
  name: 'dropout',
  reads: { x: 'f32', members: 'u32' },
  writes: { y: 'f32' },
  params: { count: 'u32', xStride: 'u32', salt: 'u32', column: 'u32', columns: 'u32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil(p.count / 4), p.population, tile),
  longestSum: () => 1,
  twin({ x, members, y }, { count, xStride, salt, column, columns, population }, { math, step }) {
    const words = new Uint32Array(4);
    for (let member = 0; member < population; member++) {
      const seed = members[member * columns + memberColumns.seed]!;
      const threshold = members[member * columns + column]!;
      const scale = floatOfBits(members[member * columns + column + 1]!);
      for (let i = 0; i < count; i++) {
        if ((i & 3) === 0) draw4(seed, streams.dropout, step.step, salt, i >>> 2, words);
        const index = member * count + i;
        y[index] = words[i & 3]! < threshold ? 0 : math.round(x[member * xStride + i]! * scale);
      }
    }
  },
});

/** A row of the table of members with one dropout layer of rate 1/4. */
const memberRow = [7, 1, 0, 0x4000_0000, 0x3faa_aaab];

export const dropoutCases: readonly KernelCase[] = /* @__PURE__ */ [1, 7, 33, 257, 600].map((count, index) => ({
  kernel: dropout,
  name: `${count}, population 3${index % 2 === 0 ? '' : ', shared x'}`,
  params: {
    count,
    xStride: index % 2 === 0 ? count : 0,
    salt: 2,
    column: memberColumns.first,
    columns: memberRow.length,
    population: 3,
  },
  step: { step: 41 },
  tensors: {
    x: { elements: 3 * count, fill: { kind: 'normal', scale: 1 } },
    members: { elements: 3 * memberRow.length, fill: { kind: 'values', values: memberRow } },
    y: { elements: 3 * count },
  },
}));
