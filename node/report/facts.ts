/** The words and numbers of a report: what was trained on what, how it ended, and how to do it again. */
import { version } from '../../package.json';
import { formatBytes, formatCount, formatNumber, formatSeconds } from '../../src/numbers.ts';
import { formatMetric, metricTitle } from '../metric-names.ts';
import { code, facts, paragraph, table } from './html.ts';
import type { RunData } from './run-data.ts';
import type { Part, Section } from './sections.ts';

export function summarySection(run: RunData): Section {
  const { recipe, summary, model, trained, population, rows, dataset } = run;
  const { seconds } = summary;
  const rowText = (['train', 'validation', 'test'] as const)
    .filter((name) => rows[name].length > 0)
    .map((name) => `${formatCount(rows[name].length)} ${name}`);
  const parts: Part[] = [
    ...(recipe.description === '' ? [] : [{ html: paragraph(recipe.description, 'lead') }]),
    { html: resultTable(run) },
    {
      html: facts([
        ['data', `${dataset.name}: ${rowText.join(', ')} rows of ${describeShape(model.inputShape)}`],
        ['parameters', formatCount(summary.parameters)],
        [
          'length',
          `${formatNumber(summary.epochs)} ${summary.epochs === 1 ? 'epoch' : 'epochs'}, ${formatCount(summary.steps)} steps of ${recipe.batch} rows`,
        ],
        ['adapter', summary.adapter],
        [
          'time',
          `${formatSeconds(seconds.train)} of training, ${formatSeconds(seconds.total)} in all, ${formatSeconds(seconds.compile)} to compile`,
        ],
        ['speed', `${formatCount(summary.samplesPerSecond)} samples/s`],
        ['device memory', formatBytes(summary.peakDeviceBytes)],
        ['seed', String(summary.seed)],
        ...(population > 1 ? [['member', `${trained.member} (of 0 to ${population - 1})`] as const] : []),
        ['finished', `${summary.written.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
        ...(summary.weightsSha256 === undefined ? [] : [['sha256 of the weights', summary.weightsSha256] as const]),
      ]),
    },
    ...dataset.notes.map((note) => ({ html: paragraph(`About the data: ${note}`, 'note') })),
  ];
  return { id: 'summary', title: 'Summary', parts };
}

/** `28x28x1 pixels`, `3 inputs`. */
function describeShape(shape: readonly number[]): string {
  if (shape.length > 1) return `${shape.join('x')} pixels`;
  return shape[0] === 1 ? '1 input' : `${shape[0]} inputs`;
}

function resultTable({ summary, recipe }: RunData): string {
  const { splits } = summary;
  const all = [...new Set(splits.flatMap(({ metrics }) => Object.keys(metrics)))];
  const costs = splits.some(({ metrics }) => metrics['cost'] !== metrics['loss']);
  const names = all.filter((name) => name !== 'cost' || costs);
  const rows = splits.map(({ split, metrics }) => [
    split,
    ...names.map((name) => {
      const value = metrics[name];
      if (value === undefined) return '';
      return value === null ? 'diverged' : formatMetric(name, value);
    }),
  ]);
  const titles = names.map((name) => metricTitle(name, recipe.evaluation.topK));
  return table('Result', ['split', ...titles], rows, `l${'r'.repeat(names.length)}`);
}

/** The recipe and the commands. */
export function endSections(run: RunData): Section[] {
  const { trained, summary } = run;
  return [
    {
      id: 'recipe',
      title: 'Recipe',
      parts: [{ html: code(JSON.stringify(trained.recipe, undefined, 2)) }],
    },
    {
      id: 'reproduce',
      title: 'Doing it again',
      parts: [
        {
          html: paragraph(
            'The recipe above is complete, every default included; recipe.json of the run folder holds it.',
          ),
        },
        { html: code(commands(run).join('\n')) },
        ...(summary.weightsSha256 === undefined
          ? []
          : [
              {
                html: paragraph(
                  'Two runs on one adapter end with the same bits; adapters whose arithmetic is that of the CPU path agree too. Compare ' +
                    `the sha256 of the weights: ${summary.weightsSha256}.`,
                ),
              },
            ]),
        { html: paragraph(`Descent ${version}`, 'version') },
      ],
    },
  ];
}

function commands({ folder, model, trained, population }: RunData): string[] {
  const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const run = quote(folder);
  const inFolder = (name: string): string => quote(`${folder.replace(/\/$/, '')}/${name}`);
  const data = model.dataFolder === undefined ? '' : ` --data ${quote(model.dataFolder)}`;
  const init = model.initialWeights ? ` --init ${inFolder('init.safetensors')}` : '';
  const member = population > 1 ? ` --member ${trained.member}` : '';
  return [
    `descent train ${inFolder('recipe.json')}${data}${init} --out again`,
    `descent evaluate ${run}${member}`,
    `descent inspect ${run} --input 0${member}`,
    `descent report ${run}${member}`,
  ];
}
