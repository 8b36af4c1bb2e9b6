/** `descent reproduce REPORT`: runs the rows of a published report and writes our numbers beside the published ones. */
import { Command } from 'commander';
import { CheckError, RecipeError } from '../../src/errors.ts';
import { formatSeconds } from '../../src/numbers.ts';
import { nearest } from '../../src/recipe/parse.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { sayDifference, sayNumber, sayOurs } from '../reproduce/formats.ts';
import type { Mode } from '../reproduce/modes.ts';
import type { RowOutcome } from '../reproduce/outcome.ts';
import { publishedReports } from '../reproduce/published.ts';
import type { PublishedReport } from '../reproduce/published.ts';
import { reproduce, sayWritten } from '../reproduce/reproduce.ts';
import { programVersion } from '../reproduce/version.ts';
import { quoteCommand } from './interruption.ts';
import { addDeviceOptions, addJsonOption, addTuneOption, parsePositive } from './options.ts';
import type { DeviceChoice } from './options.ts';

interface ReproduceCommandOptions extends DeviceChoice {
  readonly quick?: boolean;
  readonly epochs?: number;
  readonly rows?: readonly string[];
  readonly out: string;
  readonly data?: string;
  readonly json?: boolean;
}

export function reproduceCommand(io: Io, args: readonly string[]): Command {
  const names = [...publishedReports.map(({ name }) => name), 'all'].join(', ');
  const command = new Command('reproduce')
    .description(
      'run the rows of a published report, and write a page with our number beside the published one; goes on where it was interrupted',
    )
    .argument('<report>', `one of ${names}`)
    .option(
      '--quick',
      'the first 10,000 training examples, and a fifth of the steps that each recipe takes on them; the schedule is scaled alike',
    )
    .option('--epochs <n>', 'train every row for so many epochs; the schedule is scaled alike', parsePositive)
    .option('--rows <id...>', 'only these rows')
    .option('--out <folder>', 'where the work and the pages are kept', 'reproduction')
    .option('--data <folder>', 'folder of the data sets');
  return addJsonOption(addTuneOption(addDeviceOptions(command))).action(
    async (name: string, options: ReproduceCommandOptions) => {
      const reports = findReports(name);
      const {
        summary,
        reports: written,
        faults,
        left,
      } = await reproduce(reports, {
        ...options,
        mode: modeOf(options),
        known: publishedReports,
        program: programVersion(),
        commandToResume: quoteCommand(args),
        io,
      });
      if (options.json === true) io.stdout(formatJson({ reports: written, summary }));
      else {
        for (const report of written) io.stdout(`${report.name}\n${formatRows(report.rows)}\n`);
        sayWritten(written, summary, io);
      }
      if (left.size > 0) throw new RecipeError('', [sayLeft(left), ...faults].join(' '));
      if (faults.length > 0) throw new CheckError(`not every row came to its end. ${faults.join(' ')}`);
    },
  );
}

/** Longer texts in place of a published number are whole on the page. */
const mostLetters = 48;

function modeOf({ quick, epochs }: ReproduceCommandOptions): Mode {
  if (epochs === undefined) return { kind: quick === true ? 'quick' : 'full' };
  if (quick === true) throw new RecipeError('--quick', 'has a length of its own. Leave out --quick or --epochs.');
  return { kind: 'epochs', epochs };
}

function findReports(name: string): readonly PublishedReport[] {
  if (name === 'all') return publishedReports;
  const report = publishedReports.find((each) => each.name === name);
  if (report !== undefined) return [report];
  const known = [...publishedReports.map((each) => each.name), 'all'];
  const near = nearest(name, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw new RecipeError(name, `there is no such report.${hint} There are: ${known.join(', ')}.`);
}

/** Rows that could not be done; those of one reason together. */
function sayLeft(left: ReadonlyMap<string, string>): string {
  const reasons = [...new Set(left.values())].map((reason) => {
    const rows = [...left].filter(([, each]) => each === reason).map(([row]) => row);
    return `${rows.join(', ')}: ${reason}`;
  });
  return `not every row could be done. ${reasons.join(' ')}`;
}

function formatRows(rows: readonly RowOutcome[]): string {
  const lines = rows.flatMap(({ id, numbers, mode, seconds, publishedText = '', reason }) => {
    const state = mode ?? (reason === undefined ? 'not done yet' : 'not done');
    const time = seconds === undefined ? '' : formatSeconds(seconds);
    const words = publishedText.length > mostLetters ? `${publishedText.slice(0, mostLetters - 1)}…` : publishedText;
    if (numbers.length === 0) return [[id, '', words, '', '', state, time]];
    return numbers.map((number, index) => [
      index === 0 ? id : '',
      number.what,
      sayNumber(number.unit, number.published) || (index === 0 ? words : ''),
      sayOurs(number),
      sayDifference(number),
      index === 0 ? state : '',
      index === 0 ? time : '',
    ]);
  });
  const titles = ['row', 'number', 'published', 'ours', 'difference', 'mode', 'time'];
  return formatTable([titles, ...lines], 'llrrrlr');
}
