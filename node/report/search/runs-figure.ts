/** The single runs of the best trials side by side: how far folds or seeds lie apart, and whether that is more than the trials do. */
import { formatCount, sayCount } from '../../../src/numbers.ts';
import { lastRecords } from '../../../src/search/places.ts';
import { isShare, metricTitle } from '../../metric-names.ts';
import type { Figure } from '../figures/figure.ts';
import { categoryColours, ink } from '../palette.ts';
import { labelExpression, metricAxis, panelWidth, runKind, vegaSchema } from './marks.ts';
import { metricOf } from './search-data.ts';
import type { SearchData } from './search-data.ts';

const height = 280;
const mostTrials = 60;
/** More trials than these have no room for their numbers. */
const mostNames = 32;
const mostKinds = 10;
const shapes = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'cross',
  'triangle-right',
  'triangle-left',
];

/** Undefined where a trial is one run, or where none was trained to its end. */
export function runsFigure({ table, records, metric }: SearchData): Figure | undefined {
  const kind = runKind(records);
  const done = table.filter(({ state }) => state === 'done');
  const trials = done.slice(0, mostTrials);
  if (kind === undefined || trials.length === 0) return undefined;
  const last = lastRecords(records);
  const ranks = new Map(trials.map(({ index }, rank) => [index, rank]));
  const own = last.filter(({ trial }) => ranks.has(trial));
  const sideBySide = [...new Set(own.map(({ fold, seed }) => `${fold} ${seed}`))];
  const runs = own.flatMap((record) => {
    const rank = ranks.get(record.trial);
    const y = metricOf(record, metric);
    if (rank === undefined || y === undefined) return [];
    const place = (sideBySide.indexOf(`${record.fold} ${record.seed}`) + 0.5) / sideBySide.length - 0.5;
    return [{ rank: rank + 0.6 * place, y, fold: `fold ${record.fold ?? 0}`, seed: `seed ${record.seed}` }];
  });
  const means = trials.flatMap(({ value }, rank) =>
    value === undefined ? [] : [{ from: rank - 0.36, to: rank + 0.36, y: value }],
  );
  const axis = metricAxis(
    metric,
    [...runs, ...means].map(({ y }) => y),
    height,
    false,
  );
  const colourField = kind === 'seed' ? 'seed' : 'fold';
  const shapeField = kind === 'fold' ? 'fold' : 'seed';
  const shape = channel(shapeField, namesOf(runs, shapeField), (names) =>
    names.map((_, index) => shapes[index % shapes.length]),
  );
  const named = trials.length <= mostNames;
  const x = {
    field: 'rank',
    type: 'quantitative',
    title: named ? 'trial, best first' : 'place in the table, best first',
    scale: { domain: [-0.6, trials.length - 0.4], nice: false, zero: false },
    axis: {
      values: Array.from(trials.keys()).filter((rank) => named || rank === 0 || (rank + 1) % 10 === 0),
      labelExpr: named ? labelExpression(trials.map(({ index }) => String(index))) : 'datum.value + 1',
      labelOverlap: false,
      grid: false,
    },
  };
  const y = { field: 'y', type: 'quantitative', title: axis.title, scale: axis.scale, axis: axis.axis };
  const layer = [
    {
      data: { values: means },
      mark: { type: 'rule', color: ink, strokeWidth: 2 },
      encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y },
    },
    {
      data: { values: runs },
      mark: { type: 'point', filled: true, size: trials.length > mostNames ? 26 : 46, opacity: 0.9 },
      encoding: {
        x,
        y,
        color: channel(colourField, namesOf(runs, colourField), (names) => categoryColours(names.length)),
        shape: colourField === shapeField ? shape : inInk(shape),
      },
    },
  ];
  const some =
    trials.length < done.length ? ` The best ${trials.length} of ${formatCount(done.length)} trials are drawn.` : '';
  const direction = isShare(metric) ? '' : ' Lower is better.';
  return {
    name: `${metric}-of-runs`,
    alt:
      `Validation ${metricTitle(metric)} of the ${formatCount(runs.length)} runs of ${sayCount(trials.length, 'trial')}, best first, ` +
      `by ${kind}, with their means.`,
    caption:
      `Each mark is one run, its colour and shape the ${kind}; the line is the mean that trials are compared by. Where neighbours overlap, ` +
      `their order is chance; a colour that is low everywhere is a hard ${colourField}.${direction}${some}`,
    drawing: { kind: 'chart', spec: { $schema: vegaSchema, width: panelWidth, height, layer: layer as never } },
  };
}

function namesOf(runs: readonly { readonly fold: string; readonly seed: string }[], field: 'fold' | 'seed'): string[] {
  const numberOf = (name: string): number => Number(name.slice(field.length));
  return [...new Set(runs.map((run) => run[field]))].toSorted((one, other) => numberOf(one) - numberOf(other));
}

function channel(field: string, names: readonly string[], range: (names: readonly string[]) => unknown[]): object {
  const legend = { orient: 'top', direction: 'horizontal', offset: 6, columnPadding: 18 };
  return {
    field,
    type: 'nominal',
    title: null,
    scale: { domain: names, range: range(names) },
    legend: names.length > mostKinds ? null : legend,
  };
}

/** A form without a colour of its own has that of the text. */
function inInk(shape: object): object {
  const { legend } = shape as { readonly legend: object | null };
  return { ...shape, legend: legend && { ...legend, symbolFillColor: ink, symbolStrokeWidth: 0 } };
}
