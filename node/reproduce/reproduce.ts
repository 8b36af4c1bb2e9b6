/** Runs the rows of reports, one after the other, and writes what came of them: a page for each report, results.json and reproduction.md. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CheckError, DataError, InterruptedError, NonFiniteError, RecipeError } from '../../src/errors.ts';
import { formatSeconds } from '../../src/numbers.ts';
import { nearest } from '../../src/recipe/parse.ts';
import { showPath } from '../cli/interruption.ts';
import { openDataFiles } from '../files.ts';
import type { Io } from '../output.ts';
import { writeWhole } from '../run-folder.ts';
import { sayNumber, sayOurs } from './formats.ts';
import { bestDone, countsOver, isDone, modeOfRow, rowFolder, sayMode } from './modes.ts';
import type { DoneWork, Mode } from './modes.ts';
import { rowOutcome } from './outcome.ts';
import type { RowOutcome } from './outcome.ts';
import type { ReportRow } from './page.ts';
import type { PublishedReport, PublishedRow } from './published/types.ts';
import { checkSameRow, runRow } from './run-row.ts';
import type { RowOptions } from './run-row.ts';
import { renderSummary } from './summary.ts';

export interface ReproduceOptions extends RowOptions {
  readonly mode: Mode;
  /** Ids of rows; default: all. */
  readonly rows?: readonly string[];
  readonly out: string;
  /** All reports that there are, for the summary. */
  readonly known: readonly PublishedReport[];
}

export interface ReproducedReport {
  readonly name: string;
  readonly page: string;
  readonly rows: readonly RowOutcome[];
}

export interface Reproduction {
  readonly reports: readonly ReproducedReport[];
  readonly summary: string;
  /** Rows whose loss became NaN or infinite: one sentence each. */
  readonly faults: readonly string[];
  /** Rows that could not be done, by report and id, and why. */
  readonly left: ReadonlyMap<string, string>;
}

/** What came in the way of rows in this session. */
interface Hindrances {
  readonly faults: string[];
  readonly left: Map<string, string>;
}

/** Throws RecipeError for a row id that none of the reports has. */
function checkRowIds(reports: readonly PublishedReport[], ids: readonly string[] = []): void {
  const known = [...new Set(reports.flatMap(({ rows }) => rows.map(({ id }) => id)))];
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw new RecipeError('--rows', `there is no row "${unknown}".${hint} There are: ${known.join(', ')}.`);
}

/**
 * Does the rows that are not done yet. Whatever ends it early, the pages show what is done so far. Throws what trainings throw, but for a
 * loss that is not finite and for data that is missing, which are told at the end.
 */
export async function reproduce(reports: readonly PublishedReport[], options: ReproduceOptions): Promise<Reproduction> {
  checkRowIds(reports, options.rows);
  // A folder that is not there is wrong for every row.
  openDataFiles(options.data);
  const asked = reports.flatMap((report) =>
    report.rows.filter(({ id }) => options.rows?.includes(id) ?? true).map((row) => ({ report, row })),
  );
  const hindrances: Hindrances = { faults: [], left: new Map() };
  const total = asked.length;
  let failed: unknown;
  try {
    for (const [index, { report, row }] of asked.entries()) {
      await reproduceRow(report, row, `Row ${index + 1} of ${total}`, options, hindrances);
      writeResults(report, options, hindrances.left);
    }
  } catch (cause) {
    failed = cause;
  }
  const pages: ReproducedReport[] = [];
  // After a Ctrl-C people wait for the prompt, so only pages with something to show are drawn.
  for (const report of reports) pages.push(await writeReport(report, options, hindrances.left));
  const summary = writeSummary(options);
  if (failed !== undefined) {
    if (failed instanceof InterruptedError) sayWritten(pages, summary, options.io);
    throw failed;
  }
  return { reports: pages, summary, ...hindrances };
}

async function reproduceRow(
  report: PublishedReport,
  row: PublishedRow,
  place: string,
  options: ReproduceOptions,
  { faults, left }: Hindrances,
): Promise<void> {
  const { out, io } = options;
  const of = row.kind === 'figures' ? bestDone(out, report.name, row.of) : undefined;
  const title = `${place}: ${report.name} ${row.id}, ${row.title}`;
  if (row.kind === 'figures' && of === undefined) {
    io.stderr(`${title}: row ${row.of} comes first, and is not done yet.\n`);
    return;
  }
  const mode = of?.mode ?? modeOfRow(row, options.mode);
  const work: DoneWork = { mode, folder: rowFolder(out, report.name, row.id, mode) };
  const best = bestDone(out, report.name, row.id);
  const done = best !== undefined && countsOver(best.mode, mode) ? best : isDone(work) ? work : undefined;
  if (done !== undefined) {
    checkSameRow(row, done);
    io.stderr(`${title}: done (${sayMode(done.mode)})\n`);
    noteWhichCounts(best, done.mode, io);
    return;
  }
  io.stderr(`${title} (${sayMode(mode)})\n`);
  const started = performance.now();
  try {
    await runRow(row, work, of, options);
  } catch (cause) {
    if (cause instanceof DataError) {
      left.set(placeOf(report, row), cause.message);
      io.stderr(`Not done: ${cause.message}\n`);
      return;
    }
    if (!(cause instanceof NonFiniteError || cause instanceof CheckError)) throw cause;
    faults.push(`${report.name} ${row.id}: ${cause.message}`);
    io.stderr(`${cause.message}\n`);
    return;
  }
  const { numbers } = rowOutcome(report.name, row, work);
  const texts = numbers.flatMap((number) => {
    const { what, unit, published, ours } = number;
    if (ours === undefined) return [];
    return [`${what} ${sayOurs(number)}${published === undefined ? '' : ` (published ${sayNumber(unit, published)})`}`];
  });
  const time = formatSeconds((performance.now() - started) / 1000);
  io.stderr(`${[texts.join(', ') || 'done', time].join('; ')}\n`);
  noteWhichCounts(bestDone(out, report.name, row.id), mode, io);
  io.stderr('\n');
}

/** Pages show one work of a row, which may be another than the one that was asked for. */
function noteWhichCounts(best: DoneWork | undefined, asked: Mode, io: Io): void {
  if (best === undefined || sayMode(best.mode) === sayMode(asked)) return;
  io.stderr(
    `The page goes on showing this row's work of more training: ${sayMode(best.mode)}, not ${sayMode(asked)}.\n`,
  );
}

function placeOf({ name }: PublishedReport, { id }: PublishedRow): string {
  return `${name} ${id}`;
}

function reportRows(report: PublishedReport, out: string, left: ReadonlyMap<string, string>): ReportRow[] {
  return report.rows.map((row) => {
    const work = bestDone(out, report.name, row.id);
    const reason = work === undefined ? left.get(placeOf(report, row)) : undefined;
    const outcome = rowOutcome(report.name, row, work);
    return { row, work, outcome: { ...outcome, ...(reason !== undefined && { reason }) } };
  });
}

/** results.json: every row, done or not. */
function writeResults(report: PublishedReport, { out }: ReproduceOptions, left: ReadonlyMap<string, string>): void {
  const folder = join(out, report.name);
  mkdirSync(folder, { recursive: true });
  const rows = reportRows(report, out, left).map(({ outcome }) => outcome);
  const json = { name: report.name, title: report.title, rows };
  writeWhole(join(folder, 'results.json'), `${JSON.stringify(json, undefined, 2)}\n`);
}

async function writeReport(
  report: PublishedReport,
  options: ReproduceOptions,
  left: ReadonlyMap<string, string>,
): Promise<ReproducedReport> {
  writeResults(report, options, left);
  const rows = reportRows(report, options.out, left);
  // What draws is loaded only here.
  const { writeReproductionPage } = await import('./page.ts');
  const { page } = await writeReproductionPage(join(options.out, report.name), report, rows);
  return { name: report.name, page, rows: rows.map(({ outcome }) => outcome) };
}

/** Over all reports that were begun in the folder. */
function writeSummary({ out, known }: ReproduceOptions): string {
  const begun = known.filter(({ name }) => existsSync(join(out, name)));
  const reports = begun.map((report) => ({
    name: report.name,
    title: report.title,
    rows: reportRows(report, out, new Map()).map(({ outcome }) => outcome),
  }));
  const path = join(out, 'reproduction.md');
  writeWhole(path, renderSummary(reports));
  return path;
}

export function sayWritten(reports: readonly ReproducedReport[], summary: string, io: Io): void {
  for (const { page } of reports) io.stderr(`The page is ${showPath(page)}\n`);
  io.stderr(`All reports together: ${showPath(summary)}\n`);
}
