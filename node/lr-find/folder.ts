/** What a range test leaves: lr-find.json (settings and suggestions), lr-find.csv (every step), and the plot as SVG and PNG. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RangeTest } from '../../src/lr-find/range-test.ts';
import { formatCsv } from '../output.ts';
import { writeWhole } from '../run-folder.ts';

/** Names of the files, in the order of writing. */
export const filesOfTest: readonly string[] = ['lr-find.csv', 'lr-find.svg', 'lr-find.png', 'lr-find.json'];

/** The test without its points: lr-find.json, and the most of what `--json` prints. */
export function rangeNumbers(test: RangeTest) {
  const { recipe, points, suggestions, ...others } = test;
  const last = points.at(-1);
  return {
    name: recipe.name,
    seed: recipe.seed,
    ...others,
    /** Steps that were taken, and the rate of the last. */
    stepsDone: points.length,
    lastRate: last?.rate,
    suggestions,
  };
}

/** Draws and writes; each file whole. Drawing needs libraries that are loaded only here. The test has at least one point. */
export async function writeRangeTest(folder: string, test: RangeTest): Promise<void> {
  const { rangeTestFigure } = await import('../report/figures/range-test.ts');
  const { drawFigure } = await import('../report/write-page.ts');
  const { svgToPng } = await import('../report/chart.ts');
  const svg = await drawFigure(rangeTestFigure(test));
  const png = svgToPng(svg);
  mkdirSync(folder, { recursive: true });
  const numbers = { ...rangeNumbers(test), recipe: test.recipe };
  writeWhole(join(folder, 'lr-find.csv'), formatCsv(pointRows(test)));
  writeWhole(join(folder, 'lr-find.svg'), svg);
  writeWhole(join(folder, 'lr-find.png'), png);
  writeWhole(join(folder, 'lr-find.json'), `${JSON.stringify(numbers, undefined, 2)}\n`);
}

/** A line for each step; accuracy only where there is one. */
function pointRows({ points }: RangeTest): (string | number)[][] {
  const isClassifier = points.every(({ accuracy }) => accuracy !== undefined);
  const names = ['step', 'rate', 'loss', 'smoothedLoss', ...(isClassifier ? ['accuracy', 'smoothedAccuracy'] : [])];
  const rows = points.map(({ step, rate, loss, smoothedLoss, accuracy, smoothedAccuracy }) => {
    const cells = [step, rate, loss, smoothedLoss];
    return accuracy === undefined || smoothedAccuracy === undefined ? cells : [...cells, accuracy, smoothedAccuracy];
  });
  return [names, ...rows];
}
