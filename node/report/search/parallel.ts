/** Parallel coordinates: every trial as a line through its values, from field to field, to the metric, whose colour it has. */
import { sayCount } from '../../../src/numbers.ts';
import { axisTicks, placeOf, spansDecades } from '../../../src/recipe/search-axes.ts';
import type { Field } from '../../../src/recipe/search-axes.ts';
import type { TrialSummary } from '../../../src/search/trials.ts';
import { formatMetric, isShare, metricTitle } from '../../metric-names.ts';
import type { Figure } from '../figures/figure.ts';
import { fontFamily, textWidth } from '../font.ts';
import { colourAt, figureWidth, ink, viridis } from '../palette.ts';
import { escapeXml } from '../pictures.ts';
import { extentOf } from '../pixels.ts';
import { sayShort, sayValues, wrapLabel } from './fields.ts';
import { worstFirst } from './marks.ts';
import { valueOf } from './search-data.ts';
import type { SearchData } from './search-data.ts';

const axisHeight = 300;
const lineHeight = 16;
const mostTitleLines = 4;
/** Labels of one axis that are closer than this would touch. */
const leastLabelGap = 15;
const sideRoom = 26;
const barWidth = 10;
const barRoom = 70;
const titleSize = 13;
const labelSize = 11;
/** More axes than these stand too close for their names. */
const mostAxes = 9;
/** Of viridis, so that the lines of both ends can be seen on a white and on a dark page. */
const colourRange = { from: 0.14, to: 0.92 };

/** Plates are white in files and have the colour of the page in a page. */
const plateRule = '<style>@supports (color:Canvas){.plate{fill:Canvas}}</style>';

interface Axis {
  readonly title: string;
  readonly ticks: readonly { readonly y: number; readonly label: string }[];
  /** Pixels from the upper end; undefined for a trial without a value. */
  readonly yOf: (trial: TrialSummary) => number | undefined;
}

/** Undefined where there is one field only, which its own figure shows, or where no trial has a value. */
export function parallelFigure(data: SearchData, fields: readonly Field[]): Figure | undefined {
  const { table, metric, best } = data;
  const valued = worstFirst(table, metric);
  if (fields.length < 2 || valued.length === 0) return undefined;
  const shown = fields.slice(0, mostAxes - 1);
  const ranks = new Map(valued.map((trial, index) => [trial.index, index / Math.max(1, valued.length - 1)]));
  const metricScale = scaleOfMetric(valued, metric);
  const axes = [
    ...shown.map((field) => fieldAxis(field, table, ranks)),
    { title: `validation ${metricTitle(metric)}`, ticks: metricScale.ticks, yOf: metricScale.yOf },
  ];
  const spacing = (figureWidth - sideRoom - barRoom) / (axes.length - 1);
  const xOf = (index: number): number => sideRoom + index * spacing;
  const lost = table.filter((trial) => valueOf(trial) === undefined);
  const opacity = Math.max(0.25, Math.min(0.9, 60 / valued.length));
  const lines = [
    ...lost.map((trial) =>
      lineOf(trial, axes, xOf, `class="diverged" stroke="${ink}" stroke-dasharray="1 4" stroke-opacity="0.6"`),
    ),
    ...valued.map((trial) => {
      const dash = trial.state === 'pruned' ? ' class="pruned" stroke-dasharray="5 4"' : ' class="trial"';
      return lineOf(
        trial,
        axes,
        xOf,
        `stroke="${metricScale.colourOf(trial)}" stroke-opacity="${opacity.toFixed(2)}"${dash}`,
      );
    }),
  ];
  const winner = valued.find(({ index }) => index === best.index);
  const crown =
    winner === undefined
      ? []
      : [
          lineOf(winner, axes, xOf, `class="halo" stroke="${ink}" stroke-width="7"`),
          lineOf(winner, axes, xOf, `class="best" stroke="${metricScale.colourOf(winner)}" stroke-width="4"`),
        ];
  const titles = axes.map(({ title }) => wrapLabel(title, Math.min(spacing, 220) - 12, titleSize, mostTitleLines));
  const top = lineHeight * Math.max(...titles.map((lines) => lines.length)) + 16;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${figureWidth}" height="${top + axisHeight + 16}" ` +
    `viewBox="0 ${-top} ${figureWidth} ${top + axisHeight + 16}" font-family="${fontFamily}">` +
    plateRule +
    `<g fill="none" stroke-width="1.6" stroke-linejoin="round">${lines.join('')}${crown.join('')}</g>` +
    titles.map((lines, index) => drawTitle(lines, xOf(index), index, axes.length - 1)).join('') +
    axes
      .slice(0, -1)
      .map((axis, index) => drawAxis(axis, xOf(index), spacing))
      .join('') +
    drawColours(metricScale, xOf(axes.length - 1)) +
    '</svg>';
  return {
    name: 'parallel',
    alt:
      `Parallel coordinates of ${sayCount(table.length, 'trial')} over ${shown.map(({ path }) => path).join(', ')} and validation ` +
      `${metricTitle(metric)}. Best: ${sayValues(best.values, shown)}.`,
    caption: captionOf(data, fields.length - shown.length),
    drawing: { kind: 'pictures', svg },
  };
}

/** Best on top, in the brightest colour. */
function scaleOfMetric(
  valued: readonly TrialSummary[],
  metric: SearchData['metric'],
): Axis & { readonly colourOf: (trial: TrialSummary) => string } {
  const values = valued.map((trial) => valueOf(trial) ?? 0);
  const isLog = !isShare(metric) && spansDecades(values);
  const [least, most] = extentOf(values);
  const forward = isLog ? Math.log : (value: number): number => value;
  const shareOf = (value: number): number => {
    const share = most > least ? (forward(value) - forward(least)) / (forward(most) - forward(least)) : 0.5;
    return metric === 'accuracy' ? share : 1 - share;
  };
  const format = (value: number): string =>
    isShare(metric) ? `${Number((100 * value).toPrecision(6))} %` : sayShort(value);
  const ticks = most > least ? axisTicks({ isLog, domain: [least, most] }, 6) : [least];
  return {
    title: '',
    ticks: ticks.map((value) => ({ y: pixelOf(shareOf(value)), label: format(value) })),
    yOf: (trial) => {
      const value = valueOf(trial);
      return value === undefined ? undefined : pixelOf(shareOf(value));
    },
    colourOf: (trial) => colourOfShare(shareOf(valueOf(trial) ?? 0)),
  };
}

function pixelOf(share: number): number {
  return (1 - share) * axisHeight;
}

function colourOfShare(share: number): string {
  return `rgb(${colourAt(viridis, colourRange.from + share * (colourRange.to - colourRange.from)).join(',')})`;
}

/** `ranks`: 0 the worst, 1 the best; lines through one category lie side by side in this order. */
function fieldAxis(field: Field, table: readonly TrialSummary[], ranks: ReadonlyMap<number, number>): Axis {
  const { path, shortName } = field;
  if (field.kind === 'category') {
    const count = field.labels.length;
    const step = axisHeight / count;
    const middle = (place: number): number => axisHeight - (place + 0.5) * step;
    const spread = table.length > count ? Math.min(0.5 * step, 60) : 0;
    return {
      title: shortName,
      ticks: field.labels.map((label, place) => ({ y: middle(place), label })),
      yOf: (trial) => {
        const place = placeOf(field, trial.values[path]);
        return place === undefined ? undefined : middle(place) - spread * ((ranks.get(trial.index) ?? 0) - 0.5);
      },
    };
  }
  const [from, to] = field.domain;
  const forward = field.isLog ? Math.log : (value: number): number => value;
  const yOfValue = (value: number): number => pixelOf((forward(value) - forward(from)) / (forward(to) - forward(from)));
  return {
    title: field.isLog ? `${shortName} (log)` : shortName,
    ticks: axisTicks(field, 6).map((value) => ({ y: yOfValue(value), label: sayShort(value) })),
    yOf: (trial) => {
      const value = placeOf(field, trial.values[path]);
      return value === undefined ? undefined : yOfValue(value);
    },
  };
}

/** A line through the axes on which the trial has a place. */
function lineOf(trial: TrialSummary, axes: readonly Axis[], xOf: (index: number) => number, style: string): string {
  const points = axes.flatMap((axis, index) => {
    const y = axis.yOf(trial);
    return y === undefined ? [] : [`${xOf(index).toFixed(1)},${y.toFixed(1)}`];
  });
  return `<polyline ${style} points="${points.join(' ')}"/>`;
}

/** The names of the axes stand above them, the first and the last within the page. */
function drawTitle(lines: readonly string[], x: number, index: number, last: number): string {
  const anchor = index === 0 ? 'start' : index === last ? 'end' : 'middle';
  const at = index === 0 ? 2 : index === last ? figureWidth - 2 : x;
  return lines
    .map((line, place) => text(line, at, -14 - (lines.length - 1 - place) * lineHeight, titleSize, anchor))
    .join('');
}

function drawAxis({ ticks }: Axis, x: number, spacing: number): string {
  const labels = readableTicks(ticks).map(({ y, label }) => {
    const [short = ''] = wrapLabel(label, spacing - 24, labelSize, 1);
    return tickText(short, x, y);
  });
  return `${rule(x, x, 0, axisHeight)}${labels.join('')}`;
}

/** Without those that would touch the one before. */
function readableTicks(ticks: Axis['ticks']): Axis['ticks'] {
  const kept: Axis['ticks'][number][] = [];
  for (const tick of ticks.toSorted((one, other) => other.y - one.y)) {
    const before = kept.at(-1);
    if (before === undefined || before.y - tick.y >= leastLabelGap) kept.push(tick);
  }
  return kept;
}

/** A label beside an axis: on a plate, since lines go through it. */
function tickText(label: string, x: number, y: number): string {
  const width = textWidth(label, labelSize) + 6;
  const plate = `x="${(x + 5).toFixed(1)}" y="${(y - 8).toFixed(1)}" width="${width.toFixed(1)}" height="16" rx="3"`;
  return (
    `${rule(x - 3, x + 3, y, y)}<rect class="plate" ${plate} fill="white" fill-opacity="0.75"/>` +
    text(label, x + 8, y + 4, labelSize, 'start')
  );
}

/** The last axis is the scale of the colours. */
function drawColours({ ticks }: Axis, x: number): string {
  const steps = 50;
  const stepHeight = axisHeight / steps;
  const rows = Array.from({ length: steps }, (_, index) => {
    const box = `x="${x.toFixed(1)}" y="${(index * stepHeight).toFixed(1)}" width="${barWidth}" height="${(stepHeight + 0.5).toFixed(1)}"`;
    return `<rect class="colour" ${box} fill="${colourOfShare(1 - (index + 0.5) / steps)}"/>`;
  });
  const labels = readableTicks(ticks).map(({ y, label }) => text(label, x + barWidth + 7, y + 4, labelSize, 'start'));
  return `${rows.join('')}${labels.join('')}`;
}

function rule(x1: number, x2: number, y1: number, y2: number): string {
  const ends = `x1="${x1.toFixed(1)}" x2="${x2.toFixed(1)}" y1="${y1.toFixed(1)}" y2="${y2.toFixed(1)}"`;
  return `<line ${ends} stroke="${ink}" stroke-opacity="0.7"/>`;
}

function text(content: string, x: number, y: number, size: number, anchor: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" fill="${ink}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

function captionOf({ table, metric, best }: SearchData, hidden: number): string {
  const value = valueOf(best);
  return [
    'Each line is a trial; where it crosses an axis is its value there, and its colour is where it ends on the right. Fields in which ' +
      'the bright lines gather matter; where all colours mix, the field does not.',
    ...(metric === 'loss' ? ['The loss falls upwards: lower is better, and brighter.'] : []),
    ...(value === undefined ? [] : [`Thick, with an edge: the best, ${formatMetric(metric, value)}.`]),
    'Lines through one category lie side by side, the better above.',
    ...(table.some(({ state }) => state === 'pruned') ? ['Dashed: pruned, with the value of the last cut.'] : []),
    ...(table.some((trial) => valueOf(trial) === undefined) ? ['Dotted, without an end: diverged.'] : []),
    ...(hidden > 0
      ? [`${sayCount(hidden, 'further field')} of the space ${hidden === 1 ? 'is' : 'are'} not drawn.`]
      : []),
  ].join(' ');
}
