/** Evaluation on the device: loss, cost and measures of success of every member on one split, and outputs of rows. */
import type { SplitName } from '../data/dataset.ts';
import { lossColumns } from '../ops/tables.ts';
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import type { Metrics } from './events.ts';
import { penaltyWeight } from './schedule.ts';
import type { Feed, Prepared } from './session.ts';

/** Sums over rows of what each of them leaves: its loss, whether it was right, and the third number (see `lossColumns`). */
export interface MetricSums {
  loss: number;
  correct: number;
  extra: number;
}

/** Turns the sums over rows of a split into the metrics of a member. `squares` is its sum of squared weights. */
export function toMetrics(
  { dataset, views, members }: Prepared,
  memberIndex: number,
  split: SplitName,
  { loss: lossSum, correct, extra }: Readonly<MetricSums>,
  rows: number,
  squares: number,
): Metrics {
  const member = members[memberIndex]!;
  const loss = lossSum / rows;
  const weight = penaltyWeight(member, views[0]!.split.train.length);
  // Without a penalty its sum may overflow.
  const cost = weight === 0 ? loss : loss + weight * squares;
  if (dataset.task === 'classification') {
    const { topK } = member.evaluation;
    return { loss, cost, accuracy: correct / rows, ...(topK !== undefined && { topKAccuracy: extra / rows }) };
  }
  if (!Number.isFinite(extra)) return { loss, cost };
  const rmse = Math.sqrt(extra / (rows * dataset.outputCount));
  const variance = (views[memberIndex] ?? views[0]!).targetVariance?.[split] ?? 0;
  return { loss, cost, rmse, ...(variance > 0 && { r2: 1 - extra / rows / variance }) };
}

/** Sum of squared weights of each member, for the penalty. */
export async function sumOfSquares(executor: Executor): Promise<number[]> {
  executor.run('penalty', { steps: [{ step: 0, row: 0, validRows: 0 }] });
  return Array.from(await executor.read('penaltySums'));
}

/** Metrics of every member over the rows of a split; none for a split without rows. The batches' sums are added in float64. */
export async function evaluateSplit(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  split: SplitName,
): Promise<readonly Metrics[] | undefined> {
  const { plan, members, views } = prepared;
  const rows = views.map((view) => view.split[split]);
  const total = rows[0]!.length;
  if (total === 0) return undefined;
  const sums = members.map(() => ({ loss: 0, correct: 0, extra: 0 }));
  for (let row = 0; row < total;) {
    const { steps, nextRow } = feed.loadRows(executor, rows, row);
    executor.run('evaluate', { steps });
    addMetrics(await executor.read('metrics', 0, steps.length * plan.population * lossColumns), sums);
    row = nextRow;
  }
  const squares = await sumOfSquares(executor);
  return sums.map((memberSums, index) => toMetrics(prepared, index, split, memberSums, total, squares[index]!));
}

/** Adds rows of the table of metrics [rows, population, 3] to the members' sums. */
export function addMetrics(table: ArrayLike<number>, sums: readonly MetricSums[]): void {
  for (let index = 0; index < table.length; index += lossColumns) {
    const member = sums[(index / lossColumns) % sums.length]!;
    member.loss += table[index]!;
    member.correct += table[index + 1]!;
    member.extra += table[index + 2]!;
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
