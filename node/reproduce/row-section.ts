/** The section of one row: settings, what was chosen, numbers, figures, and how to repeat it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCount, formatNumber, formatSeconds } from '../../src/numbers.ts';
import { memberRecipes } from '../../src/recipe/parse.ts';
import { curvesFigure } from '../report/figures/curves.ts';
import type { Figure } from '../report/figures/figure.ts';
import { rangeTestFigure } from '../report/figures/range-test.ts';
import { code, facts, paragraph, table } from '../report/html.ts';
import { readEvaluations } from '../report/metrics.ts';
import { rateCurve } from '../report/run-data.ts';
import { searchFigures } from '../report/search/figures.ts';
import { readSearch } from '../report/search/search-data.ts';
import type { Part, Section } from '../report/sections.ts';
import { readModelFile, readResult, readRunRecipe } from '../run-folder.ts';
import { sayDifference, sayNumber, sayOurs } from './formats.ts';
import type { RowOutcome } from './outcome.ts';
import type { ReportRow } from './page.ts';
import type { PublishedRow } from './published/types.ts';
import { searchTable } from './search-table.ts';
import { readRowResult } from './stored.ts';
import type { ResultOf } from './stored.ts';
import { sayVersion } from './version.ts';

export async function rowSection({ row, outcome, work }: ReportRow): Promise<Section> {
  const { id, title, settings, chosen, publishedText, numbers, reason } = outcome;
  const texts = [
    `As published: ${settings}.`,
    ...(chosen === undefined ? [] : [`Left open, and taken here: ${chosen}`]),
    ...(publishedText === undefined ? [] : [`Published in words: ${publishedText}`]),
  ];
  const parts: Part[] = texts.map((text) => ({ html: paragraph(text) }));
  if (numbers.length > 0) parts.push({ html: numbersTable(outcome) });
  if (work === undefined) parts.push({ html: paragraph(`Not done: ${reason ?? ''}`, 'missing') });
  else parts.push(...(await details(row, work.folder)).map((part) => withOwnName(part, id)));
  parts.push(
    {
      html: paragraph('The row alone, in full:'),
    },
    { html: code(outcome.command) },
  );
  if (work !== undefined) parts.push({ html: facts(factsOf(outcome)) });
  for (const note of outcome.notes ?? []) parts.push({ html: paragraph(`About the data: ${note}`, 'note') });
  return { id, title, parts };
}

/** Figures of several rows stand on one page. */
function withOwnName(part: Part, id: string): Part {
  return 'figure' in part ? { ...part, figure: { ...part.figure, name: `${id}-${part.figure.name}` } } : part;
}

function numbersTable({ numbers }: RowOutcome): string {
  const rows = numbers.map((number) => [
    number.what,
    sayNumber(number.unit, number.published),
    sayOurs(number),
    sayDifference(number),
  ]);
  return table('Published and ours', ['', 'published', 'ours', 'difference'], rows, 'lrrr');
}

function factsOf(outcome: RowOutcome): (readonly [name: string, value: string])[] {
  const { recipe, mode = '', seeds = [], adapter = '', seconds, trainRows, steps, version, commit, folder } = outcome;
  const length = [
    ...(trainRows === undefined ? [] : [`${formatCount(trainRows)} rows to train on`]),
    ...(steps === undefined ? [] : [`${formatCount(steps)} steps`]),
  ].join(', ');
  return [
    ...(recipe === undefined ? [] : [['recipe', recipe] as const]),
    ['mode', mode],
    ...(length === '' ? [] : [['length', length] as const]),
    ...(seeds.length === 0 ? [] : [[seeds.length === 1 ? 'seed' : 'seeds', seeds.join(', ')] as const]),
    ['adapter', adapter],
    ...(seconds === undefined ? [] : [['time', formatSeconds(seconds)] as const]),
    ...(version === undefined ? [] : [['Descent', sayVersion({ version, ...(commit && { commit }) })] as const]),
    ...(folder === undefined ? [] : [['folder', folder] as const]),
  ];
}

async function details(row: PublishedRow, folder: string): Promise<Part[]> {
  switch (row.kind) {
    case 'train':
      return trainDetails(folder);
    case 'search': {
      const data = readSearch(folder);
      return [{ html: searchTable(row, data) }, ...searchFigures(data).map((figure) => ({ figure }))];
    }
    case 'gradients':
      return gradientDetails(readRowResult(folder, 'gradients'));
    case 'overfit':
      return overfitDetails(readRowResult(folder, 'overfit'));
    case 'rangeTest': {
      const test = readRowResult(folder, 'rangeTest');
      return [
        { figure: rangeTestFigure(test) },
        ...test.suggestions.notes.map((note) => ({ html: paragraph(note, 'missing') })),
      ];
    }
    case 'exercise':
      return exerciseDetails(readRowResult(folder, 'exercise'));
    case 'figures':
      return storedFigures(readRowResult(folder, 'figures'), folder);
  }
  return row satisfies never;
}

/** Curves of loss, cost and accuracy; of a population, those of its first member. */
function trainDetails(folder: string): Part[] {
  const result = readResult(folder);
  const evaluations = result === undefined ? [] : readEvaluations(folder, 0, result.epochs);
  const [last] = evaluations.slice(-1);
  const { trainRows } = readModelFile(folder);
  const stored = readRunRecipe(folder);
  const [recipe = stored] = memberRecipes(stored);
  if (last === undefined || trainRows === undefined) return [];
  const logRate = ['exponential', 'step', 'plateau'].includes(recipe.schedule.type);
  const rates = rateCurve(recipe, trainRows, evaluations);
  const figure = curvesFigure(evaluations, rates, last.epoch, logRate, recipe.evaluation.topK);
  const members = stored.members?.length ?? 1;
  return [
    { figure },
    ...(members > 1
      ? [{ html: paragraph(`The curves are those of the first of ${members} members.`, 'missing') }]
      : []),
  ];
}

function gradientDetails({ scenes, step }: ResultOf<'gradients'>): Part[] {
  const titles = ['tensor', 'compared', 'relative error', 'along a direction', 'mean difference', 'redrawn'];
  const tables = scenes.map(({ title, rows, features, tensors, seconds }) => {
    const lines = tensors.map((tensor) => [
      tensor.name,
      `${formatCount(tensor.coordinates)} of ${formatCount(tensor.elements)}`,
      tensor.relativeError.toExponential(2),
      tensor.directionError?.toExponential(2) ?? 'none found',
      tensor.meanDifference.toExponential(2),
      formatCount(tensor.redrawn),
    ]);
    const size = `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} of ${formatCount(features)} features`;
    return { html: table(`${title}: ${size}, ${formatSeconds(seconds)}`, titles, lines, 'lrrrrr') };
  });
  const text =
    `The plan's own gradient against central differences (step ${formatNumber(step)}), both in float64 on the CPU path, at the initial ` +
    'weights with small random biases. Relative error: norm(ga - gn) / max(eps, norm(ga) + norm(gn)) over the compared coordinates, which are ' +
    'drawn at random where there are many, fewer where a pass over the rows is long. Along a direction: the same of the slope along one ' +
    'random direction over all elements. Where the number of rows is no power of two, the plan divides by it with a float32, which alone is a ' +
    'relative error of about 1e-8 in every tensor. Redrawn: coordinates whose step goes over a kink of a ReLU, where there is no derivative.';
  return [...tables, { html: paragraph(text) }];
}

function overfitDetails({ examples, epochs, threshold, learningRate, loss, curve }: ResultOf<'overfit'>): Part[] {
  const points = curve.map((value, index) => ({ epoch: index + 1, train: { loss: value } }));
  const rates = points.map(({ epoch }) => ({ epoch, rate: learningRate }));
  const below = curve.findIndex((value) => value < threshold) + 1;
  const when = below === 0 ? 'in no epoch' : `from epoch ${formatCount(below)} on`;
  const text =
    `${formatCount(examples)} examples, without penalty, noise and schedule: after ${formatCount(epochs)} epochs the loss is ` +
    `${formatNumber(loss)}; it is below ${formatNumber(threshold)} ${when}.`;
  return [{ html: paragraph(text) }, { figure: curvesFigure(points, rates, epochs, false) }];
}

function exerciseDetails(result: ResultOf<'exercise'>): Part[] {
  const { hidden, outputs, loss, gradient, before, after, lossAfter } = result;
  const list = (values: readonly number[]): string => values.map((value) => value.toPrecision(6)).join(', ');
  const rows = [
    ['outputs of the hidden neurons', list(hidden)],
    ['outputs', list(outputs)],
    ['loss', list([loss])],
    ['dL/dw1_11', list([gradient])],
    ['w1_11 before', list([before])],
    ['w1_11 after', list([after])],
    ['loss after the update of all weights', list([lossAfter])],
  ];
  const text =
    "The weights of the report's figure are lost; these are the ones of docs/worked-example.md, which shows the same numbers by hand. Computed by " +
    "the project's own plan in float64 on the CPU path.";
  return [
    { html: table('One pass forward and back, and an update', ['', 'value'], rows, 'lr') },
    { html: paragraph(text) },
  ];
}

function storedFigures({ figures }: ResultOf<'figures'>, folder: string): Part[] {
  if (figures.length === 0) return [{ html: paragraph('The run has no such figures.', 'missing') }];
  return figures.map(({ title, name, alt, caption }) => {
    const svg = readFileSync(join(folder, 'figures', `${name}.svg`), 'utf8');
    const figure: Figure = { name, alt, caption, drawing: { kind: 'pictures', svg } };
    return { ...(title !== undefined && { title }), figure };
  });
}
