/** The curves of the current run as the series of charts. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { EvaluationEvent } from '../../src/train/events.ts';
import { openColumns } from '../charts/columns.ts';
import type { ChartSeries } from '../charts/plot.ts';
import type { LossPoint } from '../protocol/training.ts';
import { metricNames } from '../ui/metrics.ts';
import type { MetricName } from '../ui/metrics.ts';
import { memberName } from './result-table.ts';

/** More lines than these nobody tells apart. */
export const mostMembers = 16;

export interface CurveLists {
  readonly points: readonly LossPoint[];
  readonly evaluations: readonly EvaluationEvent[];
}

/** What there is to draw: as long as it stays the same, only the numbers change. */
export interface CurveShape {
  readonly population: number;
  readonly isClassification: boolean;
  /** Those that the evaluations have; the cost only where a penalty sets it apart from the loss. */
  readonly metrics: readonly MetricName[];
  readonly hasValidation: boolean;
}

export function shapeOf({ points, evaluations }: CurveLists): CurveShape {
  const [point] = points;
  const evaluation = evaluations.at(-1);
  const members = evaluation?.members ?? [];
  const has = (metric: MetricName): boolean =>
    members.some(({ train, validation }) =>
      metric === 'cost'
        ? train.cost !== train.loss && Number.isFinite(train.cost)
        : (train[metric] ?? validation?.[metric]) !== undefined,
    );
  return {
    population: point?.losses.length ?? members.length,
    isClassification: point?.accuracies !== undefined || has('accuracy'),
    metrics: metricNames.filter((metric) => metric === 'loss' || has(metric)),
    hasValidation: members.some(({ validation }) => validation !== undefined),
  };
}

export interface RunCurves {
  /** Takes over what the lists have gained. */
  update(): void;
  metric(metric: MetricName, xUnit: number): readonly ChartSeries[];
  learningRate(xUnit: number): readonly ChartSeries[];
  /** From the first step of the run to the last one that is known, for all charts alike. */
  axis(xUnit: number): { readonly from: number; readonly to: number };
}

export function openRunCurves({ points, evaluations }: CurveLists, shape: CurveShape, recipe: Recipe): RunCurves {
  const members = Array.from({ length: Math.min(mostMembers, shape.population) }, (_, member) => member);
  const isSingle = shape.population === 1;
  const batches = openColumns(points, [
    ({ step }) => step,
    ...members.flatMap((member) => [
      ({ losses }: LossPoint) => losses[member],
      ({ accuracies }: LossPoint) => accuracies?.[member],
      ({ learningRates }: LossPoint) => learningRates[member],
    ]),
  ]);
  const splits = ['train', 'validation'] as const;
  const evaluated = openColumns(evaluations, [
    ({ step }) => step,
    ...members.flatMap((member) => [
      // The batches tell it too, but those of the sessions before the page was opened are not kept.
      ({ step, members: evaluatedMembers }: EvaluationEvent) =>
        step < (points[0]?.step ?? Infinity) ? evaluatedMembers[member]?.learningRate : undefined,
      ...splits.flatMap((split) =>
        metricNames.map((metric) => (event: EvaluationEvent) => event.members[member]?.[split]?.[metric]),
      ),
    ]),
  ]);
  const perMember = 1 + splits.length * metricNames.length;
  const nameOf = (member: number): string => memberName(recipe, member);

  function batchColumn(member: number, kind: 'loss' | 'accuracy' | 'learningRate') {
    const place = { loss: 0, accuracy: 1, learningRate: 2 }[kind];
    return { x: batches.columns[0] ?? [], y: batches.columns[1 + 3 * member + place] ?? [] };
  }
  function evaluationColumn(member: number, split: 'train' | 'validation', metric: MetricName) {
    const place = 1 + splits.indexOf(split) * metricNames.length + metricNames.indexOf(metric);
    return { x: evaluated.columns[0] ?? [], y: evaluated.columns[1 + perMember * member + place] ?? [] };
  }

  return {
    update() {
      batches.update();
      evaluated.update();
    },
    metric(metric, xUnit) {
      const kind = metric === 'loss' || metric === 'accuracy' ? metric : undefined;
      return members.flatMap((member): ChartSeries[] => {
        const batch = kind && { ...batchColumn(member, kind), xUnit, faint: true };
        if (isSingle) {
          return [
            ...(batch ? [{ ...batch, name: 'Batches', colour: 'train' as const }] : []),
            { ...evaluationColumn(0, 'train', metric), xUnit, name: 'Training', colour: 'train', marks: true },
            ...(shape.hasValidation
              ? [
                  {
                    ...evaluationColumn(0, 'validation', metric),
                    xUnit,
                    name: 'Validation',
                    colour: 'validation' as const,
                    marks: true,
                  },
                ]
              : []),
          ];
        }
        const own = { name: nameOf(member), colour: member + 1 };
        const split = shape.hasValidation ? 'validation' : 'train';
        return [
          ...(batch ? [{ ...batch, ...own }] : []),
          { ...evaluationColumn(member, split, metric), xUnit, ...own, marks: true },
        ];
      });
    },
    axis(xUnit) {
      return { from: 0, to: Math.max(points.at(-1)?.step ?? 0, evaluations.at(-1)?.step ?? 0, 1) / xUnit };
    },
    learningRate(xUnit) {
      return members.flatMap((member): ChartSeries[] => {
        const own = {
          xUnit,
          name: isSingle ? 'Learning rate' : nameOf(member),
          colour: isSingle ? ('rate' as const) : member + 1,
        };
        return [
          { x: evaluated.columns[0] ?? [], y: evaluated.columns[1 + perMember * member] ?? [], ...own },
          { ...batchColumn(member, 'learningRate'), ...own },
        ];
      });
    },
  };
}
