/** The curves of the chosen runs over one another: each run has its colour, training rows are dashed. */
import { useSignal } from '@preact/signals';
import { CurveSettings, useCurveChoices } from '../charts/curve-settings.tsx';
import { LineChart } from '../charts/line-chart.tsx';
import type { ChartSeries } from '../charts/plot.ts';
import type { ComparedRun } from '../state/runs.ts';
import { Segmented } from '../ui/fields.tsx';
import { formatShare } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { isShare, splitNames } from '../ui/metrics.ts';
import { curvesOf, labelRuns, quantitiesOf, quantityNames } from './compare.ts';
import type { Quantity, Stand } from './compare.ts';

type Rows = 'train' | 'validation' | 'both';

interface CompareCurvesProps {
  readonly runs: readonly ComparedRun[];
  readonly stand: Stand;
}

export function CompareCurves({ runs, stand }: CompareCurvesProps) {
  const askedRows = useSignal<Rows | undefined>(undefined);
  const choices = useCurveChoices(0);
  const { xAxis, isLog, smoothing, asTable, zoom } = choices;
  const asked = useSignal<readonly (Quantity | undefined)[]>([]);
  const quantities = quantitiesOf(runs.map(({ stored }) => stored));
  const labels = labelRuns(runs);
  const rows = askedRows.value ?? (runs.every(hasValidation) ? 'validation' : 'train');
  const shown = chooseQuantities(quantities, asked.value);

  function seriesOf(quantity: Quantity): ChartSeries[] {
    const hasBoth = rows === 'both' && quantity !== 'learningRate';
    return runs.flatMap(({ stored, colour }, index) =>
      curvesOf(stored.evaluations, quantity, xAxis.value, stand)
        .filter(({ split }) => quantity === 'learningRate' || rows === 'both' || rows === split)
        .map(({ split, x, y }) => ({
          name: `${labels[index] ?? ''}${hasBoth ? `, ${splitNames[split].toLowerCase()}` : ''}`,
          colour: colour + 1,
          dash: hasBoth && split === 'train',
          marks: x.length < 100,
          x,
          y,
        })),
    );
  }
  return (
    <Panel
      title="Curves"
      actions={
        <div class="button-row">
          <Segmented
            label="Rows"
            value={rows}
            options={[
              { value: 'both', text: 'Both' },
              { value: 'train', text: splitNames.train },
              { value: 'validation', text: splitNames.validation },
            ]}
            onChange={(next) => {
              askedRows.value = next;
            }}
          />
          <CurveSettings choices={choices} smoothed="The faint line behind is as measured" />
        </div>
      }
    >
      {quantities.length === 0 ? (
        <p class="muted">No evaluation yet: the first comes at the end of the first epoch, or as the recipe says.</p>
      ) : (
        <div class="runs-curves">
          {shown.map((quantity, place) => (
            <div key={place} class="runs-curve">
              <select
                aria-label={place === 0 ? 'First quantity' : 'Second quantity'}
                value={quantity}
                onChange={({ currentTarget }) => {
                  const next = currentTarget.value as Quantity;
                  asked.value = [0, 1].map((each) => (each === place ? next : asked.value[each]));
                }}
              >
                {quantities.map((each) => (
                  <option key={each} value={each}>
                    {quantityNames[each]}
                  </option>
                ))}
              </select>
              <LineChart
                title={quantityNames[quantity]}
                series={seriesOf(quantity)}
                xName={xAxis.value}
                isLog={isLog.value && !isShare(quantity)}
                smoothing={smoothing.value}
                height={260}
                zoom={zoom}
                asTable={asTable.value}
                {...(isShare(quantity) && {
                  limits: { min: 0, max: 1 },
                  format: (share: number) => formatShare(share, 1),
                })}
              />
            </div>
          ))}
        </div>
      )}
    </Panel>
  );
}

const hasValidation = ({ stored }: ComparedRun): boolean =>
  stored.evaluations.some(({ members }) => members[0]?.validation !== undefined);

/** What was asked for, where the runs have it; else the loss, and how right the answers are. */
function chooseQuantities(known: readonly Quantity[], asked: readonly (Quantity | undefined)[]): Quantity[] {
  const second = (['accuracy', 'r2', 'rmse'] as const).find((each) => known.includes(each));
  return (['loss', second] as const).flatMap((usual, place) => {
    const wanted = asked[place];
    const quantity = wanted !== undefined && known.includes(wanted) ? wanted : usual;
    return quantity !== undefined && known.includes(quantity) ? [quantity] : [];
  });
}
