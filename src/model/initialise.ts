/**
 * Initial weights, drawn on the host from the member's seed in float32 arithmetic that is the same in every engine.
 */
import { elementCount } from '../formats/shape.ts';
import { normals, streams, uniforms } from '../random/draws.ts';
import type { InitName } from '../recipe/schema.ts';
import { parameterTensors } from './model.ts';
import type { Model } from './model.ts';

/** Variance times fan: He 2/fanIn (He et al. 2015), Glorot 2/(fanIn + fanOut) (Glorot and Bengio 2010), LeCun 1/fanIn (1998). */
function weightVariance(init: InitName, fanIn: number, fanOut: number): number {
  if (init.startsWith('he')) return 2 / fanIn;
  if (init.startsWith('glorot')) return 2 / (fanIn + fanOut);
  // torch.nn.Linear: uniform within ±1/sqrt(fanIn), whose variance is a third of LeCun's.
  return init === 'torch' ? 1 / (3 * fanIn) : 1 / fanIn;
}

/** One member's share of the parameter arena [memberStride]: what is drawn, and what starts from a given number; padding is 0. */
export function initialParameters(model: Model, seed: number): Float32Array {
  const arena = new Float32Array(model.memberStride);
  for (const { arenaOffset, shape, fill = 0 } of parameterTensors(model)) {
    arena.fill(fill, arenaOffset, arenaOffset + elementCount(shape));
  }
  for (const [salt, { start, arenaOffset }] of model.blocks.entries()) {
    if (start === undefined) continue;
    const { init, count, fanIn, fanOut } = start;
    const place = { seed, stream: streams.init, step: 0, salt };
    const deviation = Math.sqrt(weightVariance(init, fanIn, fanOut));
    const values = arena.subarray(arenaOffset, arenaOffset + count);
    if (init.endsWith('Normal')) {
      const scale = Math.fround(deviation);
      const draws = normals(count, place);
      for (let i = 0; i < count; i++) values[i] = draws[i]! * scale;
    } else {
      const limit = Math.fround(deviation * Math.sqrt(3));
      const draws = uniforms(count, place);
      for (let i = 0; i < count; i++) values[i] = Math.fround(Math.fround(2 * draws[i]!) - 1) * limit;
    }
  }
  return arena;
}
