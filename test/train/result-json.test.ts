/** The lines of metrics.jsonl come back as the evaluations that they were written of. */
import { expect, test } from 'vitest';
import type { EvaluationEvent } from '../../src/train/events.ts';
import { evaluationLine, parseEvaluationLine } from '../../src/train/result-json.ts';

const whole = { loss: 1, cost: 1.5, rmse: 2, r2: 0.5 };
/** Its squares overflowed. */
const large = { loss: 1e30, cost: 1e30 };
const diverged = { loss: Number.NaN, cost: Number.NaN, rmse: Number.NaN, r2: Number.NaN };

test.each([
  ['one member', [whole]],
  ['one member that lacks a metric', [large]],
  ['members alike', [whole, whole]],
  ['a member that lacks metrics that another has', [whole, large]],
  ['a member that has diverged', [diverged, whole]],
])('%s', (_, metrics) => {
  const members = metrics.map((each, index) => ({ learningRate: 0.1 + index, train: each, validation: each }));
  const event: EvaluationEvent = { type: 'evaluation', step: 20, epoch: 2, members };
  expect(parseEvaluationLine(evaluationLine(event), members.length)).toStrictEqual(event);
});
