/**
 * TensorFlow.js as a side of the benchmark: `node tfjs.mjs webgpu|wasm [ADAPTER]`; the protocol is in bench/protocol.ts.
 *
 * Steps are a loop of one's own, which is faster than tf.layers, and an epoch is `model.fit`. Of what its users may
 * choose, the fastest is taken. In the loop: batches cut before, production mode, bias fused into the later products (in
 * the first, fusing would compute the gradient of the inputs too), logSoftmax times one-hot rows instead of tf.losses
 * (four dispatches less), the l2 term in the update instead of in the loss. Convolutions are treated as products are:
 * their bias is fused in all but the first. Sixteen members: the first product as one
 * wide product takes half the time of batched products and a third of sixteen models after each other. Larger submits
 * (WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE) changed nothing. The wasm backend is single-threaded in Node.
 */
import { openCpu, openGpu, productSides, runSide, targetRows, versionOf } from './side.mjs';

const [backend, adapter] = process.argv.slice(2);
/** @type {typeof import('@tensorflow/tfjs')} */
let tf;

async function open() {
  if (!['webgpu', 'wasm'].includes(backend)) throw new Error('usage: node tfjs.mjs webgpu|wasm [ADAPTER]');
  const name = backend === 'webgpu' ? await openGpu(adapter) : openCpu();
  // Only now: the backend registers itself if there is a navigator.gpu.
  tf = (await import('@tensorflow/tfjs')).default;
  await import(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} backend here`);
  tf.enableProdMode();
  const hello = { side: `tfjs-${backend}`, version: versionOf('@tensorflow/tfjs'), adapter: name };
  return { hello, load: async (workload) => createTrainer(workload), product };
}

const activate = { linear: (z) => z, relu: (z) => tf.relu(z), sigmoid: (z) => tf.sigmoid(z) };

/** Mean loss of each member [members], or of the one [ ]; `y` is [batch, outputs] or [members, batch, outputs]. */
function meanLoss({ loss, batch, members }, y, target) {
  const axes = members > 1 ? [1, 2] : undefined;
  if (loss === 'mse') return tf.squaredDifference(y, target).mean(axes);
  return tf
    .logSoftmax(y)
    .mul(target)
    .sum(axes)
    .mul(-1 / batch);
}

function createOptimizer({ type, learningRate, momentum, beta1, beta2, epsilon }) {
  if (type === 'sgd') return tf.train.sgd(learningRate);
  if (type === 'momentum') return tf.train.momentum(learningRate, momentum);
  return tf.train.adam(learningRate, beta1, beta2, epsilon);
}

/** Shapes of weight and bias of one model. */
function parameterShapes({ type, inSize, outSize, kernel, inC, outC }) {
  return type === 'dense' ? [[inSize, outSize], [outSize]] : [[...kernel, inC, outC], [outC]];
}

/**
 * Layers with their parameters as variables. With members the first weight is [in, members * out], later ones [members,
 * in, out].
 */
function createLayers({ layers, members, l2, optimizer }) {
  return layers.map((layer, index) =>
    tf.tidy(() => {
      if (layer.type === 'maxPool2d') return layer;
      const { type, activation, inShape, inSize, outSize, weight, bias } = layer;
      const [ownShape, ownBiasShape] = parameterShapes(layer);
      const isWide = members > 1 && index === 0;
      const shape = members > 1 ? [members, ...ownShape] : ownShape;
      const w = tf.tensor(weight, shape);
      const biasShape = members === 1 ? ownBiasShape : isWide ? [members * outSize] : [members, 1, outSize];
      const penalties = members > 1 ? tf.tensor(l2, [members, 1, 1]) : tf.scalar(l2[0]);
      const penalty = isWide ? tf.tile(tf.reshape(penalties, [members, 1]), [1, outSize]).reshape([-1]) : penalties;
      return {
        type,
        activation,
        inShape,
        outSize,
        w: (isWide ? w.transpose([1, 0, 2]).reshape([inSize, members * outSize]) : w).variable(),
        b: tf.tensor(bias, biasShape).variable(),
        /** 2 * l2: the gradient of the penalty is decay * w. */
        decay: tf.keep(penalty.mul(2)),
        /** What is left of w after a step of plain gradient descent on the penalty alone. */
        remainder: tf.keep(tf.sub(1, penalty.mul(2 * optimizer.learningRate))),
      };
    }),
  );
}

function createTrainer(workload) {
  const { batch, stepsPerEpoch, rowShape, features, outputs, members, l2 } = workload;
  const usedRows = stepsPerEpoch * batch;
  const x = tf.tensor(workload.inputs.subarray(0, usedRows * features), [usedRows, ...rowShape]);
  const y = tf.tensor2d(targetRows(workload).subarray(0, usedRows * outputs), [usedRows, outputs]);
  const batches = Array.from({ length: stepsPerEpoch }, (_, index) => ({
    x: x.slice([index * batch], [batch]),
    y: y.slice([index * batch, 0], [batch, outputs]),
  }));
  const layers = createLayers(workload);
  const trained = layers.filter(({ w }) => w !== undefined);
  const optimizer = createOptimizer(workload.optimizer);
  const isPenalised = l2.some((value) => value > 0);
  const rate = tf.scalar(workload.optimizer.learningRate);
  let stepCount = 0;
  let model;

  const forward = (input) =>
    layers.reduce((h, { type, inShape, w, b, activation, outSize, size }, index) => {
      if (type === 'maxPool2d') return tf.maxPool(h, size, size, 'valid');
      if (type === 'conv2d') {
        const sides = { x: h, filter: w, strides: 1, pad: 'valid' };
        return activate[activation](
          index > 0 ? tf.fused.conv2d({ ...sides, bias: b }) : tf.add(tf.conv2d(h, w, 1, 'valid'), b),
        );
      }
      if (inShape.length > 1) h = h.reshape([batch, -1]);
      if (members === 1 && index > 0) return activate[activation](tf.fused.matMul({ a: h, b: w, bias: b }));
      const z = activate[activation](tf.add(tf.matMul(h, w), b));
      return members > 1 && index === 0 ? z.reshape([batch, members, outSize]).transpose([1, 0, 2]) : z;
    }, input);

  const update = (grads) => {
    if (!isPenalised) return optimizer.applyGradients(grads);
    if (workload.optimizer.type === 'sgd') {
      for (const { w, b, remainder } of trained) {
        w.assign(w.mul(remainder).sub(grads[w.name].mul(rate)));
        b.assign(b.sub(grads[b.name].mul(rate)));
      }
      return;
    }
    for (const { w, decay } of trained) grads[w.name] = grads[w.name].add(w.mul(decay));
    optimizer.applyGradients(grads);
  };

  /** One step; returns its loss, still on the device. */
  const step = () =>
    tf.tidy(() => {
      const { x: input, y: target } = batches[stepCount++ % stepsPerEpoch];
      let losses;
      const { grads } = tf.variableGrads(() => {
        losses = tf.keep(meanLoss(workload, forward(input), target));
        return losses.sum();
      });
      update(grads);
      return losses;
    });

  return {
    async train(steps) {
      const all = [];
      for (let index = 0; index < steps; index++) {
        const losses = step();
        all.push(...(await losses.data()));
        losses.dispose();
      }
      return all;
    },
    async time(steps) {
      for (let index = 0; index < steps; index++) step().dispose();
      await trained.at(-1).b.data();
    },
    async epoch() {
      if (members > 1) throw new Error('model.fit trains one model');
      model ??= createModel(workload);
      await model.fit(x, y, { batchSize: batch, epochs: 1, shuffle: true, yieldEvery: 'never', verbose: 0 });
      // The losses that fit waits for come before its last update.
      await model.getWeights().at(-1).data();
    },
    dispose() {
      const own = [x, y, rate, ...batches.flatMap((each) => [each.x, each.y])];
      tf.dispose([...own, ...trained.flatMap(({ w, b, decay, remainder }) => [w, b, decay, remainder])]);
      optimizer.dispose();
      model?.dispose();
    },
  };
}

/** The same model with tf.layers. */
function createModel(workload) {
  const { layers, l2, optimizer } = workload;
  const model = tf.sequential();
  for (const [index, { type, inShape, outSize, outC, kernel, size, activation }] of layers.entries()) {
    const kernelRegularizer = l2[0] > 0 ? tf.regularizers.l2({ l2: l2[0] }) : undefined;
    const common = { activation, kernelRegularizer, inputShape: index === 0 ? inShape : undefined };
    if (type === 'conv2d') model.add(tf.layers.conv2d({ filters: outC, kernelSize: kernel, ...common }));
    else if (type === 'maxPool2d') model.add(tf.layers.maxPooling2d({ poolSize: size }));
    else {
      if (inShape.length > 1) model.add(tf.layers.flatten());
      model.add(tf.layers.dense({ units: outSize, ...common }));
    }
  }
  tf.tidy(() =>
    model.setWeights(
      layers.flatMap((layer) => {
        if (layer.type === 'maxPool2d') return [];
        const [shape, biasShape] = parameterShapes(layer);
        return [tf.tensor(layer.weight, shape), tf.tensor(layer.bias, biasShape)];
      }),
    ),
  );
  const loss = (target, y) => meanLoss({ ...workload, batch: target.shape[0] }, y, target);
  model.compile({ optimizer: createOptimizer(optimizer), loss });
  return model;
}

async function product(request) {
  const { left, right, leftShape, rightShape, transposeLeft, transposeRight, indices } = productSides(request);
  const a = tf.tensor2d(left, leftShape);
  const b = tf.tensor2d(right, rightShape);
  const multiply = () => tf.matMul(a, b, transposeLeft, transposeRight);
  const finish = async (y) => {
    const first = y.slice([0, 0], [1, 1]);
    await first.data();
    first.dispose();
  };
  let y = multiply();
  await finish(y);
  const start = performance.now();
  for (let repeat = 0; repeat < request.repeats; repeat++) {
    y.dispose();
    y = multiply();
  }
  await finish(y);
  const ms = (performance.now() - start) / request.repeats;
  const values = await y.data();
  tf.dispose([a, b, y]);
  return { ms, sample: indices.map((index) => values[index]) };
}

await runSide(open);
