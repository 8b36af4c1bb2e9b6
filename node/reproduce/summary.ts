/** reproduction.md: every row of every report in one table, published number and ours side by side. */
import { formatSeconds } from '../../src/numbers.ts';
import { keepTogether } from '../report/html.ts';
import { dataNotes, sayAll, sayDifference, sayNumber, sayOurs } from './formats.ts';
import type { RowOutcome } from './outcome.ts';
import { quickText } from './texts.ts';
import { sayVersion } from './version.ts';

export interface ReportOutcomes {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly RowOutcome[];
}

const titles = ['row', 'settings', 'published', 'ours', 'difference', 'mode', 'adapter', 'time', 'Descent'];

export function renderSummary(reports: readonly ReportOutcomes[]): string {
  const chapters = reports.map(({ name, title, rows }) => {
    const notes = dataNotes(rows).map((note) => `Data: ${escapeMarkdown(note)}\n\n`);
    const lines = [titles, titles.map(() => '---'), ...rows.map(cells)].map(
      (row) => `| ${row.map(keepTogether).join(' | ')} |`,
    );
    return `## ${name}: ${escapeMarkdown(title)}\n\n${notes.join('')}${lines.join('\n')}\n`;
  });
  const all = reports.flatMap(({ rows }) => rows);
  const quick = all.some(({ mode }) => mode === 'quick') ? `${quickText}\n\n` : '';
  const done = all.filter(({ mode }) => mode !== undefined).length;
  return (
    `# Published numbers and ours\n\nWritten by \`descent reproduce\`: ${done} of ${all.length} rows are done. ` +
    'A difference is ours less the published number.\n\n' +
    `${quick}${chapters.join('\n')}`
  );
}

function cells(row: RowOutcome): string[] {
  const { numbers, publishedText } = row;
  const published = sayAll(numbers, (number) => sayNumber(number.unit, number.published));
  const text = publishedText === undefined ? [] : [publishedText];
  const isDone = row.mode !== undefined;
  return [
    `${row.title} (\`${row.id}\`)`,
    [row.settings, ...(row.recipe === undefined ? [] : [`recipe \`${row.recipe}\``])].map(escapeMarkdown).join('; '),
    [...published, ...text].map(escapeMarkdown).join('<br>'),
    isDone ? sayAll(numbers, sayOurs).join('<br>') || 'done' : 'not done yet',
    sayAll(numbers, sayDifference).join('<br>'),
    row.mode ?? '',
    escapeMarkdown(row.adapter ?? ''),
    row.seconds === undefined ? '' : formatSeconds(row.seconds),
    row.version === undefined ? '' : sayVersion({ version: row.version, ...(row.commit && { commit: row.commit }) }),
  ];
}

/** What would begin a cell, or markup. */
function escapeMarkdown(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
