/** `descent report RUN`: a finished run, or a finished search, as one page with every figure. What draws is loaded only here. */
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { RecipeError } from '../../src/errors.ts';
import { formatBytes } from '../../src/numbers.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { sayMember } from '../run-folder.ts';
import { runArgument } from './evaluate.ts';
import { addDeviceOptions, addJsonOption, openChosenDevice, parseCount } from './options.ts';
import type { DeviceChoice } from './options.ts';

interface ReportOptions extends DeviceChoice {
  readonly out?: string;
  readonly member?: number;
  readonly input?: readonly number[];
  readonly data?: string;
  readonly json?: boolean;
}

export function reportCommand(io: Io): Command {
  const command = new Command('report')
    .description(
      'draw a finished run: curves, mistakes, weights and what is inside, on one page; or a finished search: its metric over each field, ' +
        'parallel coordinates and the table of trials',
    )
    .argument('<run>', `${runArgument}, or of a finished search`)
    .option(
      '--out <folder>',
      'where to write report.html and its figures (default: report in the run folder, report-memberK of a population; of a search its folder)',
    )
    .option('--member <k>', 'of a population, the member to draw, from 0 (default: 0)', parseCount)
    .option(
      '--input <row>',
      'row of the test split (else validation, else train), from 0, whose feature maps are shown; may be given again',
      collectRow,
    )
    .option('--data <folder>', 'folder of the data sets (default: as in training)');
  return addJsonOption(addDeviceOptions(command)).action(async (run: string, options: ReportOptions) => {
    const { member = 0, input, data } = options;
    const { holdsSearch } = await import('../search/marks.ts');
    if (holdsSearch(run)) {
      await reportSearch(run, options, io);
      return;
    }
    const { openRunWithData } = await import('../report/run-data.ts');
    const opened = await openRunWithData(run, member, data);
    const isPopulation = opened.population > 1;
    const out = options.out ?? join(run, isPopulation ? `report-member${member}` : 'report');
    using device = await openChosenDevice(options, io);
    const { writeReport } = await import('../report/report.ts');
    const { page, pageBytes, figures } = await writeReport(opened, input, out, device);
    if (options.json === true) {
      const ofPopulation = isPopulation && { member };
      io.stdout(
        formatJson({
          run: resolve(run),
          ...ofPopulation,
          page: resolve(page),
          pageBytes,
          figures,
          adapter: device.name,
        }),
      );
      return;
    }
    const memberText = isPopulation ? `${sayMember(member, opened.population)}, ` : '';
    io.stdout(
      `${page}: ${memberText}${sayFigures(figures.length)}, ${formatBytes(pageBytes)}; each also as SVG and PNG beside it\n`,
    );
  });
}

/** Options that say something of one run only. */
const runOptions = ['member', 'input', 'data', 'device', 'adapter'] as const;

async function reportSearch(folder: string, options: ReportOptions, io: Io): Promise<void> {
  const wrong = runOptions.find((name) => options[name] !== undefined);
  if (wrong !== undefined) {
    throw new RecipeError(
      `--${wrong}`,
      `belongs to the report of a run, but ${folder} holds a search, whose report is drawn from its records alone. Leave it out, or name ` +
        'a folder of its populations/.',
    );
  }
  const { writeSearchReport } = await import('../report/search/report.ts');
  const { page, pageBytes, figures } = await writeSearchReport(folder, options.out);
  if (options.json === true) {
    io.stdout(formatJson({ search: resolve(folder), page: resolve(page), pageBytes, figures }));
    return;
  }
  io.stdout(`${page}: ${sayFigures(figures.length)}, ${formatBytes(pageBytes)}; each also as SVG and PNG beside it\n`);
}

function sayFigures(count: number): string {
  return count === 1 ? '1 figure' : `${count} figures`;
}

function collectRow(text: string, rows: readonly number[] = []): number[] {
  return [...rows, parseCount(text)];
}
