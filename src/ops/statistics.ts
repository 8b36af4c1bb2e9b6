/**
 * Statistics of tensors while they train: extremes, sums, histograms, and units that are dead. They look at regions, of large tensors
 * at a sample, so that a step that is observed costs little more than one that is not.
 */
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import { elementCount } from '../formats/shape.ts';
import { defineKernel, sumChunk } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';
import { bitsOfFloat, floatOfBits } from './tables.ts';

/** Columns of a region, u32: first element, elements looked at, from one run of 16 of them to the next, from one member to the next. */
export const regionColumns = ['offset', 'count', 'stride', 'memberStride'] as const;
export type Region = Readonly<Record<(typeof regionColumns)[number], number>>;

/** Columns of a row of statistics before its bins: `count` is that of the finite elements, of which all others are. */
export const statisticsColumns = ['count', 'min', 'max', 'mean', 'rootMeanSquare', 'zeros'] as const;
export const binCount = 64;
/** Elements of a row of statistics. */
export const statisticsStride = statisticsColumns.length + binCount;
/** Most elements of one tensor and member that are looked at: each of 64 threads adds a chunk of the rule for sums. */
export const mostSamples = 64 * sumChunk;

const largestFloat = 2 ** 128 - 2 ** 104;
const fewestSamples = 256;

/** Most elements of a tensor that are looked at of each of so many members: all together, a population takes no longer than a model. */
export function samplesPerMember(population: number): number {
  return Math.max(fewestSamples, Math.floor(mostSamples / population));
}

/** Samples lie in runs of neighbours, since a cache line costs as much as one element of it. */
const runLength = 16;
/** The stride of a tensor of which every element is looked at. */
export const wholeStride = runLength;

/**
 * How a tensor [members, …shape] at an offset is sampled, of each member at most `most`: in runs at even distances, which have no large
 * factor in common with its rows, so that no column is left out. `memberStride` 0: all members share it.
 */
export function sampleRegion(
  shape: readonly number[],
  offset: number,
  memberStride: number,
  most: number = mostSamples,
): Region {
  const elements = elementCount(shape);
  if (elements <= most) return { offset, count: elements, stride: wholeStride, memberStride };
  const columns = shape.at(-1) ?? 1;
  let stride = Math.ceil((elements * runLength) / most);
  while (greatestCommonDivisor(stride, columns) > runLength) stride++;
  const fullRuns = Math.ceil(elements / stride) - 1;
  const count = fullRuns * runLength + Math.min(runLength, elements - fullRuns * stride);
  return { offset, count, stride, memberStride };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The table of regions [regions, 4]. */
export function regionTable(regions: readonly Region[]): Uint32Array {
  return Uint32Array.from(regions.flatMap((region) => regionColumns.map((column) => region[column])));
}

/** The indices of the samples of a region's member. */
function sampleIndices(regions: Uint32Array, region: number, member: number): Uint32Array {
  const [offset = 0, count = 0, stride = 0, memberStride = 0] = regions.subarray(region * regionColumns.length);
  const indices = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    indices[i] = offset + member * memberStride + Math.floor(i / runLength) * stride + (i % runLength);
  }
  return indices;
}

/**
 * For each region r from `firstRegion` on and member p, over the samples that are finite:
 *   statistics[r,p] = count, min, max, mean, root mean square, zeros, then the counts of 64 bins of equal width from min to max
 * What is below 2^-100 counts as 0. A value falls into bin min(63, floor((v - min)·(64/(max - min)))); all into the first where max - min
 * is below 2^-100 or no float32. Sums are those of v·2^e, of which the largest is between 2 and 4, so that gradients that vanish or explode
 * have a root mean square too. Without a finite sample min is above max.
 * values any, regions [regions, 4] → statistics [regions, population, 70]. Longest sum: 16,384 terms.
 */
export const tensorStatistics = defineKernel({
  name: 'tensor_statistics',
  reads: { values: 'f32', regions: 'u32' },
  writes: { statistics: 'f32' },
  params: { firstRegion: 'u32', regionCount: 'u32', population: 'u32' },
  variants: { width64: { WIDTH: 64 } },
  launch: (p) => [p.regionCount, 1, p.population],
  longestSum: () => mostSamples,
  twin({ values, regions, statistics }, { firstRegion, regionCount, population }, { math }) {
    for (let region = firstRegion; region < firstRegion + regionCount; region++) {
      for (let member = 0; member < population; member++) {
        const indices = sampleIndices(regions, region, member);
        const samples = new Float64Array(indices.length);
        for (let i = 0; i < indices.length; i++) samples[i] = math.flush(values[indices[i]!]!);
        statistics.set(describeSamples(math, samples), (region * population + member) * statisticsStride);
      }
    }
  },
});

/** A row of statistics. */
function describeSamples(math: Arithmetic, samples: Float64Array): Float64Array {
  const { round, flush } = math;
  let [finite, zeros] = [0, 0];
  let [min, max] = [largestFloat, -largestFloat];
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value)) continue;
    finite++;
    if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const exponent = Math.max(1, bitsOfFloat(Math.max(Math.abs(min), Math.abs(max))) >>> 23);
  const scale = floatOfBits((255 - exponent) << 23);
  const unit = floatOfBits((exponent - 1) << 23);
  const span = round(max - min);
  const binsPerUnit = span >= 2 ** -100 && Number.isFinite(span) ? round(binCount / span) : 0;

  const row = new Float64Array(statisticsStride);
  const scaled = new Float64Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value)) continue;
    scaled[i] = flush(round(value * scale));
    const bin = binsPerUnit > 0 ? Math.min(binCount - 1, Math.floor(round(round(value - min) * binsPerUnit))) : 0;
    row[statisticsColumns.length + bin]! += 1;
  }
  const sum = orderedSum(math, samples.length, (before, i) => round(before + scaled[i]!));
  const squares = orderedSum(math, samples.length, (before, i) =>
    round(before + flush(round(scaled[i]! * scaled[i]!))),
  );
  const terms = Math.max(1, finite);
  const mean = flush(round(round(sum / terms) * unit));
  const rootMeanSquare = flush(round(round(Math.sqrt(round(squares / terms))) * unit));
  row.set([finite, min, max, mean, rootMeanSquare, zeros]);
  return row;
}

/** Workgroups that share the samples of a tensor: most tensors are small, and each group costs. */
const takeGroups = 4;

/**
 * samples[t(i)] = values[s(i)] - (subtract ? samples[t(i)] : 0), updated in place, for each of `regionCount` regions: the samples of region
 * `firstSource` + k, kept where those of `firstTarget` + k lie. Once before an update and once after it, it leaves what the update changed.
 * values any, regions [regions, 4] → samples [members, all samples of one]
 */
export const takeSamples = defineKernel({
  name: 'take_samples',
  reads: { values: 'f32', regions: 'u32' },
  writes: { samples: 'f32' },
  params: { firstSource: 'u32', firstTarget: 'u32', subtract: 'u32', regionCount: 'u32', population: 'u32' },
  variants: { width64: { WIDTH: 64 } },
  launch: (p) => [takeGroups, p.regionCount, p.population],
  longestSum: () => 2,
  twin({ values, regions, samples }, { firstSource, firstTarget, subtract, regionCount, population }, { math }) {
    for (let k = 0; k < regionCount; k++) {
      for (let member = 0; member < population; member++) {
        const source = sampleIndices(regions, firstSource + k, member);
        const target = sampleIndices(regions, firstTarget + k, member);
        for (const [i, index] of source.entries()) {
          const before = subtract === 1 ? samples[target[i]!]! : 0;
          samples[target[i]!] = math.round(values[index]! - before);
        }
      }
    }
  },
});

/** Rows from which on the threads of a workgroup share those of a channel. */
const manyRows = 512;
const deadUnitsWidth = 256;

/**
 * How `dead_units` looks at [rows, channels] of each of so many members: rows at even distances without a factor in common with all rows,
 * threads that share a channel, and workgroups of a member. A unit that answers nowhere is looked for to the last of its rows, which of an
 * image are many: of a member alone every row counts up to 4,096.
 */
export function deadUnitsLaunch(rows: number, channels: number, population: number) {
  let stride = Math.ceil(rows / (samplesPerMember(population) / 4));
  while (greatestCommonDivisor(stride, rows) > 1) stride++;
  const count = Math.ceil(rows / stride);
  const slices = count >= manyRows ? 32 : 1;
  return { count, stride, slices, blocks: Math.ceil((channels * slices) / deadUnitsWidth) };
}

/**
 * statistics[place + p·blocks + b] = channels of block b that are 0 in each row of y that is looked at, for members p; a block is
 * 256/slices channels.
 * y [population, rows, channels], of which row 0, stride, 2·stride, … (count of them) → [population, blocks] of statistics
 */
export const deadUnits = defineKernel({
  name: 'dead_units',
  reads: { y: 'f32' },
  writes: { statistics: 'f32' },
  params: {
    rows: 'u32',
    channels: 'u32',
    count: 'u32',
    stride: 'u32',
    slices: 'u32',
    place: 'u32',
    population: 'u32',
  },
  variants: { width256: { WIDTH: deadUnitsWidth } },
  launch: (p) => [Math.ceil((p.channels * p.slices) / deadUnitsWidth), 1, p.population],
  longestSum: () => 1,
  twin({ y, statistics }, { rows, channels, count, stride, slices, place, population }) {
    const perBlock = deadUnitsWidth / slices;
    const blocks = Math.ceil(channels / perBlock);
    statistics.fill(0, place, place + population * blocks);
    for (let member = 0; member < population; member++) {
      for (let channel = 0; channel < channels; channel++) {
        const start = member * rows * channels + channel;
        let row = 0;
        while (row < count && y[start + row * stride * channels] === 0) row++;
        if (row === count) statistics[place + member * blocks + Math.floor(channel / perBlock)]! += 1;
      }
    }
  },
});

/** Tensors of a population of two, one after the other in each member's share. */
function statisticsCase(
  name: string,
  shapes: readonly (readonly number[])[],
  fill: NonNullable<KernelCase['tensors'][string]['fill']>,
): KernelCase {
  const population = 2;
  const memberStride = shapes.reduce((sum, shape) => sum + elementCount(shape), 0);
  let offset = 0;
  const regions = shapes.map((shape) => {
    const region = sampleRegion(shape, offset, memberStride);
    offset += elementCount(shape);
    return region;
  });
  const table = regionTable(regions);
  return {
    kernel: tensorStatistics,
    name,
    params: { firstRegion: 0, regionCount: regions.length, population },
    tensors: {
      values: { elements: population * memberStride, fill },
      regions: { elements: table.length, fill: { kind: 'values', values: [...table] } },
      statistics: { elements: regions.length * population * statisticsStride },
    },
  };
}

export const statisticsCases: readonly KernelCase[] = /* @__PURE__ */ listCases();

function listCases(): KernelCase[] {
  const targets = [
    { offset: 0, count: 33, stride: 16, memberStride: 40 },
    { offset: 33, count: 7, stride: 16, memberStride: 40 },
  ];
  const sources = [
    { offset: 2, count: 33, stride: 37, memberStride: 150 },
    { offset: 120, count: 7, stride: 16, memberStride: 150 },
  ];
  const takeRegions = [...regionTable([...sources, ...targets])];
  return [
    statisticsCase('1, 7, 257 and 65,536 elements', [[1], [7], [257], [256, 256]], { kind: 'normal', scale: 1 }),
    statisticsCase('70,000 and 300,000 elements, sampled', [[70_000], [1000, 300]], { kind: 'normal', scale: 1e-3 }),
    statisticsCase('vanishing', [[600]], { kind: 'normal', scale: 1e-25 }),
    statisticsCase('exploding', [[600]], { kind: 'normal', scale: 1e30 }),
    statisticsCase('any bits', [[7], [1000], [257]], { kind: 'bits' }),
    statisticsCase('one value', [[300], [1]], { kind: 'values', values: [0.1] }),
    statisticsCase('nothing finite', [[300]], { kind: 'values', values: [Number.NaN, Infinity, -Infinity] }),
    statisticsCase('not all finite, zeros of both signs, tiny and large', [[600], [33], [8]], {
      kind: 'values',
      values: [0, -0, 1, Number.NaN, 1e-38, -1e-25, 3e38, Infinity, -2, 1e-40, 5, -Infinity, 1e30],
    }),
    statisticsCase('a span that is no float32', [[33]], { kind: 'values', values: [3e38, -3e38, 1] }),
    ...[0, 1].map((subtract) => ({
      kernel: takeSamples,
      name: subtract === 1 ? 'differences' : 'kept',
      params: { firstSource: 0, firstTarget: 2, subtract, regionCount: 2, population: 2 },
      tensors: {
        values: { elements: 300, fill: { kind: 'normal', scale: 1 } as const },
        regions: { elements: takeRegions.length, fill: { kind: 'values', values: takeRegions } as const },
        samples: { elements: 80, fill: { kind: 'normal', scale: 1 } as const },
      },
    })),
    ...[
      { rows: 1, channels: 7 },
      { rows: 3, channels: 600 },
      { rows: 700, channels: 33 },
      { rows: 9000, channels: 8 },
    ].map(({ rows, channels }) => {
      const { blocks, ...looked } = deadUnitsLaunch(rows, channels, 2);
      return {
        kernel: deadUnits,
        name: `${rows} x ${channels}`,
        params: { rows, channels, ...looked, place: 3, population: 2 },
        tensors: {
          y: {
            elements: 2 * rows * channels,
            fill: { kind: 'values', values: deadPattern(channels) } as const,
          },
          statistics: { elements: 3 + 2 * blocks },
        },
      };
    }),
  ];
}

/** A row in which two channels of seven are 0, one of them -0, and one is NaN. */
function deadPattern(channels: number): number[] {
  return Array.from({ length: channels }, (_, channel) => [1, 0, -2, -0, Number.NaN, 0.5, 3][channel % 7] ?? 0);
}
