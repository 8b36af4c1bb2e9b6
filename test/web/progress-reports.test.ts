// What the page is told of a training that goes on.
import { expect, test } from 'vitest';
import { cpuDevice } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import type { LossPoint } from '../../web/protocol/training.ts';
import { startProgressReports } from '../../web/worker/progress-reports.ts';
import { clouds, smallRecipe } from '../train/support.ts';

test('the learning rate is that of the steps, also right after a plateau has reduced it and while it warms up', async () => {
  const recipe = smallRecipe({
    epochs: 6,
    optimizer: { type: 'sgd', learningRate: 1e-6 },
    schedule: { type: 'plateau', factor: 0.5, patience: 0, threshold: 0.5, warmupSteps: 4 },
  });
  const prepared = prepare(recipe, clouds());
  const points: LossPoint[] = [];
  const reports = startProgressReports(prepared, (report) => points.push(...report.points));
  const rates = new Map<number, number>();
  using device = cpuDevice();
  const run = train(prepared.recipe, { device, prepared, chunkMilliseconds: 0 });
  for await (const event of run) {
    if (event.type === 'progress') {
      reports.add(event);
      reports.flush();
    } else if (event.type === 'evaluation') rates.set(event.step, event.members[0]!.learningRate);
  }
  const { stepsPerEpoch } = prepared.duration;
  const endOfEpoch = (step: number): number => Math.ceil(step / stepsPerEpoch) * stepsPerEpoch;
  expect(new Set(rates.values()).size).toBeGreaterThan(3);
  expect(points[0]!.learningRates[0]).toBeCloseTo(1e-6 / 4, 12);
  for (const { step, learningRates } of points) {
    if (step > 4) expect(learningRates[0], `step ${step}`).toBe(rates.get(endOfEpoch(step)));
  }
});
