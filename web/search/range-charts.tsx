/** Loss and accuracy of each batch over the rate, and their averages, with the suggested rates marked. */
import type { Suggestion } from '../../src/lr-find/describe.ts';
import type { RangePoint } from '../../src/lr-find/range-test.ts';
import { formatNumber, formatShare } from '../ui/format.ts';
import { axisAround, logAxis } from './trial-view.ts';
import { XyChart } from './xy-chart.tsx';
import type { ChartRule } from './xy-chart.tsx';

interface RangeChartsProps {
  readonly points: readonly RangePoint[];
  readonly suggested: readonly Suggestion[];
}

/** Where the loss explodes, the axis ends at so many times the loss of the first steps. */
const mostLoss = 1.3;
const firstSteps = 10;

const ruleTokens: Readonly<Record<Suggestion['name'], string>> = {
  etaMin: '--series-3',
  etaMax: '--series-4',
  steepest: '--series-2',
  valley: '--series-6',
};

export function RangeCharts({ points, suggested }: RangeChartsProps) {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.rate <= first.rate)
    return <p class="muted">Waiting for the first steps</p>;
  const x = logAxis('learning rate', [first.rate, last.rate]);
  const rules = suggested
    .flatMap(({ name, rate }): ChartRule[] =>
      rate === undefined ? [] : [{ x: rate, text: `${name} ${formatNumber(rate)}`, token: ruleTokens[name] }],
    )
    .toSorted((one, other) => one.x - other.x);
  const top = mostLoss * Math.max(...points.slice(0, firstSteps).map(({ smoothedLoss }) => smoothedLoss));
  const losses = points.map(({ smoothedLoss }) => Math.min(top, smoothedLoss));
  const hasAccuracy = points.some(({ accuracy }) => accuracy !== undefined);
  return (
    <>
      <XyChart
        title="Loss"
        summary={`Loss over the learning rate, from ${formatNumber(first.rate)} to ${formatNumber(last.rate)}; ${sayRules(rules)}`}
        x={x}
        y={axisAround('loss', losses, formatNumber)}
        lines={[
          { token: '--series-train', isFaint: true, points: points.map(({ rate, loss }) => ({ x: rate, y: loss })) },
          { token: '--series-train', points: points.map(({ rate, smoothedLoss }) => ({ x: rate, y: smoothedLoss })) },
        ]}
        rules={rules}
        height={280}
      />
      {hasAccuracy && (
        <XyChart
          title="Accuracy"
          summary={`Accuracy over the learning rate; ${sayRules(rules)}`}
          x={x}
          y={axisAround(
            'accuracy',
            points.map(({ smoothedAccuracy = 0 }) => smoothedAccuracy),
            (value) => formatShare(value, 0),
          )}
          lines={[
            {
              token: '--series-validation',
              isFaint: true,
              points: points.map(({ rate, accuracy = 0 }) => ({ x: rate, y: accuracy })),
            },
            {
              token: '--series-validation',
              points: points.map(({ rate, smoothedAccuracy = 0 }) => ({ x: rate, y: smoothedAccuracy })),
            },
          ]}
          rules={rules}
          height={260}
        />
      )}
    </>
  );
}

function sayRules(rules: readonly ChartRule[]): string {
  return rules.length === 0 ? 'nothing is suggested' : rules.map(({ text }) => text).join(', ');
}
