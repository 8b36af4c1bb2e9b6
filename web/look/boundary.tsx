/** Of two inputs: which class the model gives where, how sure it is, and the rows on it; rows that are given wrongly are ringed. */
import { computed } from '@preact/signals';
import { traceDot } from '../charts/canvas.ts';
import { readPalette, seriesToken } from '../charts/palette.ts';
import type { LookSubject, SeenPlane } from '../protocol/looking.ts';
import { formatCount } from '../ui/format.ts';
import { mix, parseColour } from './colours.ts';
import { Figure } from './figure.tsx';
import { seenOf, useLook } from './looking.ts';
import { drawAxes, openPlot } from './plot.ts';
import type { Plot } from './plot.ts';

/** How much of its class's colour a cell has at most. */
const mostColour = 0.62;
const radius = 3;

/** Words that follow the answers without drawing anything else anew. */
const words = computed(() => {
  const seen = seenOf('plane');
  if (seen === undefined) return 'Waiting for the model.';
  const wrong = seen.labels.reduce((count, label, row) => count + (label === seen.predicted[row] ? 0 : 1), 0);
  return `Step ${formatCount(seen.step)}: ${formatCount(wrong)} of ${formatCount(seen.labels.length)} rows are wrong (ringed).`;
});
const heldBack = computed(() => seenOf('plane')?.heldBack);

export function BoundaryView({ about: { inputNames, outputNames } }: { readonly about: LookSubject }) {
  useLook(() => ({ kind: 'plane' }));
  return (
    <div class="stack">
      <Figure
        label={`Which of ${outputNames.length} classes the model gives over the plane of ${inputNames.join(' and ')}, with the rows of the data`}
        height={(width) => Math.min(width, 460)}
        draw={(context, width, height) => {
          const seen = seenOf('plane');
          if (seen === undefined) return;
          const token = readPalette();
          const plot = openPlot(width, height, seen);
          drawCells(context, plot, seen, outputNames.length, token);
          drawPoints(context, plot, seen, token);
          const [xName = '', yName = ''] = inputNames;
          drawAxes(context, plot, { x: seen.x, y: seen.y, xName, yName }, token);
        }}
      />
      <ul class="look-legend">
        {outputNames.map((name, label) => (
          <li key={name}>
            <span class="look-swatch" style={{ background: `var(${seriesToken(label + 1)})` }} />
            {name}
          </li>
        ))}
        <li>● training</li>
        {heldBack.value !== undefined && <li>◆ {heldBack.value}</li>}
      </ul>
      <p class="small muted number">{words}</p>
    </div>
  );
}

function drawCells(
  context: CanvasRenderingContext2D,
  { left, top, width, height }: Plot,
  { side, classes, sureness }: SeenPlane,
  classCount: number,
  token: (name: string) => string,
): void {
  const ground = parseColour(token('--panel'));
  const picture = new OffscreenCanvas(side, side);
  const image = new ImageData(side, side);
  const colours = Array.from({ length: 8 }, (_, label) => parseColour(token(seriesToken(label + 1))));
  for (let cell = 0; cell < side * side; cell++) {
    const colour = colours[(classes[cell] ?? 0) % colours.length] ?? ground;
    image.data.set([...mix(ground, colour, mostColour * surety(sureness[cell] ?? 0, classCount)), 255], cell * 4);
  }
  picture.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(picture, left, top, width, height);
}

/** How sure of a class: none where all of so many are alike, a trace of colour even then. */
const surety = (probability: number, classCount: number): number =>
  Math.max(0.08, (probability * classCount - 1) / Math.max(1, classCount - 1));

function drawPoints(
  context: CanvasRenderingContext2D,
  plot: Plot,
  { points, labels, predicted, trainCount }: SeenPlane,
  token: (name: string) => string,
): void {
  context.lineWidth = 1;
  for (const [row, label] of labels.entries()) {
    const x = plot.x(points[2 * row] ?? 0);
    const y = plot.y(points[2 * row + 1] ?? 0);
    context.fillStyle = token(seriesToken(label + 1));
    context.strokeStyle = token('--panel');
    if (row < trainCount) traceDot(context, x, y, radius);
    else {
      const reach = radius * 1.5;
      context.beginPath();
      context.moveTo(x, y - reach);
      context.lineTo(x + reach, y);
      context.lineTo(x, y + reach);
      context.lineTo(x - reach, y);
      context.closePath();
    }
    context.fill();
    context.stroke();
    if (label === predicted[row]) continue;
    context.strokeStyle = token('--text');
    traceDot(context, x, y, radius + 3);
    context.stroke();
  }
}
