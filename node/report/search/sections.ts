/** The chapters of the report of a search: the result in words, its figures, the table, the space, and how to train the best. */
import { version } from '../../../package.json';
import { formatCount, formatSeconds, sayCount } from '../../../src/numbers.ts';
import { sayInFull, shortNames } from '../../../src/recipe/search-axes.ts';
import type { Dimension } from '../../../src/recipe/search-schema.ts';
import { tellApart } from '../../../src/recipe/search-values.ts';
import type { Metrics } from '../../../src/train/events.ts';
import { lastRecords, trialPlaces } from '../../../src/search/places.ts';
import type { MetricName, TrialSummary } from '../../../src/search/trials.ts';
import { formatMetric, metricTitle } from '../../metric-names.ts';
import { sayMean } from '../../search/table.ts';
import { code, facts, paragraph, table as htmlTable } from '../html.ts';
import type { Part, Section } from '../sections.ts';
import { sayShort } from './fields.ts';
import { drawSearch } from './figures.ts';
import { runKind } from './marks.ts';
import type { SearchData } from './search-data.ts';

/** Lines of the table on the page; trials.csv has all. */
const mostRows = 100;

export function searchSections(data: SearchData): readonly Section[] {
  const { fields, parallel, steps, runs } = drawSearch(data);
  const sections: Section[] = [
    summarySection(data),
    { id: 'fields', title: 'Field by field', parts: fields.map(({ path, figure }) => ({ title: path, figure })) },
    { id: 'together', title: 'All fields together', parts: parallel ? [{ figure: parallel }] : [] },
    { id: 'steps', title: 'From cut to cut', parts: steps ? [{ figure: steps }] : [] },
    { id: 'runs', title: 'Run by run', parts: runs ? [{ figure: runs }] : [] },
    tableSection(data),
    spaceSection(data),
    populationsSection(data),
    { id: 'recipe', title: 'Recipe', parts: [{ html: code(JSON.stringify(data.recipe, undefined, 2)) }] },
    endSection(data),
  ];
  return sections.filter(({ parts }) => parts.length > 0);
}

const strategies = {
  grid: 'grid: every combination',
  random: 'random draws',
  coarseToFine: 'coarse to fine: random draws, then finer ones around the best',
  halving: 'successive halving',
} as const;

function summarySection(data: SearchData): Section {
  const { recipe, search, table, records, metric, adapter, seconds, finished, notes } = data;
  const runs = lastRecords(records);
  const counted = (state: TrialSummary['state']): number => table.filter((trial) => trial.state === state).length;
  const fates = [
    `${formatCount(counted('done'))} trained to the end`,
    ...(counted('pruned') > 0 ? [`${formatCount(counted('pruned'))} pruned`] : []),
    ...(counted('diverged') > 0 ? [`${formatCount(counted('diverged'))} diverged`] : []),
  ];
  const fine = table.filter(({ stage }) => stage === 'fine').length;
  const strategy =
    search.strategy === 'halving'
      ? `${strategies.halving}: at each cut one trial in ${search.factor} goes on`
      : strategies[search.strategy];
  const direction = metric === 'accuracy' ? 'highest' : 'lowest';
  const parts: Part[] = [
    ...(recipe.description === '' ? [] : [{ html: paragraph(recipe.description, 'lead') }]),
    { html: bestTable(data) },
    {
      html: paragraph(
        `Best is the ${direction} ${metricTitle(metric)} on validation rows. The best of many is a little lucky on the rows that chose it: ` +
          'rows that the search has not seen, such as the test split, say how good it is.',
      ),
    },
    {
      html: facts([
        ['data', recipe.data.source],
        ['strategy', strategy],
        ['trials', `${formatCount(table.length)}: ${fates.join(', ')}`],
        ...(fine > 0
          ? [['stages', `${formatCount(table.length - fine)} coarse, ${formatCount(fine)} fine`] as const]
          : []),
        [
          'runs',
          `${formatCount(runs.length)}, in ${sayCount(new Set(records.map(({ population }) => population)).size, 'population')}`,
        ],
        ...(search.folds === undefined ? [] : [['cross-validation', sayCount(search.folds, 'fold')] as const]),
        ...(search.repeats > 1 ? [['seeds of each trial', formatCount(search.repeats)] as const] : []),
        ['compared by', `${metricTitle(metric)} on validation`],
        ['steps of training', formatCount(runs.reduce((sum, { step }) => sum + step, 0))],
        ['adapter', adapter],
        ['time', `${formatSeconds(seconds)} of training`],
        [
          'seeds',
          `draws ${search.seed}, runs ${search.repeats > 1 ? 'from ' : ''}${recipe.seed}${search.repeats > 1 ? ' on' : ''}`,
        ],
        ['finished', `${finished.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
      ]),
    },
    ...notes.map((note) => ({ html: paragraph(`About the data: ${note}`, 'note') })),
  ];
  return { id: 'summary', title: 'Summary', parts };
}

/** The values of the best trial, one line for each field. */
function bestTable({ search, best, metric, records }: SearchData): string {
  const kind = runKind(records);
  const rows = Object.keys(search.space).map((path) => [path, sayShort(best.values[path])]);
  const over = kind === undefined ? '' : `, mean over ${sayCount(best.runs, 'run')} ± standard deviation over ${kind}`;
  rows.push([`validation ${metricTitle(metric)}`, sayMean(metric, best) || 'none: every trial diverged']);
  const isNumeric = Object.values(best.values).every((value) => typeof value === 'number');
  return htmlTable(`The best: trial ${best.index}${over}`, ['field', 'value'], rows, isNumeric ? 'lr' : 'lt');
}

function tableSection(data: SearchData): Section {
  const { table, search, metric } = data;
  const paths = Object.keys(search.space);
  const names = shortNames(paths);
  const places = trialPlaces(data.records);
  const shown = table.slice(0, mostRows);
  const other = metric === 'accuracy' ? 'loss' : 'accuracy';
  const hasOther = table.some(({ validation }) => validation?.[other] !== undefined);
  const hasStages = table.some(({ stage }) => stage !== 'only');
  const hasStates = table.some(({ state }) => state !== 'done');
  const sayMetric = (metrics: Metrics | undefined, name: MetricName): string => {
    const value = metrics?.[name];
    return value === undefined ? '' : formatMetric(name, value);
  };
  const columns: readonly (readonly [title: string, align: 'l' | 'r' | 't', cell: (trial: TrialSummary) => string])[] =
    [
      ['trial', 'r', ({ index }) => String(index)],
      [`validation ${metricTitle(metric)}`, 'r', (trial) => sayMean(metric, trial)],
      ...paths.map((path, index) => {
        const apart = new Map(
          tellApart(table.map(({ values }) => values[path])).map((value, row) => [table[row], value]),
        );
        return [
          names[index] ?? path,
          table.every(({ values }) => typeof values[path] === 'number') ? 'r' : 't',
          (trial: TrialSummary) => sayShort(apart.get(trial)),
        ] as const;
      }),
      [`train ${metricTitle(metric)}`, 'r', ({ train }) => sayMetric(train, metric)],
      ...(hasOther
        ? ([
            [`validation ${other}`, 'r', ({ validation }: TrialSummary) => sayMetric(validation, other)],
            [`train ${other}`, 'r', ({ train }: TrialSummary) => sayMetric(train, other)],
          ] as const)
        : []),
      ['steps', 'r', ({ step }) => formatCount(step)],
      ...(hasStages ? ([['stage', 'l', ({ stage }: TrialSummary) => stage]] as const) : []),
      ...(hasStates ? ([['state', 'l', sayState]] as const) : []),
      ['population/member', 't', ({ index }) => places.get(index) ?? ''],
    ];
  const kind = runKind(data.records);
  const caption =
    `Best first${kind === undefined ? '' : `; mean ± standard deviation over ${kind}`}` +
    `${hasStates ? '; trials that were trained to their end, then those that were pruned, then those that diverged' : ''}`;
  const html = htmlTable(
    caption,
    columns.map(([title]) => title),
    shown.map((trial) => columns.map(([, , cell]) => cell(trial))),
    columns.map(([, align]) => align).join(''),
  );
  const rest = `The first ${mostRows} of ${formatCount(table.length)} trials; trials.csv has all, trials.jsonl every run.`;
  const note = table.length > mostRows ? rest : 'trials.csv has this table at full precision, trials.jsonl every run.';
  return { id: 'trials-table', title: 'Trials', parts: [{ html }, { html: paragraph(note, 'missing') }] };
}

function sayState({ state, runs, divergedRuns }: TrialSummary): string {
  return state === 'diverged' && runs > 1 ? `${divergedRuns} of ${runs} diverged` : state;
}

function spaceSection({ search, table }: SearchData): Section {
  const rows = Object.entries(search.space).map(([path, dimension]) => {
    const different = new Set(table.map(({ values }) => JSON.stringify(values[path]))).size;
    return [path, sayDimension(dimension), formatCount(different)];
  });
  const html = htmlTable('What was varied', ['field', 'over', 'different values'], rows, 'ltr');
  return { id: 'space', title: 'Space', parts: [{ html }] };
}

/** How the runs were packed. */
function populationsSection({ records }: SearchData): Section {
  const populations = new Map<string, { runs: number; step: number; seconds: number }>();
  for (const { population, step, populationSeconds } of records) {
    const known = populations.get(population);
    populations.set(population, {
      runs: (known?.runs ?? 0) + 1,
      step: Math.max(step, known?.step ?? 0),
      seconds: populationSeconds,
    });
  }
  const rows = [...populations].map(([name, { runs, step, seconds }]) => [
    name,
    formatCount(runs),
    formatCount(step),
    formatSeconds(seconds),
  ]);
  const shown = rows.slice(0, mostRows);
  const html = htmlTable(
    'Runs that were trained together; each is a run folder in populations/, which "descent report", where it came to its end, draws member by member',
    ['population', 'runs', 'steps', 'time'],
    shown,
    'lrrr',
  );
  const rest = `The first ${mostRows} of ${formatCount(rows.length)} populations.`;
  const parts: Part[] = [{ html }, ...(rows.length > shown.length ? [{ html: paragraph(rest, 'missing') }] : [])];
  return { id: 'populations', title: 'Populations', parts };
}

function sayDimension({ uniform, logUniform, int, choice, grid }: Dimension): string {
  const range = ([from, to]: readonly [number, number]): string => `${sayInFull(from)} to ${sayInFull(to)}`;
  if (logUniform !== undefined) return `${range(logUniform)}, logarithms evenly`;
  if (uniform !== undefined) return `${range(uniform)}, evenly`;
  if (int !== undefined) return `whole numbers, ${range(int)}`;
  if (choice !== undefined) return `one of ${choice.map(sayInFull).join(', ')}`;
  return `each of ${(grid ?? []).map(sayInFull).join(', ')}`;
}

function endSection({ folder, search, best, dataFolder }: SearchData): Section {
  const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const inFolder = (name: string): string => quote(`${folder.replace(/\/$/, '')}/${name}`);
  const data = dataFolder === undefined ? '' : ` --data ${quote(dataFolder)}`;
  const folds =
    search.folds === undefined
      ? ''
      : ' Cross-validation has trained each trial without one fold at a time; trained by itself it may have all training rows.';
  const hasBest = best.value !== undefined;
  const lines = [
    ...(hasBest ? [`descent train ${inFolder('best.json')}${data} --out best`, 'descent report best'] : []),
    `descent search ${inFolder('recipe.json')}${data} --out again`,
  ];
  return {
    id: 'best',
    title: hasBest ? 'Training the best, and searching again' : 'Searching again',
    parts: [
      {
        html: paragraph(
          hasBest
            ? `best.json of the search folder is the recipe of the best trial, complete; recipe.json is that of the search.${folds}`
            : 'recipe.json of the search folder is the recipe of the search.',
        ),
      },
      { html: code(lines.join('\n')) },
      { html: paragraph(`Descent ${version}`, 'version') },
    ],
  };
}
