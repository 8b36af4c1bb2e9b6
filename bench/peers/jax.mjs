/**
 * jax-js as a side of the benchmark: `node jax.mjs webgpu|wasm [ADAPTER]`; the protocol is in bench/protocol.ts.
 *
 * One `jit` holds the whole step: forward, gradient and update. The library dispatches only what somebody waits for, so
 * each step's loss is asked for its buffer, which submits the step without waiting for the device; waiting for each step
 * was no faster. Members share their first product as one wide product: on WebGPU that is as fast as `vmap` or up to a
 * tenth faster, on wasm 28 times as fast. Pooling by a reshape and a maximum was no faster than `reduceWindow`. An epoch
 * gathers its shuffled rows within the jit. The wasm backend is single-threaded in Node, which has no `Worker` of the
 * web's kind; one made from worker_threads gave W1 a fifth, W2 nothing, and made W3 three times slower.
 */
import { openCpu, openGpu, productSides, runSide, shuffledRows, targetRows, versionOf } from './side.mjs';

const [device, adapter] = process.argv.slice(2);
/** @type {typeof import('@jax-js/jax')} */
let jax;

async function open() {
  if (!['webgpu', 'wasm'].includes(device)) throw new Error('usage: node jax.mjs webgpu|wasm [ADAPTER]');
  const name = device === 'webgpu' ? await openGpu(adapter) : openCpu();
  jax = await import('@jax-js/jax');
  const devices = await jax.init(device);
  if (!devices.includes(device)) throw new Error(`jax-js has no ${device} device here`);
  jax.defaultDevice(device);
  const hello = { side: `jax-${device}`, version: versionOf('@jax-js/jax'), adapter: name };
  return { hello, load: async (workload) => createTrainer(workload), product };
}

/** Starts what `array` waits for; on WebGPU without waiting for it. Takes the array. */
async function launch(array) {
  if (device === 'webgpu') {
    await array.gpuBuffer();
    return;
  }
  await array.blockUntilReady();
  array.dispose();
}

/**
 * The loss as `valueAndGrad` takes it, of parameters [{ w, b }] and a batch: the members' losses summed, and each of them,
 * [members] or [ ].
 */
function createLoss({ layers, loss, batch, members }) {
  const { numpy: np, nn, lax } = jax;
  const activate = { linear: (z) => z, relu: nn.relu, sigmoid: nn.sigmoid };
  const axes = members > 1 ? [1, 2] : undefined;
  const apply = (h, { w, b }, index) => {
    const { type, activation, inShape, outSize, size } = layers[index];
    if (type === 'maxPool2d') return lax.reduceWindow(h, np.max, size, size);
    if (type === 'conv2d') return activate[activation](lax.conv(h, w, [1, 1], 'VALID').add(b));
    if (inShape.length > 1) h = h.reshape([batch, -1]);
    const y = activate[activation](np.matmul(h, w).add(b));
    return members > 1 && index === 0 ? y.reshape([batch, members, outSize]).transpose([1, 0, 2]) : y;
  };
  return (parameters, x, target) => {
    const y = parameters.reduce(apply, x);
    const each =
      loss === 'mse'
        ? np.square(y.sub(target)).mean(axes)
        : nn
            .logSoftmax(y)
            .mul(target)
            .sum(axes)
            .mul(-1 / batch);
    return members > 1 ? [each.ref.sum(), each] : [each.ref, each];
  };
}

/** What an optimizer keeps, and its update: (parameters, gradients, state) to [parameters, state], which takes all three. */
function createOptimizer({ type, learningRate, momentum, beta1, beta2, epsilon }) {
  const { numpy: np, tree } = jax;
  const zeros = (parameters) => tree.map((parameter) => np.zeros(parameter.shape), parameters);
  const blend = (decay, gain) => (average, value) => average.mul(decay).add(value.mul(gain));
  if (type === 'sgd') {
    const update = (parameters, grads, state) => [
      tree.map((p, g) => p.sub(g.mul(learningRate)), parameters, grads),
      state,
    ];
    return { initial: () => ({}), update };
  }
  if (type === 'momentum') {
    const update = (parameters, grads, { velocity }) => {
      const next = tree.map(blend(momentum, 1), velocity, grads);
      return [tree.map((p, v) => p.sub(v.mul(learningRate)), parameters, tree.ref(next)), { velocity: next }];
    };
    return { initial: (parameters) => ({ velocity: zeros(parameters) }), update };
  }
  const update = (parameters, grads, { m, v, power1, power2 }) => {
    const nextM = tree.map(blend(beta1, 1 - beta1), m, tree.ref(grads));
    const nextV = tree.map(blend(beta2, 1 - beta2), v, tree.map(np.square, grads));
    const rate = np.divide(learningRate, np.subtract(1, power1.ref));
    const correction2 = np.subtract(1, power2.ref);
    const move = (p, first, second) =>
      p.sub(first.mul(rate.ref).div(np.sqrt(second.div(correction2.ref)).add(epsilon)));
    const next = tree.map(move, parameters, tree.ref(nextM), tree.ref(nextV));
    rate.dispose();
    correction2.dispose();
    return [next, { m: nextM, v: nextV, power1: power1.mul(beta1), power2: power2.mul(beta2) }];
  };
  const initial = (parameters) => ({
    m: zeros(parameters),
    v: zeros(parameters),
    power1: np.array(beta1),
    power2: np.array(beta2),
  });
  return { initial, update };
}

/**
 * Initial parameters. With members the first weight is [in, members * out], later ones [members, in, out]. Images are
 * [batch, channels, height, width] here: the first dense weight behind them has its rows in that order.
 */
function createParameters({ layers, members }) {
  const { numpy: np } = jax;
  return layers.map(({ type, inShape, inSize, outSize, kernel, inC, outC, weight, bias }, index) => {
    if (type === 'maxPool2d') return {};
    if (type === 'conv2d') {
      const w = np.array(weight).reshape([...kernel, inC, outC]);
      return { w: w.transpose([3, 2, 0, 1]), b: np.array(bias).reshape([outC, 1, 1]) };
    }
    if (inShape.length > 1) {
      const w = np.array(weight).reshape([...inShape, outSize]);
      return { w: w.transpose([2, 0, 1, 3]).reshape([inSize, outSize]), b: np.array(bias) };
    }
    if (members === 1) return { w: np.array(weight).reshape([inSize, outSize]), b: np.array(bias) };
    const w = np.array(weight).reshape([members, inSize, outSize]);
    if (index > 0) return { w, b: np.array(bias).reshape([members, 1, outSize]) };
    return { w: w.transpose([1, 0, 2]).reshape([inSize, members * outSize]), b: np.array(bias) };
  });
}

/** The penalty of each layer's weights, in a shape that goes with them; for one model a constant of the kernels. */
function createPenalties({ layers, members, l2 }) {
  const { numpy: np } = jax;
  if (members === 1) return [];
  return layers.map(({ outSize }, index) =>
    index === 0
      ? np.array(Float32Array.from({ length: members * outSize }, (_, column) => l2[Math.floor(column / outSize)]))
      : np.array(Float32Array.from(l2)).reshape([members, 1, 1]),
  );
}

function createTrainer(workload) {
  const { numpy: np, jit, tree, valueAndGrad } = jax;
  const { batch, stepsPerEpoch, rowShape, features, outputs, members, l2 } = workload;
  const usedRows = stepsPerEpoch * batch;
  const targets = targetRows(workload);
  const cut = (values, columns, start, count) =>
    np.array(values.slice(start * columns, (start + count) * columns)).reshape([count, columns]);
  const cutInputs = (start, count) => {
    const x = cut(workload.inputs, features, start, count);
    return rowShape.length > 1 ? x.reshape([count, ...rowShape]).transpose([0, 3, 1, 2]) : x;
  };
  const batches = Array.from({ length: stepsPerEpoch }, (_, index) => ({
    x: cutInputs(index * batch, batch),
    y: cut(targets, outputs, index * batch, batch),
  }));
  let parameters = createParameters(workload);
  const penalties = createPenalties(workload);
  const optimizer = createOptimizer(workload.optimizer);
  let state = optimizer.initial(parameters);
  const loss = createLoss(workload);
  const isPenalised = l2.some((value) => value > 0);

  const step = (present, optimizerState, x, y, layerPenalties) => {
    const [[sum, losses], grads] = valueAndGrad(loss, { hasAux: true })(tree.ref(present), x, y);
    sum.dispose();
    for (const [index, { w }] of isPenalised ? present.entries() : []) {
      if (w === undefined) continue;
      grads[index].w = grads[index].w.add(w.ref.mul(members > 1 ? layerPenalties[index].ref : l2[0]).mul(2));
    }
    tree.dispose(layerPenalties);
    return [...optimizer.update(present, grads, optimizerState), losses];
  };
  const run = jit(step);
  const runGathered = jit((present, optimizerState, x, y, indices) =>
    step(present, optimizerState, np.take(x, indices.ref, 0), np.take(y, indices, 0), []),
  );
  let stepCount = 0;
  const next = () => {
    const { x, y } = batches[stepCount++ % stepsPerEpoch];
    let losses;
    [parameters, state, losses] = run(parameters, state, x.ref, y.ref, tree.ref(penalties));
    return losses;
  };
  let rows;

  return {
    async train(steps) {
      const all = [];
      for (let index = 0; index < steps; index++) all.push(...(await next().data()));
      return all;
    },
    async time(steps) {
      for (let index = 0; index < steps; index++) await launch(next());
      await jax.blockUntilReady(parameters);
    },
    async epoch() {
      if (members > 1) throw new Error('an epoch is measured of one model');
      rows ??= { x: cutInputs(0, usedRows), y: cut(targets, outputs, 0, usedRows) };
      const order = shuffledRows(usedRows);
      for (let start = 0; start < usedRows; start += batch) {
        const indices = np.array(order.slice(start, start + batch));
        let losses;
        [parameters, state, losses] = runGathered(parameters, state, rows.x.ref, rows.y.ref, indices);
        await launch(losses);
      }
      await jax.blockUntilReady(parameters);
    },
    dispose() {
      tree.dispose([parameters, state, batches, penalties, rows ?? []]);
      run.dispose();
      runGathered.dispose();
    },
  };
}

async function product(request) {
  const { numpy: np, jit } = jax;
  const { left, right, leftShape, rightShape, transposeLeft, transposeRight, indices } = productSides(request);
  const a = np.array(left).reshape(leftShape);
  const b = np.array(right).reshape(rightShape);
  const multiply = jit((one, other) =>
    np.dot(transposeLeft ? one.transpose() : one, transposeRight ? other.transpose() : other),
  );
  const warm = multiply(a.ref, b.ref);
  await jax.blockUntilReady(warm);
  const start = performance.now();
  for (let repeat = 1; repeat < request.repeats; repeat++) await launch(multiply(a.ref, b.ref));
  const y = multiply(a.ref, b.ref);
  await jax.blockUntilReady(y);
  const ms = (performance.now() - start) / request.repeats;
  const values = await y.data();
  jax.tree.dispose([a, b, warm]);
  multiply.dispose();
  return { ms, sample: indices.map((index) => values[index]) };
}

await runSide(open);
