/** The loss of a batch, its gradient, and the sums that are reported. */
import type { Tensor } from '../ops/emitter.ts';
import { regressionKinds, regressionLoss, softmaxCrossEntropy } from '../ops/losses.ts';
import { batchMetrics } from '../ops/sums.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { EmitContext, Program } from './program.ts';

/** Loss and its gradient with respect to the last layer's output; the sums of the batches go to `metrics`. */
export function emitLoss(program: Program, context: EmitContext, y: Tensor): Tensor {
  const { recipe, model, population, dataPopulation } = context;
  const { batch } = program;
  const outputs = model.outputCount;
  program.inLayer('loss');
  const dy = program.slot('dloss', y.shape);
  const rows = program.table('rows');
  const indices = program.table('indices');
  const indexStride = dataPopulation === 1 ? 0 : context.indexStride;
  if (recipe.loss === 'crossEntropy') {
    const members = program.table('members');
    const params = {
      batch,
      classes: outputs,
      indexStride,
      weightStride: dataPopulation === 1 ? 0 : outputs,
      columns: members.shape[1] ?? 0,
      topK: recipe.evaluation.topK ?? 0,
      inverseBatch: Math.fround(1 / batch),
      population,
    };
    const [labels, classWeights] = [program.table('labels'), program.table('classWeights')];
    program.call(softmaxCrossEntropy, { logits: y, labels, indices, members, classWeights, dlogits: dy, rows }, params);
  } else {
    const { kind, lossScale, gradientScale } = regressionForm(recipe.loss, batch, outputs);
    const params = {
      batch,
      outputs,
      indexStride,
      lossScale: Math.fround(lossScale),
      gradientScale: Math.fround(gradientScale),
      delta: Math.fround(recipe.huberDelta),
      population,
    };
    const tensors = { y, targets: program.table('targets'), indices, dy, rows };
    program.call(regressionLoss, tensors, params, { KIND: regressionKinds[kind] });
  }
  program.call(batchMetrics, { rows, metrics: program.table('metrics') }, { batch, population });
  return dy;
}

interface RegressionForm {
  readonly kind: keyof typeof regressionKinds;
  readonly lossScale: number;
  readonly gradientScale: number;
}

/** What a regression loss does with the differences, and the scales of its terms and of their slopes. */
function regressionForm(loss: Exclude<Recipe['loss'], 'crossEntropy'>, batch: number, outputs: number): RegressionForm {
  switch (loss) {
    case 'mse':
      return { kind: 'squared', lossScale: 1 / outputs, gradientScale: 2 / (batch * outputs) };
    case 'quadratic':
      return { kind: 'squared', lossScale: 1 / 2, gradientScale: 1 / batch };
    case 'mae':
      return { kind: 'absolute', lossScale: 1 / outputs, gradientScale: 1 / (batch * outputs) };
    case 'huber':
      return { kind: 'huber', lossScale: 1 / outputs, gradientScale: 1 / (batch * outputs) };
    default:
      return loss satisfies never;
  }
}
