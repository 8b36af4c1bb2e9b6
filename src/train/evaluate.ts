/** Evaluation on the device: loss, cost and accuracy of every member on one split, and outputs of rows. */
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Metrics } from './events.ts';
import { penaltyWeight } from './schedule.ts';
import type { Feed, Prepared } from './session.ts';

/** Turns a member's sums into means. `squares` is its sum of squared weights. */
export function toMetrics(
  { dataset, views }: Prepared,
  member: Recipe,
  sums: { readonly loss: number; readonly correct: number; readonly rows: number },
  squares: number,
): Metrics {
  const loss = sums.loss / sums.rows;
  const weight = penaltyWeight(member, views[0]!.split.train.length);
  // Without a penalty its sum may overflow.
  const cost = weight === 0 ? loss : loss + weight * squares;
  if (dataset.task === 'regression') return { loss, cost };
  return { loss, cost, accuracy: sums.correct / sums.rows };
}

/** Sum of squared weights of each member, for the penalty. */
export async function sumOfSquares(executor: Executor): Promise<number[]> {
  executor.run('penalty', { steps: [{ step: 0, row: 0, validRows: 0 }] });
  return Array.from(await executor.read('penaltySums'));
}

/**
 * Mean loss, cost and accuracy of every member over rows of the dataset; `rows` holds one list per data view, or one for all.
 * The batches' sums are added in float64.
 */
export async function evaluateRows(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  rows: readonly Uint32Array[],
): Promise<Metrics[]> {
  const { plan, members } = prepared;
  const { population } = plan;
  const total = rows[0]?.length ?? 0;
  const loss = new Float64Array(population);
  const correct = new Float64Array(population);
  for (let row = 0; row < total;) {
    const { steps, nextRow } = feed.loadRows(executor, rows, row);
    executor.run('evaluate', { steps });
    addMetrics(await executor.read('metrics', 0, steps.length * population * 2), population, loss, correct);
    row = nextRow;
  }
  const squares = await sumOfSquares(executor);
  return members.map((member, index) =>
    toMetrics(prepared, member, { loss: loss[index]!, correct: correct[index]!, rows: total }, squares[index]!),
  );
}

/** Adds rows of the table of metrics [rows, population, 2] to the members' sums. */
export function addMetrics(
  table: ArrayLike<number>,
  population: number,
  loss: Float64Array,
  correct: Float64Array,
): void {
  for (let index = 0; index < table.length; index += 2) {
    const member = (index / 2) % population;
    loss[member]! += table[index]!;
    correct[member]! += table[index + 1]!;
  }
}

/** Outputs (logits, or regression values) of every member for rows: one Float32Array [rows, outputCount] each. */
export async function predictRows(
  { plan }: { readonly plan: Plan },
  executor: Executor,
  feed: Feed,
  rows: Uint32Array,
): Promise<Float32Array[]> {
  const { population, evaluationBatch, model } = plan;
  const width = model.outputCount;
  const outputs = Array.from({ length: population }, () => new Float32Array(rows.length * width));
  for (let row = 0; row < rows.length; row += evaluationBatch) {
    const batchRows = rows.subarray(row, row + evaluationBatch);
    const { steps } = feed.loadRows(executor, [batchRows], 0);
    executor.run('predict', { steps });
    const values = (await executor.read('outputs')) as Float32Array;
    for (const [member, output] of outputs.entries()) {
      const start = member * evaluationBatch * width;
      output.set(values.subarray(start, start + batchRows.length * width), row * width);
    }
  }
  return outputs;
}
