/** The metric of the trials over each field of the space, over the steps, and the best so far. */
import { searchFields } from '../../src/recipe/search-axes.ts';
import type { Field } from '../../src/recipe/search-axes.ts';
import { sayValues } from '../../src/recipe/search-values.ts';
import type { MetricName, TrialSummary } from '../../src/search/trials.ts';
import { LineChart } from '../charts/line-chart.tsx';
import type { ChartSeries } from '../charts/plot.ts';
import { chosenTrial, search, searchCurves, searchCurveVersion } from '../state/search.ts';
import { formatNumber } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { axisAround, axisOf, sayMetric, sayMetricTick, scatterPoints } from './trial-view.ts';
import { XyChart } from './xy-chart.tsx';

/** Trials whose curves are drawn, beside the one that is chosen. */
const fewCurves = 6;

export function TrialCharts() {
  const { table = [], metric, recipe } = search.value ?? {};
  if (metric === undefined || recipe?.search === undefined || !table.some(({ value }) => value !== undefined)) {
    return undefined;
  }
  const fields = searchFields({ search: recipe.search, table });
  return (
    <>
      <Panel title={`Validation ${metric} over what is varied`}>
        <div class="search-charts">
          {fields.map((field) => (
            <Scatter key={field.path} field={field} fields={fields} table={table} metric={metric} />
          ))}
        </div>
      </Panel>
      <Panel title="Over the training">
        <div class="search-charts">
          <LineChart
            title={`Validation ${metric} of the best trials`}
            xName="step"
            series={trialSeries(table)}
            version={searchCurveVersion}
            format={(value) => sayMetric(metric, value)}
          />
          <LineChart
            title={`Best validation ${metric} so far`}
            xName="sample trained"
            series={[bestSeries()]}
            version={searchCurveVersion}
            format={(value) => sayMetric(metric, value)}
          />
        </div>
      </Panel>
    </>
  );
}

interface ScatterProps {
  readonly field: Field;
  readonly fields: readonly Field[];
  readonly table: readonly TrialSummary[];
  readonly metric: MetricName;
}

function Scatter({ field, fields, table, metric }: ScatterProps) {
  const format = (value: number): string => sayMetric(metric, value);
  const points = scatterPoints(table, field);
  const values = points.map(({ y }) => y);
  const [best] = table;
  return (
    <XyChart
      title={`Over ${field.shortName}`}
      summary={
        `Validation ${metric} of ${points.length} trials over ${field.path}` +
        (best?.value === undefined ? '' : `; the best is ${format(best.value)}, at ${sayTrial(best, [field])}`)
      }
      x={axisOf(field)}
      y={axisAround(metric, values, (value) => sayMetricTick(metric, value))}
      points={points.map(({ trial, x, y }) => ({
        key: trial.index,
        x,
        y,
        text: `trial ${trial.index}: ${format(y)}, ${sayTrial(trial, fields)}`,
        isFaint: trial.state === 'pruned' || trial.state === 'diverged',
      }))}
      chosen={chosenTrial.value ?? best?.index}
      onChoose={(key) => {
        chosenTrial.value = key;
      }}
    />
  );
}

/** The values of a trial in one line: `l2 0.00878, batch 100`. */
function sayTrial({ values }: TrialSummary, fields: readonly Field[]): string {
  return fields
    .map(({ path, shortName }) => `${shortName} ${sayValues([values[path]], formatNumber).join('')}`)
    .join(', ');
}

/** Of the best trials and the one that is chosen; read anew at every version, since the table changes with the curves. */
function trialSeries(table: readonly TrialSummary[]): ChartSeries[] {
  const places = new Set([
    ...table.slice(0, fewCurves).keys(),
    table.findIndex(({ index }) => index === chosenTrial.value),
  ]);
  return [...places].flatMap((place, order): ChartSeries[] => {
    const trial = table[place];
    const points = searchCurves.trials.get(trial?.index ?? -1);
    if (trial === undefined || points === undefined) return [];
    return [
      {
        name: `trial ${trial.index}`,
        colour: order + 1,
        x: points.map(({ step }) => step),
        y: points.map(({ value }) => value),
        marks: true,
      },
    ];
  });
}

function bestSeries(): ChartSeries {
  const { best } = searchCurves;
  return {
    name: 'best so far',
    colour: 'validation',
    x: best.map(({ samples }) => samples),
    y: best.map(({ value }) => value),
    marks: true,
  };
}
