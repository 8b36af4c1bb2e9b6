/** How the curves of a panel are drawn, all of them alike: along steps or epochs, smoothed, logarithmic, as a table, zoomed. */
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { CheckField, Segmented } from '../ui/fields.tsx';
import './chart.css';
import type { Zoom } from './plot.ts';

export interface CurveChoices {
  readonly xAxis: Signal<'step' | 'epoch'>;
  readonly isLog: Signal<boolean>;
  readonly smoothing: Signal<number>;
  readonly asTable: Signal<boolean>;
  readonly zoom: Signal<Zoom | undefined>;
}

export function useCurveChoices(smoothing: number): CurveChoices {
  return {
    xAxis: useSignal<'step' | 'epoch'>('step'),
    isLog: useSignal(false),
    smoothing: useSignal(smoothing),
    asTable: useSignal(false),
    zoom: useSignal<Zoom | undefined>(undefined),
  };
}

interface CurveSettingsProps {
  readonly choices: CurveChoices;
  /** What is smoothed, for the tooltip. */
  readonly smoothed: string;
}

export function CurveSettings({ choices: { xAxis, isLog, smoothing, asTable, zoom }, smoothed }: CurveSettingsProps) {
  return (
    <div class="button-row curve-settings">
      <Segmented
        label="Horizontal axis"
        value={xAxis.value}
        options={[
          { value: 'step', text: 'Steps' },
          { value: 'epoch', text: 'Epochs' },
        ]}
        onChange={(next) => {
          xAxis.value = next;
          zoom.value = undefined;
        }}
      />
      <label class="small" title={smoothed}>
        Smoothing
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={smoothing.value}
          onInput={({ currentTarget }) => {
            smoothing.value = Number(currentTarget.value);
          }}
        />
      </label>
      <CheckField
        label="Log"
        title="What is above zero on a logarithmic axis: loss, cost, learning rate"
        value={isLog.value}
        onChange={(next) => {
          isLog.value = next;
        }}
      />
      <CheckField
        label="Table"
        title="The numbers in place of the curves"
        value={asTable.value}
        onChange={(next) => {
          asTable.value = next;
        }}
      />
    </div>
  );
}
