/** Draws the figures of a page and writes both: report.html, and every figure as SVG and PNG in `figures/`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../run-folder.ts';
import { chartToSvg, svgToPng } from './chart.ts';
import type { Figure } from './figures/figure.ts';
import { renderPage } from './page.ts';
import type { DrawnFigure } from './page.ts';
import type { Section } from './sections.ts';

export interface WrittenReport {
  /** Path of report.html. */
  readonly page: string;
  readonly pageBytes: number;
  /** Names of the figures; each is there as .svg and .png in `figures/`. */
  readonly figures: readonly string[];
}

export async function writePage(
  out: string,
  title: string,
  subtitle: string,
  sections: readonly Section[],
): Promise<WrittenReport> {
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
  const html = renderPage(title, subtitle, sections, drawings);
  const page = join(out, 'report.html');
  writeWhole(page, html);
  return { page, pageBytes: Buffer.byteLength(html), figures: drawings.map(({ figure }) => figure.name) };
}

/** The SVG of a figure, for a file or a page. */
export async function drawFigure({ drawing }: Figure): Promise<string> {
  return drawing.kind === 'chart' ? chartToSvg(drawing.spec) : drawing.svg;
}
