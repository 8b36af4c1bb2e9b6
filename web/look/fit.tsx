/** Regressions: with one input and one output the fitted curve among the rows, else the outputs for rows beside their targets. */
import { computed, signal } from '@preact/signals';
import { traceDot } from '../charts/canvas.ts';
import { readPalette, faint } from '../charts/palette.ts';
import type { LookSubject } from '../protocol/looking.ts';
import { SelectField } from '../ui/fields.tsx';
import { formatNumber } from '../ui/format.ts';
import { Figure } from './figure.tsx';
import { seenOf, useLook } from './looking.ts';
import { drawAxes, openPlot, rangeOf } from './plot.ts';

const radius = 3;
const plotHeight = (width: number): number => Math.min(Math.round(width * 0.85), 420);

const fitWords = computed(() => {
  const seen = seenOf('fit');
  if (seen === undefined) return 'Waiting for the model.';
  const { curveY, step } = seen;
  const least = curveY.reduce((a, b) => Math.min(a, b), Infinity);
  const most = curveY.reduce((a, b) => Math.max(a, b), -Infinity);
  return `Step ${step.toLocaleString('en')}: the curve lies between ${formatNumber(least, 3)} and ${formatNumber(most, 3)}.`;
});
const heldBack = computed(() => seenOf('fit')?.heldBack ?? seenOf('scatter')?.heldBack);

function Legend({ curve }: { readonly curve?: string }) {
  return (
    <ul class="look-legend">
      {curve !== undefined && (
        <li>
          <span class="look-swatch look-line" />
          {curve}
        </li>
      )}
      <li>
        <span class="look-swatch" style={{ background: 'var(--series-train)' }} />
        training
      </li>
      {heldBack.value !== undefined && (
        <li>
          <span class="look-swatch" style={{ background: 'var(--series-validation)' }} />
          {heldBack.value}
        </li>
      )}
    </ul>
  );
}

export function FitView({ about: { inputNames, outputNames } }: { readonly about: LookSubject }) {
  useLook(() => ({ kind: 'fit' }));
  const [xName = ''] = inputNames;
  const [yName = ''] = outputNames;
  return (
    <div class="stack">
      <Figure
        label={`The curve that the model draws over ${xName}, among the rows of the data`}
        height={plotHeight}
        draw={(context, width, height) => {
          const seen = seenOf('fit');
          if (seen === undefined) return;
          const { curveX, curveY, pointX, pointY, trainCount } = seen;
          const token = readPalette();
          const x = [curveX[0] ?? 0, curveX.at(-1) ?? 1] as const;
          // The rows set the height, so that the frame stands still while the curve moves.
          const axes = { x, y: rangeOf(pointY), xName, yName };
          const plot = openPlot(width, height, axes);
          for (const [row, value] of pointY.entries()) {
            const series = row < trainCount ? '--series-train' : '--series-validation';
            context.fillStyle = faint(token(series), 0.75);
            traceDot(context, plot.x(pointX[row] ?? 0), plot.y(value), radius);
            context.fill();
          }
          context.save();
          context.beginPath();
          context.rect(plot.left, plot.top, plot.width, plot.height);
          context.clip();
          context.beginPath();
          for (const [index, value] of curveY.entries()) context.lineTo(plot.x(curveX[index] ?? 0), plot.y(value));
          context.strokeStyle = token('--text');
          context.lineWidth = 2;
          context.lineJoin = 'round';
          context.stroke();
          context.restore();
          drawAxes(context, plot, axes, token);
        }}
      />
      <Legend curve="model" />
      <p class="small muted number">{fitWords}</p>
    </div>
  );
}

const chosenOutput = signal(0);

const scatterWords = computed(() => {
  const seen = seenOf('scatter');
  if (seen === undefined) return 'Waiting for the model.';
  return `Step ${seen.step.toLocaleString('en')}: on the line, prediction and target are the same.`;
});

export function ScatterView({ about: { outputNames } }: { readonly about: LookSubject }) {
  useLook(() => ({ kind: 'scatter' }));
  const outputs = outputNames.length;
  const output = Math.min(chosenOutput.value, outputs - 1);
  return (
    <div class="stack">
      {outputs > 1 && (
        <SelectField
          label="Output"
          value={String(output)}
          options={outputNames.map((text, index) => ({ value: String(index), text }))}
          onChange={(value) => {
            chosenOutput.value = Number(value);
          }}
        />
      )}
      <Figure
        label={`What the model gives for rows, over what it should give, of ${outputNames[output] ?? ''}`}
        height={plotHeight}
        draw={(context, width, height) => {
          const seen = seenOf('scatter');
          if (seen === undefined) return;
          const token = readPalette();
          const own = (values: Float32Array): Float32Array => values.filter((_, index) => index % outputs === output);
          const [targets, given] = [own(seen.targets), own(seen.outputs)];
          const range = rangeOf(targets);
          const axes = { x: range, y: range, xName: 'target', yName: 'prediction' };
          const plot = openPlot(width, height, axes);
          context.save();
          context.beginPath();
          context.rect(plot.left, plot.top, plot.width, plot.height);
          context.clip();
          context.strokeStyle = token('--line-strong');
          context.beginPath();
          context.moveTo(plot.x(range[0]), plot.y(range[0]));
          context.lineTo(plot.x(range[1]), plot.y(range[1]));
          context.stroke();
          for (const [row, value] of given.entries()) {
            const series = row < seen.trainCount ? '--series-train' : '--series-validation';
            context.fillStyle = faint(token(series), 0.7);
            traceDot(context, plot.x(targets[row] ?? 0), plot.y(value), radius);
            context.fill();
          }
          context.restore();
          drawAxes(context, plot, axes, token);
        }}
      />
      <Legend />
      <p class="small muted">{scatterWords}</p>
    </div>
  );
}
