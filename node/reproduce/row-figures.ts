/** Figures of the run of another row: drawn once, and kept beside each other as SVG and PNG. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RecipeError } from '../../src/errors.ts';
import type { Device } from '../../src/train/device.ts';
import { writeWhole } from '../run-folder.ts';
import { svgToPng } from '../report/chart.ts';
import { drawFigure } from '../report/write-page.ts';
import { collectRunData, openRunWithData } from '../report/run-data.ts';
import { reportSections } from '../report/sections.ts';
import type { FiguresRow } from './published/types.ts';
import type { ResultOf } from './stored.ts';

/** How the figures of `descent report` are called in the rows: by what their names begin with. */
const figureNames: Readonly<Record<string, string>> = {
  'loss curves': 'curves',
  'weight histograms': 'weights-final',
  kernels: 'kernels-',
  'feature maps': 'features-',
  'activation profiles': 'profiles',
  'regression fit': 'fit',
};

/** Draws the row's figures of a finished run into `figures/` of the row's folder. */
export async function drawRowFigures(
  row: FiguresRow,
  run: string,
  folder: string,
  data: string | undefined,
  device: Device,
): Promise<ResultOf<'figures'>> {
  const started = performance.now();
  const beginnings = row.figures.map((asked) => {
    const beginning = figureNames[asked];
    if (beginning !== undefined) return beginning;
    throw new RecipeError(row.id, `there is no figure "${asked}". There are: ${Object.keys(figureNames).join(', ')}.`);
  });
  const collected = await collectRunData(await openRunWithData(run, 0, data), undefined, device);
  const parts = reportSections(collected).flatMap(({ parts: all }) => all.filter((part) => 'figure' in part));
  const chosen = beginnings.flatMap((beginning) => parts.filter(({ figure }) => figure.name.startsWith(beginning)));
  const place = join(folder, 'figures');
  mkdirSync(place, { recursive: true });
  for (const { figure } of chosen) {
    const svg = await drawFigure(figure);
    writeWhole(join(place, `${figure.name}.svg`), svg);
    writeWhole(join(place, `${figure.name}.png`), svgToPng(svg));
  }
  return {
    kind: 'figures',
    adapter: device.name,
    seconds: (performance.now() - started) / 1000,
    figures: chosen.map(({ title, figure: { name, alt, caption } }) => ({
      ...(title !== undefined && { title }),
      name,
      alt,
      caption,
    })),
  };
}
