/** The live curves of the run. */
import { computed, effect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { CurveSettings, useCurveChoices } from '../charts/curve-settings.tsx';
import { LineChart } from '../charts/line-chart.tsx';
import { described } from '../state/draft.ts';
import { curves, curveVersion, run } from '../state/run.ts';
import type { CurrentRun } from '../state/run.ts';
import { formatNumber, formatShare } from '../ui/format.ts';
import { isShare, metricTitles } from '../ui/metrics.ts';
import type { MetricName } from '../ui/metrics.ts';
import { Panel } from '../ui/panel.tsx';
import { mostMembers, openRunCurves, shapeOf } from './run-curves.ts';
import type { CurveShape } from './run-curves.ts';

const shareAxis = {
  limits: { min: 0, max: 1 },
  format: (share: number) => formatShare(share, 1),
  formatAxis: (share: number) => `${formatNumber(100 * share)} %`,
};
const runId = computed(() => run.value?.id);
/** As text, so that it is told only when it changes. */
const shapeText = computed(() => {
  // Read here, since the arrays of the curves grow in place.
  void curveVersion.value;
  return JSON.stringify(shapeOf(curves));
});
const stepsPerEpoch = computed(() => {
  const known = described.value.state === 'known' ? described.value.description.stepsPerEpoch : undefined;
  const [evaluation] = curves.evaluations;
  const evaluated = evaluation === undefined ? undefined : evaluation.step / evaluation.epoch;
  return run.value?.start?.stepsPerEpoch ?? evaluated ?? known ?? 1;
});

export function CurvesPanel() {
  // Which run it is decides; its progress is drawn without a rendering.
  const id = runId.value;
  if (id === undefined) return undefined;
  const current = run.peek();
  return current && <Curves key={id} current={current} />;
}

function Curves({ current }: { readonly current: CurrentRun }) {
  const choices = useCurveChoices(0.6);
  const { xAxis, isLog, smoothing, asTable, zoom } = choices;
  const text = shapeText.value;
  const shape = useMemo(() => JSON.parse(text) as CurveShape, [text]);
  const drawn = useMemo(() => {
    const opened = openRunCurves(curves, shape, current.recipe);
    opened.update();
    return opened;
  }, [shape]);
  useEffect(
    () =>
      effect(() => {
        // Read here, so that the effect runs again whenever they have grown.
        void curveVersion.value;
        drawn.update();
      }),
    [drawn],
  );
  const xUnit = xAxis.value === 'epoch' ? stepsPerEpoch.value : 1;
  const common = {
    xName: xAxis.value,
    version: curveVersion,
    axis: () => drawn.axis(xUnit),
    zoom,
    asTable: asTable.value,
  };
  const chartOf = (metric: MetricName, height: number) => (
    <LineChart
      key={metric}
      title={metricTitles[metric]}
      series={drawn.metric(metric, xUnit)}
      height={height}
      isLog={isLog.value && !isShare(metric) && metric !== 'r2'}
      smoothing={smoothing.value}
      {...(isShare(metric) && shareAxis)}
      {...common}
    />
  );
  const main: MetricName[] = ['loss', ...shape.metrics.filter((metric) => metric === 'accuracy' || metric === 'rmse')];
  // Known before the first step, so that no chart comes in between later.
  const hasAccuracy = shape.isClassification || current.recipe.loss === 'crossEntropy';
  if (hasAccuracy && !main.includes('accuracy')) main.push('accuracy');
  const others = shape.metrics.filter((metric) => !main.includes(metric));
  return (
    <Panel
      title="Curves"
      actions={<CurveSettings choices={choices} smoothed="Of the batches; the faint line behind is as measured" />}
    >
      <div class="stack">
        {shape.population > mostMembers && (
          <p class="small muted">
            Drawn are the first {mostMembers} of {shape.population} members.
          </p>
        )}
        {main.map((metric) => chartOf(metric, 190))}
        <div class="small-charts">
          {others.map((metric) => chartOf(metric, 120))}
          <LineChart
            title="Learning rate"
            series={drawn.learningRate(xUnit)}
            height={120}
            isLog={isLog.value}
            {...common}
          />
        </div>
      </div>
    </Panel>
  );
}
