/** Writes the report of a run: report.html, report.json, and every figure as SVG and PNG. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../src/train/device.ts';
import { formatMetric, metricTitle } from '../metric-names.ts';
import { sayMember, writeWhole } from '../run-folder.ts';
import { classifierAnswers, regressionPoints } from './answers.ts';
import { collectRunData } from './run-data.ts';
import type { OpenedRun, RunData } from './run-data.ts';
import { reportSections } from './sections.ts';
import { writePage } from './write-page.ts';
import type { WrittenReport } from './write-page.ts';

/** Asks the model, draws and writes. `chosen`: rows of the reported split whose feature maps are shown. */
export async function writeReport(
  run: OpenedRun,
  chosen: readonly number[] | undefined,
  out: string,
  device: Device,
): Promise<WrittenReport> {
  const data = await collectRunData(run, chosen, device);
  mkdirSync(out, { recursive: true });
  writeWhole(join(out, 'report.json'), `${JSON.stringify(reportNumbers(data), undefined, 2)}\n`);
  return writePage(out, data.recipe.name, subtitle(data), reportSections(data));
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
