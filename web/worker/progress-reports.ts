/** Progress of a training as the page draws it: chunks of a few milliseconds gathered into about thirty points a second. */
import { lossColumns } from '../../src/ops/tables.ts';
import type { ProgressEvent } from '../../src/train/events.ts';
import type { Prepared } from '../../src/train/session.ts';
import type { LossPoint, ProgressReport } from '../protocol/training.ts';

const reportMilliseconds = 33;

export interface ProgressReports {
  add(event: ProgressEvent): void;
  /** Reports what is gathered, if anything: called before every other event, and by itself as time passes. */
  flush(): void;
}

export function startProgressReports(prepared: Prepared, emit: (report: ProgressReport) => void): ProgressReports {
  const { plan, members, duration, dataset } = prepared;
  const { batch, population } = plan;
  let reported = performance.now();
  let steps = 0;
  let last: ProgressEvent | undefined;
  const emptySums = () => members.map(() => ({ loss: 0, correct: 0 }));
  let sums = emptySums();

  function flush(): void {
    if (last === undefined) return;
    const { step, epoch, learningRates, samplesPerSecond } = last;
    const rows = steps * batch;
    const point: LossPoint = {
      step,
      losses: sums.map(({ loss }) => loss / rows),
      ...(dataset.task === 'classification' && { accuracies: sums.map(({ correct }) => correct / rows) }),
      learningRates,
    };
    const stepsPerSecond = samplesPerSecond / (batch * population);
    const secondsLeft = (duration.steps - step) / stepsPerSecond;
    emit({ type: 'progress', step, epoch, points: [point], samplesPerSecond, stepsPerSecond, secondsLeft });
    reported = performance.now();
    steps = 0;
    last = undefined;
    sums = emptySums();
  }

  return {
    add(event) {
      const { batchSums } = event;
      for (let index = 0; index < batchSums.length; index += lossColumns) {
        const sum = sums[(index / lossColumns) % population]!;
        sum.loss += batchSums[index]!;
        sum.correct += batchSums[index + 1]!;
      }
      steps += batchSums.length / lossColumns / population;
      last = event;
      if (performance.now() - reported >= reportMilliseconds) flush();
    },
    flush,
  };
}
