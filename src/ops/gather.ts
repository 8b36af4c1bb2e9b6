/**
 * Gathering a batch from the resident dataset by the chunk's table of row indices, and augmenting it. Bytes stay bytes on the device
 * and are scaled and shifted as they are read. A dataset larger than one binding comes in shards: one call each, which writes only
 * the rows that its shard holds.
 */
import { draw4, streams, uniformOpen } from '../random/draws.ts';
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';

const gatherParams = {
  batch: 'u32',
  features: 'u32',
  /** Elements of the index table from one member to the next. */
  indexStride: 'u32',
  firstRow: 'u32',
  rowCount: 'u32',
  members: 'u32',
} as const;

/**
 * x[d,m,f] = byte(shard, row, f) · scale[d,f] + shift[d,f], row = indices[d, step.row, m]
 * shard: bytes [rowCount, features], four to a u32; indices [members, chunk rows, batch]; affine [members, 2, features] → x
 * [members, batch, features]. `members` is the leading axis of the data: 1 where the population shares it.
 */
export const gatherBytes = defineKernel({
  name: 'gather_bytes',
  reads: { shard: 'u32', indices: 'u32', affine: 'f32x4' },
  writes: { x: 'f32' },
  params: gatherParams,
  variants: { rows4: { ROWS: 4, WIDTH: 64 }, rows1: { ROWS: 1, WIDTH: 64 } },
  specialise: (p) => ({ WORDS: p.features % 4 === 0 ? 1 : 0 }),
  launch(p, { ROWS = 1, WIDTH = 64 }) {
    const rowGroups = Math.ceil(p.batch / ROWS);
    const y = Math.min(rowGroups, 65_535);
    return [Math.ceil(p.features / 4 / WIDTH) * Math.ceil(rowGroups / y), y, p.members];
  },
  longestSum: () => 2,
  twin({ shard, indices, affine, x }, { batch, features, indexStride, firstRow, rowCount, members }, { math, step }) {
    for (let member = 0; member < members; member++) {
      const scaleStart = member * 2 * features;
      for (let m = 0; m < batch; m++) {
        const row = indices[member * indexStride + step.row * batch + m]! - firstRow;
        if (row < 0 || row >= rowCount) continue;
        const out = (member * batch + m) * features;
        for (let f = 0; f < features; f++) {
          const byte = row * features + f;
          const value = (shard[byte >>> 2]! >>> ((byte & 3) * 8)) & 0xff;
          x[out + f] = math.mulAdd(value, affine[scaleStart + f]!, affine[scaleStart + features + f]!);
        }
      }
    }
  },
});

/** x[d,m,f] = shard[row, f]: numbers that were normalised before they were uploaded, and regression targets. */
export const gatherFloats = defineKernel({
  name: 'gather_floats',
  reads: { shard: 'f32', indices: 'u32' },
  writes: { x: 'f32' },
  params: gatherParams,
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch * p.features, p.members, tile),
  longestSum: () => 1,
  twin({ shard, indices, x }, { batch, features, indexStride, firstRow, rowCount, members }, { step }) {
    for (let member = 0; member < members; member++) {
      for (let m = 0; m < batch; m++) {
        const row = indices[member * indexStride + step.row * batch + m]! - firstRow;
        if (row < 0 || row >= rowCount) continue;
        const out = (member * batch + m) * features;
        for (let f = 0; f < features; f++) x[out + f] = shard[row * features + f]!;
      }
    }
  },
});

/**
 * Augmentation of each image, in this order, all drawn anew for each row and keyed by (data seed, step, m):
 *   crop: as if zeros of width `padding` lay around the image, and a window of its own size were cut out of that at random;
 *   mirror: left to right with probability 1/2 (flip = 1);
 *   contrast and brightness: value · u + v, u uniform within 1 ± contrast, v within ± brightness: about 0 of the normalised input;
 *   cutout: a square of zeros of edge `cutout`, clipped at the edges; its centre is any pixel, where the edge is even the lower right
 *   one of its four innermost (DeVries and Taylor, Improved regularization of convolutional neural networks with cutout, 2017).
 * Salt 0 of the stream: word 0 decides the mirror, words 1 and 2 the crop. Salt 1: contrast, brightness, row and column of the cutout.
 * x [members, batch, height, width, channels], seeds [members] → y like x.
 */
export const augmentImage = defineKernel({
  name: 'augment_image',
  reads: { x: 'f32', seeds: 'u32' },
  writes: { y: 'f32' },
  params: {
    batch: 'u32',
    height: 'u32',
    width: 'u32',
    channels: 'u32',
    flip: 'u32',
    padding: 'u32',
    cutout: 'u32',
    brightness: 'f32',
    contrast: 'f32',
    members: 'u32',
  },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch * p.height * p.width * p.channels, p.members, tile),
  longestSum: () => 2,
  twin(
    { x, seeds, y },
    { batch, height, width, channels, flip, padding, cutout, brightness, contrast, members },
    { math, step },
  ) {
    const words = new Uint32Array(4);
    const moves = 2 * padding + 1;
    /** Uniform within -1 to 1, and exact. */
    const spread = (bits: number) => 2 * uniformOpen(bits) - 1;
    for (let member = 0; member < members; member++) {
      for (let m = 0; m < batch; m++) {
        draw4(seeds[member]!, streams.augmentation, step.step, 0, m, words);
        const mirror = flip === 1 && words[0]! >= 0x8000_0000;
        const moveY = (words[1]! % moves) - padding;
        const moveX = (words[2]! % moves) - padding;
        draw4(seeds[member]!, streams.augmentation, step.step, 1, m, words);
        const factor = math.mulAdd(contrast, spread(words[0]!), 1);
        const shift = math.flush(math.round(brightness * spread(words[1]!)));
        const holeRow = (words[2]! % height) - (cutout >>> 1);
        const holeCol = (words[3]! % width) - (cutout >>> 1);
        const start = (member * batch + m) * height * width * channels;
        for (let row = 0; row < height; row++) {
          for (let col = 0; col < width; col++) {
            const fromRow = row - moveY;
            const moved = col - moveX;
            const fromCol = mirror ? width - 1 - moved : moved;
            const inside = fromRow >= 0 && fromRow < height && fromCol >= 0 && fromCol < width;
            const hidden = row >= holeRow && row < holeRow + cutout && col >= holeCol && col < holeCol + cutout;
            for (let c = 0; c < channels; c++) {
              let value = inside ? x[start + (fromRow * width + fromCol) * channels + c]! : 0;
              if (brightness > 0 || contrast > 0) value = math.mulAdd(value, factor, shift);
              y[start + (row * width + col) * channels + c] = hidden ? 0 : value;
            }
          }
        }
      }
    }
  },
});

/**
 * y = x + deviation·N(0,1) on the rows whose draw says so (word < threshold = fraction·2³²); each element has its own normal deviate.
 * x [members, batch, features], seeds [members] → y like x.
 */
export const augmentNoise = defineKernel({
  name: 'augment_noise',
  reads: { x: 'f32', seeds: 'u32' },
  writes: { y: 'f32' },
  params: { batch: 'u32', features: 'u32', deviation: 'f32', threshold: 'u32', everyRow: 'u32', members: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil((p.batch * p.features) / 4), p.members, tile),
  longestSum: () => 2,
  twin({ x, seeds, y }, { batch, features, deviation, threshold, everyRow, members }, { math, step }) {
    const words = new Uint32Array(4);
    const rowWords = new Uint32Array(4);
    for (let member = 0; member < members; member++) {
      const seed = seeds[member]!;
      for (let i = 0; i < batch * features; i++) {
        if ((i & 3) === 0) draw4(seed, streams.noise, step.step, 0, i >>> 2, words);
        const row = Math.floor(i / features);
        draw4(seed, streams.noise, step.step, 1, row, rowWords);
        const index = member * batch * features + i;
        const noisy = everyRow === 1 || rowWords[0]! < threshold;
        y[index] = noisy ? math.mulAdd(deviation, math.normal(uniformOpen(words[i & 3]!)), x[index]!) : x[index]!;
      }
    }
  },
});

const plainAugmentation = { flip: 0, padding: 0, cutout: 0, brightness: 0, contrast: 0 };

const shapes = [
  [1, 1, 1],
  [7, 33, 1],
  [33, 257, 2],
  [5, 600, 2],
] as const;

export const gatherCases: readonly KernelCase[] = /* @__PURE__ */ shapes.flatMap(
  ([batch, features, members], index): KernelCase[] => {
    const rows = 19;
    const indexStride = 3 * batch;
    const name = `${batch}x${features}, ${members} data members`;
    const indices = { elements: members * indexStride, fill: { kind: 'below', bound: rows } } as const;
    const x = { elements: members * batch * features };
    const values = { elements: x.elements, fill: { kind: 'normal', scale: 1 } } as const;
    const seeds = { elements: members, fill: { kind: 'bits' } } as const;
    const params = { batch, features, indexStride, firstRow: 0, rowCount: rows, members };
    const secondShard = { ...params, firstRow: 6, rowCount: rows - 6 };
    const step = { row: 2, step: 77 };
    const affine = { elements: members * 2 * features, fill: { kind: 'normal', scale: 0.01 } } as const;
    const bytes = { elements: Math.ceil((rows * features) / 4), fill: { kind: 'bits' } } as const;
    const floats = { elements: rows * features, fill: { kind: 'normal', scale: 1 } } as const;
    return [
      { kernel: gatherBytes, name, params, step, tensors: { shard: bytes, indices, affine, x } },
      {
        kernel: gatherBytes,
        name: `${name}, second shard`,
        params: secondShard,
        step,
        tensors: { shard: bytes, indices, affine, x },
      },
      { kernel: gatherFloats, name, params, step, tensors: { shard: floats, indices, x } },
      {
        kernel: gatherFloats,
        name: `${name}, second shard`,
        params: secondShard,
        step,
        tensors: { shard: floats, indices, x },
      },
      {
        kernel: augmentImage,
        name: `${name}, one row of pixels`,
        params: { batch, height: 1, width: features, channels: 1, ...plainAugmentation, flip: 1, members },
        step,
        tensors: { x: values, seeds, y: x },
      },
      {
        kernel: augmentNoise,
        name,
        params: { batch, features, deviation: 0.25, threshold: 0x8000_0000, everyRow: index % 2, members },
        step,
        tensors: { x: values, seeds, y: x },
      },
    ];
  },
);

export const augmentCases: readonly KernelCase[] = /* @__PURE__ */ [
  { batch: 3, height: 5, width: 7, channels: 3, flip: 1, padding: 2 },
  { batch: 9, height: 8, width: 8, channels: 1, padding: 1 },
  // Moves further than the image is wide.
  { batch: 7, height: 2, width: 3, channels: 1, flip: 1, padding: 4 },
  { batch: 9, height: 8, width: 7, channels: 3, cutout: 3 },
  // Squares that reach over several edges.
  { batch: 5, height: 3, width: 4, channels: 1, cutout: 6 },
  { batch: 9, height: 5, width: 6, channels: 1, brightness: 0.3 },
  { batch: 9, height: 5, width: 6, channels: 3, contrast: 0.7 },
  { batch: 33, height: 6, width: 5, channels: 3, flip: 1, padding: 1, cutout: 2, brightness: 0.25, contrast: 1 },
].map((sizes) => {
  const { batch, height, width, channels } = sizes;
  const params = { ...plainAugmentation, ...sizes, members: 2 };
  for (const field of ['brightness', 'contrast'] as const) params[field] = Math.fround(params[field]);
  const elements = 2 * batch * height * width * channels;
  return {
    kernel: augmentImage,
    name: Object.entries(sizes)
      .map(([field, value]) => `${field} ${value}`)
      .join(', '),
    params,
    step: { step: 5 },
    tensors: {
      x: { elements, fill: { kind: 'normal', scale: 1 } },
      seeds: { elements: 2, fill: { kind: 'values', values: [3, 4] } },
      y: { elements },
    },
  };
});
