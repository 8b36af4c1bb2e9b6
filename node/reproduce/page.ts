/** The page of one report: every row with the published number and ours side by side, what was chosen, and the curves behind it. */
import { formatSeconds } from '../../src/numbers.ts';
import { paragraph, table } from '../report/html.ts';
import type { Link } from '../report/html.ts';
import type { Section } from '../report/sections.ts';
import { writePage } from '../report/write-page.ts';
import type { WrittenReport } from '../report/write-page.ts';
import { dataNotes, sayDifference, sayNumber, sayOurs } from './formats.ts';
import type { DoneWork } from './modes.ts';
import type { RowOutcome } from './outcome.ts';
import type { PublishedReport, PublishedRow } from './published/types.ts';
import { rowSection } from './row-section.ts';
import { epochsText, fullText, quickText } from './texts.ts';

/** A row of a report, and its work if that is done. */
export interface ReportRow {
  readonly row: PublishedRow;
  readonly outcome: RowOutcome;
  readonly work: DoneWork | undefined;
}

/** Writes report.html and its figures into a folder. */
export async function writeReproductionPage(
  out: string,
  report: PublishedReport,
  rows: readonly ReportRow[],
): Promise<WrittenReport> {
  const done = rows.filter(({ work }) => work !== undefined);
  const sections: Section[] = [summarySection(report, rows)];
  for (const row of rows) if (isShown(row.outcome)) sections.push(await rowSection(row));
  const subtitle = `${report.title}: published numbers and ours, ${done.length} of ${rows.length} rows done`;
  return writePage(out, report.name, subtitle, sections);
}

/** Rows have a section where there is something to tell: what came of them, or why nothing did. */
function isShown({ mode, reason }: RowOutcome): boolean {
  return mode !== undefined || reason !== undefined;
}

function summarySection(report: PublishedReport, rows: readonly ReportRow[]): Section {
  const outcomes = rows.map(({ outcome }) => outcome);
  const modes = new Set(outcomes.flatMap(({ mode }) => mode ?? []));
  const isEpochs = [...modes].some((mode) => mode !== 'full' && mode !== 'quick');
  const texts = [
    ...(modes.has('full') ? [fullText] : []),
    ...(modes.has('quick') ? [quickText] : []),
    ...(isEpochs ? [epochsText] : []),
  ];
  const waiting = outcomes.filter((outcome) => !isShown(outcome)).map(({ id }) => id);
  const waits = `Not done yet: ${waiting.join(', ')}. They are done by: descent reproduce ${report.name} --rows ID …`;
  const titles = ['row', 'number', 'published', 'ours', 'difference', 'mode', 'time'];
  return {
    id: 'summary',
    title: 'Summary',
    parts: [
      { html: paragraph(report.about, 'lead') },
      {
        html: table('A difference is ours less the published number.', titles, outcomes.flatMap(tableLines), 'llwrrlr'),
      },
      ...(waiting.length > 0 ? [{ html: paragraph(waits, 'missing') }] : []),
      ...texts.map((text) => ({ html: paragraph(text, 'note') })),
      ...dataNotes(outcomes).map((note) => ({ html: paragraph(`About the data: ${note}`, 'note') })),
    ],
  };
}

/** A line for each number of a row; its title leads to its section. */
function tableLines(outcome: RowOutcome): (string | Link)[][] {
  const { title, id, numbers, mode, seconds, publishedText = '' } = outcome;
  const state = mode ?? 'not done yet';
  const time = seconds === undefined ? '' : formatSeconds(seconds);
  const first = isShown(outcome) ? { text: title, to: id } : title;
  if (numbers.length === 0) return [[first, '', publishedText, mode === undefined ? '' : 'see there', '', state, time]];
  return numbers.map((number, index) => [
    index === 0 ? first : '',
    number.what,
    sayNumber(number.unit, number.published) || (index === 0 ? publishedText : ''),
    sayOurs(number),
    sayDifference(number),
    index === 0 ? state : '',
    index === 0 ? time : '',
  ]);
}
