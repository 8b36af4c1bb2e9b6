// The functions of shaders/lib on an adapter against their CPU twins, bit for bit: all kinds of float32 by random bit
// patterns, and the range where each function is used. NaN is compared as NaN, since its payload is nobody's promise.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { float32, float32Fused } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { draw4, drawBits, streams, uniformOpen } from '../../src/random/draws.ts';
import { philox4x32 } from '../../src/random/philox.ts';
import { assembleShader } from '../../src/shader/assemble.ts';
import { shaderLibrary } from '../../shaders/index.ts';
import { openTestDevice } from '../device.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await openTestDevice();
}, 60_000);
afterAll(() => device.destroy());

/** Runs `output[i] = <expression of input[i]>`, one word in and `wordsOut` words out per invocation. */
async function evaluate(uses: string, statement: string, input: Uint32Array, wordsOut = 1): Promise<Uint32Array> {
  const text = `//! use lib/${uses}.wgsl
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= arrayLength(&input)) { return; }
  let bits = input[i];
  ${statement}
}`;
  const { code } = assembleShader('test.wgsl', { ...shaderLibrary, 'test.wgsl': text }, {});
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const sizeBytes = input.byteLength * wordsOut;
  const source = device.createBuffer({
    size: input.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  const target = device.createBuffer({ size: sizeBytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size: sizeBytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(source, 0, input);
  const entries = [source, target].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  const groupCount = Math.ceil(input.length / 64);
  pass.dispatchWorkgroups(Math.min(groupCount, 1024), Math.ceil(groupCount / 1024));
  pass.end();
  encoder.copyBufferToBuffer(target, 0, staging, 0, sizeBytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const result = new Uint32Array(staging.getMappedRange().slice(0));
  expect(await device.popErrorScope()).toBeNull();
  for (const buffer of [source, target, staging]) buffer.destroy();
  return result;
}

const place = { seed: 1, stream: streams.synthetic, step: 0, salt: 0 };

/** `count` words: edges with their neighbours, a third random bit patterns, the rest uniform in low..high. */
function inputs(low: number, high: number, count: number): Uint32Array {
  const words = new Uint32Array(count);
  const floats = new Float32Array(words.buffer);
  const edges = [
    0,
    2 ** -149,
    2 ** -126,
    2 ** -100,
    2 ** -24,
    0.075,
    0.5,
    0.625,
    0.925,
    1,
    2,
    5,
    9.5,
    10,
    69.32,
    70,
    88.7228,
    88.73,
  ];
  edges.push(89, 1e10, 3.4028234e38, Infinity);
  let written = 0;
  for (const edge of edges) {
    for (const sign of [1, -1]) {
      for (const step of [-2, -1, 0, 1, 2]) {
        floats[written] = sign * edge;
        words[written]! += step; // beside zero these are NaN of every sign, beside infinity too
        written++;
      }
    }
  }
  const block = new Uint32Array(4);
  for (; written < count; written++) {
    if (written % 4 === 0) draw4(place.seed, place.stream, 0, 0, written / 4, block);
    const bits = block[written % 4]!;
    if (written % 3 === 0) words[written] = bits;
    else floats[written] = low + (high - low) * uniformOpen(bits);
  }
  return words;
}

/** How many results differ in their bits, and the first of them in words for the failure message. */
function compare(
  inputWords: Uint32Array,
  gpuWords: Uint32Array,
  twin: (x: number) => number,
): { different: number; first: string } {
  const x = new Float32Array(inputWords.buffer);
  const gpu = new Float32Array(gpuWords.buffer);
  const expected = new Float32Array(1);
  const expectedWord = new Uint32Array(expected.buffer);
  let different = 0;
  let first = '';
  for (let i = 0; i < x.length; i++) {
    expected[0] = twin(x[i]!);
    if (expectedWord[0] === gpuWords[i] || (Number.isNaN(expected[0]) && Number.isNaN(gpu[i]))) continue;
    if (different++ === 0) first = `x = ${x[i]} (0x${inputWords[i]!.toString(16)}): CPU ${expected[0]}, GPU ${gpu[i]}`;
  }
  return { different, first };
}

interface Case {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly twin: (f: Arithmetic, x: number) => number;
}

const cases: readonly Case[] = [
  { name: 'exp_f', low: -75, high: 90, twin: (f, x) => f.exp(x) },
  { name: 'log_f', low: 0, high: 4, twin: (f, x) => f.log(x) },
  { name: 'tanh_f', low: -11, high: 11, twin: (f, x) => f.tanh(x) },
  { name: 'sigmoid_f', low: -75, high: 75, twin: (f, x) => f.sigmoid(x) },
  { name: 'erfc_f', low: -10, high: 10, twin: (f, x) => f.erfc(x) },
  { name: 'flush_small', low: -(2 ** -98), high: 2 ** -98, twin: (f, x) => f.flush(x) },
];

test.each(cases)('$name equals its CPU twin in every bit', { timeout: 120_000 }, async ({ name, low, high, twin }) => {
  const words = inputs(low, high, 1_000_000);
  const gpu = await evaluate('math', `output[i] = bitcast<u32>(${name}(bitcast<f32>(bits)));`, words);
  expect(compare(words, gpu, (x) => twin(float32, x))).toEqual({ different: 0, first: '' });
});

test.each(cases.slice(0, 5))('the comparison tells plain from fused $name', ({ low, high, twin }) => {
  const words = inputs(low, high, 100_000);
  const fused = Float32Array.from(new Float32Array(words.buffer), (x) => twin(float32Fused, x));
  expect(compare(words, new Uint32Array(fused.buffer), (x) => twin(float32, x)).different).toBeGreaterThan(100);
});

test(
  'normal_from_uniform equals its CPU twin in every bit, for uniforms and far into the tails',
  { timeout: 120_000 },
  async () => {
    const words = new Uint32Array(1_000_000);
    const floats = new Float32Array(words.buffer);
    for (let i = 0; i < words.length; i++) {
      const bits = drawBits(1, streams.synthetic, 1, 0, i);
      if (i % 4 === 0) words[i] = 0x00800000 + (bits % (0x3f800000 - 0x00800000));
      else floats[i] = uniformOpen(bits);
    }
    floats.set([2 ** -24, 1 - 2 ** -24, 0.5, 0.075, 0.925, 2 ** -126]);
    const gpu = await evaluate('normal', 'output[i] = bitcast<u32>(normal_from_uniform(bitcast<f32>(bits)));', words);
    expect(compare(words, gpu, float32.normal)).toEqual({ different: 0, first: '' });
  },
);

test('uniform_open equals its CPU twin in every bit', async () => {
  const words = inputs(0, 1, 100_000);
  const gpu = await evaluate('philox', 'output[i] = bitcast<u32>(uniform_open(bits));', words);
  expect([...new Float32Array(gpu.buffer)]).toEqual([...words].map(uniformOpen));
});

test('philox and draw4 equal their CPU twins in every bit', { timeout: 60_000 }, async () => {
  const words = inputs(-1, 1, 250_000);
  const store = 'for (var word = 0u; word < 4u; word++) { output[4u * i + word] = drawn[word]; }';
  const drawn = await evaluate('philox', `let drawn = draw4(bits ^ 5u, 4u, bits * 3u, i, bits); ${store}`, words, 4);
  const counter = 'vec4<u32>(bits, i, bits ^ 0xffffffffu, bits >> 3u)';
  const blocks = await evaluate('philox', `let drawn = philox(${counter}, vec2<u32>(~i, bits)); ${store}`, words, 4);
  const expectedDrawn = new Uint32Array(drawn.length);
  const expectedBlocks = new Uint32Array(blocks.length);
  words.forEach((bits, i) => {
    draw4((bits ^ 5) >>> 0, 4, Math.imul(bits, 3) >>> 0, i, bits, expectedDrawn.subarray(4 * i));
    philox4x32([bits, i, ~bits, bits >>> 3], [~i, bits], expectedBlocks.subarray(4 * i));
  });
  expect(Buffer.compare(Buffer.from(drawn.buffer), Buffer.from(expectedDrawn.buffer))).toBe(0);
  expect(Buffer.compare(Buffer.from(blocks.buffer), Buffer.from(expectedBlocks.buffer))).toBe(0);
});
