/** Writes the report of a run: report.html, report.json, and every figure as SVG and PNG. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../src/train/device.ts';
import { formatMetric, metricTitle } from '../metric-names.ts';
import { sayMember, writeWhole } from '../run-folder.ts';
import { classifierAnswers, regressionPoints } from './answers.ts';
import { chartToSvg, svgToPng } from './chart.ts';
import type { Figure } from './figures/figure.ts';
import { renderPage } from './page.ts';
import type { DrawnFigure } from './page.ts';
import { collectRunData } from './run-data.ts';
import type { OpenedRun, RunData } from './run-data.ts';
import { reportSections } from './sections.ts';

export interface WrittenReport {
  /** Path of report.html. */
  readonly page: string;
  readonly pageBytes: number;
  /** Names of the figures; each is there as .svg and .png in `figures/`. */
  readonly figures: readonly string[];
}

/** Asks the model, draws and writes. `chosen`: rows of the reported split whose feature maps are shown. */
export async function writeReport(
  run: OpenedRun,
  chosen: readonly number[] | undefined,
  out: string,
  device: Device,
): Promise<WrittenReport> {
  const data = await collectRunData(run, chosen, device);
  const sections = reportSections(data);
  const drawings: DrawnFigure[] = [];
  for (const part of sections.flatMap(({ parts }) => parts)) {
    if ('figure' in part) drawings.push({ figure: part.figure, svg: await drawFigure(part.figure) });
  }
  const figures = join(out, 'figures');
  mkdirSync(figures, { recursive: true });
  for (const { figure, svg } of drawings) {
    writeWhole(join(figures, `${figure.name}.svg`), svg);
    writeWhole(join(figures, `${figure.name}.png`), svgToPng(svg));
  }
  writeWhole(join(out, 'report.json'), `${JSON.stringify(reportNumbers(data), undefined, 2)}\n`);
  const html = renderPage(data.recipe.name, subtitle(data), sections, drawings);
  const page = join(out, 'report.html');
  writeWhole(page, html);
  return { page, pageBytes: Buffer.byteLength(html), figures: drawings.map(({ figure }) => figure.name) };
}

/** The SVG of a figure, for a file or a page. */
export async function drawFigure({ drawing }: Figure): Promise<string> {
  return drawing.kind === 'chart' ? chartToSvg(drawing.spec) : drawing.svg;
}

/** How good it is, in one line. */
function subtitle({ summary, reported, trained, population }: RunData): string {
  const metrics = summary.splits.find(({ split }) => split === reported)?.metrics ?? {};
  const name = ['accuracy', 'r2', 'loss'].find((each) => typeof metrics[each] === 'number') ?? 'loss';
  const value = metrics[name] ?? Number.NaN;
  const member = population > 1 ? `, ${sayMember(trained.member, population)}` : '';
  return `${reported} ${metricTitle(name)} ${formatMetric(name, value)}, on ${summary.adapter}${member}`;
}

/** What the figures were drawn from, where no other file of the run has it. */
function reportNumbers(data: RunData): object {
  const { reported, rows, dataset, fit, chosen } = data;
  const answers =
    dataset.labels === undefined ? { points: regressionPoints(data), ...(fit && { fit }) } : classifierAnswers(data);
  return { split: reported, rows: rows[reported].length, inputs: chosen, ...answers };
}
