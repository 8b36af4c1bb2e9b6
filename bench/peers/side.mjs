/**
 * What the JavaScript peers share: the protocol of bench/protocol.ts over standard input and output, the files of a
 * workload, and Dawn under the names a browser has. Plain JavaScript, since these files run as they are.
 *
 * A side answers one JSON line to each request: `load` {loaded}, `train` {losses: [steps, members] flat}, `time` and
 * `epoch` {ms}, `product` {ms of one product, sample}; {error} in place of any. The first line is {side, version, adapter}.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ARRAYS = { u8: Uint8Array, u32: Uint32Array, f32: Float32Array };

/** What `create()` of Dawn returned: its collection while work is pending would crash the process. */
const kept = [];

/**
 * Opens Dawn as `navigator.gpu`, on the first adapter whose name contains `wanted` in either case. Returns its name.
 * @param {string} wanted
 */
export async function openGpu(wanted = '') {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // Dawn polls with setImmediate while a promise of it is pending, which takes a core from a software adapter. With 1 ms
  // between two polls both libraries are a third faster there.
  globalThis.setImmediate = (callback, ...values) => setTimeout(callback, 1, ...values);
  let refusal = '';
  const open = (flag) => {
    const gpu = create([flag]);
    kept.push(gpu);
    return gpu;
  };
  try {
    await open('adapter=(a name that no adapter has)').requestAdapter();
  } catch (error) {
    refusal = String(error);
  }
  const listed = [...refusal.matchAll(/backend: '(.*?)', name: '(.*)'$/gm)];
  const names = listed
    .filter(([, backend]) => ['metal', 'd3d12', 'vulkan'].includes(backend))
    .map(([, , name]) => name);
  const name = names.find((each) => each.toLowerCase().includes(wanted.toLowerCase()));
  if (name === undefined) throw new Error(`no WebGPU adapter fits "${wanted}"; there is ${names.join(', ') || 'none'}`);
  setNavigator({ gpu: open(`adapter=${name}`) });
  return name;
}

/** Gives a side without Dawn the same `navigator`. Returns the processor's name. */
export function openCpu() {
  setNavigator({});
  return cpus()[0]?.model ?? 'CPU';
}

function setNavigator(fields) {
  const value = { hardwareConcurrency: cpus().length, userAgent: `Node ${process.version}`, vendor: '', ...fields };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}

/** The version of an installed package. */
export function versionOf(name) {
  const path = createRequire(import.meta.url)
    .resolve(name)
    .replace(/(node_modules\/(@[^/]+\/)?[^/]+)\/.*/, '$1/package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/**
 * Reads a workload: meta.json as it is, with the arrays in place of their files. `inputs` are float32 already scaled, as
 * these libraries take them; `outputs` counts the classes or targets; `rowShape` is [features] or [height, width,
 * channels], `features` its elements; each layer also has its `inShape`.
 * @param {string} folder
 */
export function readWorkload(folder) {
  const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
  const array = ({ file, dtype }) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
    return new ARRAYS[dtype](buffer.slice(byteOffset, byteOffset + byteLength));
  };
  const rowShape = meta.inputs.shape.slice(1);
  let shape = rowShape;
  const layers = meta.layers.map((layer) => {
    const inShape = shape;
    shape = outputShape(layer, inShape);
    if (layer.type === 'maxPool2d') return { ...layer, inShape };
    if (!['linear', 'relu', 'sigmoid'].includes(layer.activation))
      throw new Error(`no activation ${layer.activation} here`);
    return { ...layer, inShape, weight: array(layer.weight), bias: array(layer.bias) };
  });
  return {
    ...meta,
    layers,
    rowShape,
    features: rowShape.reduce((product, size) => product * size),
    outputs: layers.at(-1).outSize,
    inputs: Float32Array.from(array(meta.inputs), (value) => value * meta.inputScale),
    targets: array(meta.targets),
  };
}

function outputShape(layer, [height, width, channels]) {
  switch (layer.type) {
    case 'dense':
      return [layer.outSize];
    case 'conv2d':
      return [height - layer.kernel[0] + 1, width - layer.kernel[1] + 1, layer.outC];
    case 'maxPool2d':
      return [Math.floor(height / layer.size[0]), Math.floor(width / layer.size[1]), channels];
    default:
      throw new Error(`no layer ${layer.type} here`);
  }
}

/** The targets as float32 rows: labels one-hot [rows, outputs], regression targets as they are. */
export function targetRows({ loss, rows, outputs, targets }) {
  if (loss === 'mse') return targets;
  const oneHot = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) oneHot[row * outputs + targets[row]] = 1;
  return oneHot;
}

/** Both sides of a product, their shapes as stored, and the flat indices of y that are checked; see bench/protocol.ts. */
export function productSides({ kind, m, n, k }) {
  const left = Float32Array.from({ length: m * k }, (_, index) => (((index * 37) % 101) - 50) / 64);
  const right = Float32Array.from({ length: k * n }, (_, index) => (((index * 53) % 97) - 48) / 64);
  const transposeLeft = kind === 'weight';
  const transposeRight = kind === 'input';
  return {
    left,
    right,
    leftShape: transposeLeft ? [k, m] : [m, k],
    rightShape: transposeRight ? [n, k] : [k, n],
    transposeLeft,
    transposeRight,
    indices: Array.from({ length: 8 }, (_, index) => Math.floor((index * (m * n - 1)) / 7)),
  };
}

/** Row indices 0 to rows - 1 in a random order. */
export function shuffledRows(rows) {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let last = rows - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/**
 * Runs a side until `quit`. `open` returns the hello line and the library's own part:
 * load(workload) gives a trainer { train(steps): losses, time(steps), epoch(), dispose() }; product(request) gives
 * { ms, sample }.
 * `time` and `epoch` return once everything is finished on the device; the clock is kept here.
 * @param {() => Promise<{ hello: object, load: Function, product: Function }>} open
 */
export async function runSide(open) {
  // The libraries' own messages must not come between the answers.
  console.log = console.info = console.warn = console.error;
  const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const failure = (error) => ({ error: error instanceof Error ? error.message : String(error) });
  let side;
  try {
    side = await open();
  } catch (error) {
    answer(failure(error));
    process.exit(1);
  }
  answer(side.hello);
  let trainer;
  const timed = async (work) => {
    const start = performance.now();
    await work();
    return { ms: performance.now() - start };
  };
  const handlers = {
    load: async ({ workload, data }) => {
      trainer?.dispose();
      trainer = undefined;
      trainer = await side.load(readWorkload(data));
      return { loaded: workload };
    },
    train: async ({ steps }) => ({ losses: await trainer.train(steps) }),
    time: ({ steps }) => timed(() => trainer.time(steps)),
    epoch: () => timed(() => trainer.epoch()),
    product: (request) => side.product(request),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    // Dawn keeps the process alive.
    if (request.do === 'quit') break;
    try {
      const handler = handlers[request.do];
      if (handler === undefined) throw new Error(`no request "${request.do}"`);
      if (trainer === undefined && ['train', 'time', 'epoch'].includes(request.do))
        throw new Error('nothing is loaded');
      answer(await handler(request));
    } catch (error) {
      answer(failure(error));
    }
  }
  process.exit(0);
}
