/**
 * Which float32 operations of an adapter are IEEE: measured in one dispatch, because no API tells.
 * The shader is text in here, since the probe runs before anything is handed in, and its operands come from a buffer,
 * since a compiler folds literals with its own rounding.
 */

/** What the arithmetic of one adapter does. `exact`: CPU and GPU can agree to the bit. */
export interface ArithmeticProbe {
  /** Some a*b+c is not rounded twice: fused into one rounding, or re-associated in a chain. */
  readonly contracts: boolean;
  /** Some subnormal, read or computed, became zero. */
  readonly flushesSubnormals: boolean;
  /** Every a/b and 1/b is the nearest float32. */
  readonly divideExact: boolean;
  /** Every square root is the nearest float32. */
  readonly sqrtExact: boolean;
  /** Does not contract, divides and roots exactly; subnormals are kept out of the way by the kernels themselves. */
  readonly exact: boolean;
}

/** Operands of the probe, one per lane: normal numbers a, b > 0, c, and s, subnormal when scaled by 2^-70. */
export interface ProbeOperands {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly s: Float32Array;
}

const LANE_COUNT = 4096;
const WORKGROUP_SIZE = 64;
const CHAIN_LENGTH = 8;
/** An exponent that moves normal numbers into the subnormals, and back. */
const SCALE_BITS = 70;
/** Results per lane, in this order. */
const RESULTS = ['add', 'subtract', 'twoProducts', 'chain', 'quotient', 'reciprocal', 'root', 'tiny', 'grown'] as const;
type ResultName = (typeof RESULTS)[number];

const SHADER = /* wgsl */ `
@group(0) @binding(0) var<storage, read> operands: array<f32>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;
@compute @workgroup_size(${WORKGROUP_SIZE})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let lane = id.x;
  let a = operands[lane];
  let b = operands[${LANE_COUNT}u + lane];
  let c = operands[${2 * LANE_COUNT}u + lane];
  let s = operands[${3 * LANE_COUNT}u + lane];
  let subnormal = operands[${4 * LANE_COUNT}u + lane];
  let small = operands[${5 * LANE_COUNT}u];
  let large = operands[${5 * LANE_COUNT}u + 1u];
  var chain = c;
  for (var k = 0u; k < ${CHAIN_LENGTH}u; k++) {
    let j = (lane + k) % ${LANE_COUNT}u;
    chain = chain + operands[j] * operands[${LANE_COUNT}u + j];
  }
  results[lane] = a * b + c;
  results[${LANE_COUNT}u + lane] = c - a * b;
  results[${2 * LANE_COUNT}u + lane] = a * b + c * operands[(lane + 1u) % ${LANE_COUNT}u];
  results[${3 * LANE_COUNT}u + lane] = chain;
  results[${4 * LANE_COUNT}u + lane] = a / b;
  results[${5 * LANE_COUNT}u + lane] = 1.0 / b;
  results[${6 * LANE_COUNT}u + lane] = sqrt(b);
  results[${7 * LANE_COUNT}u + lane] = s * small;
  results[${8 * LANE_COUNT}u + lane] = subnormal * large;
}
`;

/** Uniform 32-bit words from an index: the finalizer of MurmurHash3. */
function mixBits(index: number): number {
  let h = Math.imul(index + 1, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A positive float32 with a random mantissa and an exponent in [low, high). */
function drawPositive(index: number, low: number, high: number): number {
  const mantissa = 1 + (mixBits(2 * index) >>> 9) * 2 ** -23;
  return mantissa * 2 ** (low + (mixBits(2 * index + 1) % (high - low)));
}

/**
 * The operands, always the same. In every second lane c is the rounded a*b or its negative: twice rounded, one of
 * a*b+c and c-a*b is 0 there; fused it is the rounding error, so that nearly all of these lanes tell the two apart.
 */
export function probeOperands(): ProbeOperands {
  const a = new Float32Array(LANE_COUNT);
  const b = new Float32Array(LANE_COUNT);
  const c = new Float32Array(LANE_COUNT);
  const s = new Float32Array(LANE_COUNT);
  for (let lane = 0; lane < LANE_COUNT; lane++) {
    const sign = mixBits(-lane - 1) & 1 ? -1 : 1;
    a[lane] = sign * drawPositive(4 * lane, -12, 12);
    b[lane] = drawPositive(4 * lane + 1, -12, 12);
    const product = a[lane]! * b[lane]!;
    c[lane] = [-product, product][lane % 4] ?? drawPositive(4 * lane + 2, -12, 12);
    s[lane] = drawPositive(4 * lane + 3, -72, -58);
  }
  return { a, b, c, s };
}

/** The IEEE results of all lanes, by name, each operation rounded to float32. Lengths `LANE_COUNT`. */
export function expectedResults({ a, b, c, s }: ProbeOperands): Record<ResultName, Float32Array> {
  const f = Math.fround;
  const each = (result: (lane: number) => number): Float32Array => Float32Array.from(a, (_, lane) => result(lane));
  const product = each((lane) => a[lane]! * b[lane]!);
  return {
    add: each((lane) => product[lane]! + c[lane]!),
    subtract: each((lane) => c[lane]! - product[lane]!),
    twoProducts: each((lane) => product[lane]! + f(c[lane]! * a[(lane + 1) % LANE_COUNT]!)),
    chain: each((lane) => {
      let sum = c[lane]!;
      for (let k = 0; k < CHAIN_LENGTH; k++) sum = f(sum + product[(lane + k) % LANE_COUNT]!);
      return sum;
    }),
    quotient: each((lane) => a[lane]! / b[lane]!),
    reciprocal: each((lane) => 1 / b[lane]!),
    root: each((lane) => Math.sqrt(b[lane]!)),
    tiny: each((lane) => s[lane]! * 2 ** -SCALE_BITS),
    grown: each((lane) => f(s[lane]! * 2 ** -SCALE_BITS) * 2 ** SCALE_BITS),
  };
}

/** Judges the results of an adapter, by name, against the IEEE ones. Pure: the tests plant faults here. */
export function judgeArithmetic(
  expected: Readonly<Record<ResultName, Float32Array>>,
  actual: Readonly<Record<ResultName, Float32Array>>,
): ArithmeticProbe {
  const equal = (name: ResultName): boolean => {
    const results = actual[name];
    return expected[name].every((value, lane) => Object.is(value, results[lane]));
  };
  const contracts = !(equal('add') && equal('subtract') && equal('twoProducts') && equal('chain'));
  const divideExact = equal('quotient') && equal('reciprocal');
  const sqrtExact = equal('root');
  return {
    contracts,
    flushesSubnormals: !(equal('tiny') && equal('grown')),
    divideExact,
    sqrtExact,
    exact: !contracts && divideExact && sqrtExact,
  };
}

/** Runs the probe on a device: one dispatch, one read-back, nothing left allocated. Rejects when the device is lost. */
export async function probeArithmetic(device: GPUDevice): Promise<ArithmeticProbe> {
  const operands = probeOperands();
  const expected = expectedResults(operands);
  const rows = [operands.a, operands.b, operands.c, operands.s, expected.tiny];
  const input = new Float32Array(rows.length * LANE_COUNT + 2);
  rows.forEach((values, row) => input.set(values, row * LANE_COUNT));
  input.set([2 ** -SCALE_BITS, 2 ** SCALE_BITS], rows.length * LANE_COUNT);
  const sizeBytes = RESULTS.length * LANE_COUNT * 4;

  const label = 'arithmetic probe';
  const inputBuffer = device.createBuffer({
    label,
    size: input.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  const outputBuffer = device.createBuffer({
    label,
    size: sizeBytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const readBuffer = device.createBuffer({
    label,
    size: sizeBytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  try {
    device.queue.writeBuffer(inputBuffer, 0, input);
    const layout = device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'read-only-storage' } },
        { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
      ],
    });
    const pipeline = await device.createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ label, code: SHADER }) },
    });
    const encoder = device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    pass.setPipeline(pipeline);
    const buffers = [inputBuffer, outputBuffer];
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ label, layout, entries }));
    pass.dispatchWorkgroups(LANE_COUNT / WORKGROUP_SIZE);
    pass.end();
    encoder.copyBufferToBuffer(outputBuffer, 0, readBuffer, 0, sizeBytes);
    device.queue.submit([encoder.finish()]);
    await readBuffer.mapAsync(GPUMapMode.READ);
    const output = new Float32Array(readBuffer.getMappedRange());
    const actual = Object.fromEntries(
      RESULTS.map((name, row) => [name, output.slice(row * LANE_COUNT, (row + 1) * LANE_COUNT)]),
    ) as Record<ResultName, Float32Array>;
    return judgeArithmetic(expected, actual);
  } finally {
    for (const buffer of [inputBuffer, outputBuffer, readBuffer]) buffer.destroy();
  }
}
