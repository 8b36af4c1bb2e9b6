/** What a model makes of every row of a split: kept for the last split that was asked for, so that the rows behind a number are those it counted. */
import type { SplitName } from '../../../src/data/dataset.ts';
import { largestOutputs, probabilities } from '../../../src/train/scores.ts';
import type { Example, ExampleSearch, RowSearch } from '../../protocol/looking.ts';
import type { Snapshot } from '../live-model.ts';
import type { Inspectors } from './inspectors.ts';
import { splitOf, takeRows } from './subject.ts';

export interface Scored {
  readonly snapshot: Snapshot;
  readonly member: number;
  readonly split: SplitName;
  /** [rows] */
  readonly predicted: Uint32Array;
  /** [rows]: probability, or output, of the class that is given. */
  readonly sureness: Float64Array;
}

export interface SplitScores {
  /** Undefined where the signal was aborted on the way. */
  score(snapshot: Snapshot, member: number, split: SplitName, signal: AbortSignal): Promise<Scored | undefined>;
  /** The scores that were computed last, if they are of this split of the same run; else computes them. */
  recent(snapshot: Snapshot, member: number, split: SplitName, signal: AbortSignal): Promise<Scored | undefined>;
}

export function keepScores(inspectors: Inspectors): SplitScores {
  let kept: Scored | undefined;

  async function score(
    snapshot: Snapshot,
    member: number,
    split: SplitName,
    signal: AbortSignal,
  ): Promise<Scored | undefined> {
    const isKept = kept?.snapshot === snapshot && kept.member === member && kept.split === split;
    if (isKept) return kept;
    const { prepared } = snapshot;
    const { dataset, recipe } = prepared;
    const rows = takeRows(dataset, splitOf(prepared, member)[split]);
    const outputs = await inspectors.outputs(snapshot, member, rows, signal);
    if (outputs === undefined) return undefined;
    const { outputCount } = dataset;
    const predicted = largestOutputs(outputs, outputCount);
    const shown = recipe.loss === 'crossEntropy' ? probabilities(outputs, outputCount) : outputs;
    const sureness = Float64Array.from(predicted, (label, row) => shown[row * outputCount + label] ?? 0);
    kept = { snapshot, member, split, predicted, sureness };
    return kept;
  }

  return {
    score,
    async recent(snapshot, member, split, signal) {
      const isRecent = kept?.snapshot.runId === snapshot.runId && kept.member === member && kept.split === split;
      return isRecent ? kept : score(snapshot, member, split, signal);
    },
  };
}

/** The next row of a split that fits, by its index in the split; undefined where none does. */
export function searchRow(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number> | undefined,
  { from, direction, label }: Pick<RowSearch, 'from' | 'direction' | 'label'>,
  random: () => number = Math.random,
): number | undefined {
  const count = labels.length;
  const fits = (index: number): boolean =>
    (label === undefined || labels[index] === label) && (predicted === undefined || predicted[index] !== labels[index]);
  if (direction === 'random') {
    const fitting = Array.from({ length: count }, (_, index) => index).filter(fits);
    return fitting[Math.floor(random() * fitting.length)];
  }
  const step = direction === 'next' ? 1 : count - 1;
  let index = from;
  for (let tried = 0; tried < count; tried++) {
    index = (index + step) % count;
    if (fits(index)) return index;
  }
  return undefined;
}

const mostExamples = 40;

/** The rows behind a cell of the confusion matrix, the surest first. */
export function examplesOf(
  scored: Scored,
  { label, predicted }: Pick<ExampleSearch, 'label' | 'predicted'>,
): Example[] {
  const { dataset } = scored.snapshot.prepared;
  const rows = splitOf(scored.snapshot.prepared, scored.member)[scored.split];
  return Array.from(rows.keys())
    .filter((index) => scored.predicted[index] === predicted && dataset.labels?.[rows[index] ?? 0] === label)
    .toSorted((a, b) => (scored.sureness[b] ?? 0) - (scored.sureness[a] ?? 0))
    .slice(0, mostExamples)
    .map((index) => ({
      index,
      values: Float32Array.from(takeRows(dataset, [rows[index] ?? 0])),
      sureness: scored.sureness[index] ?? 0,
    }));
}
