/** `descent inspect RUN --input N`: what every layer of a finished run answers to one row, as .npy and PNG. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { SplitName } from '../../src/data/dataset.ts';
import { formatNumber } from '../../src/numbers.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import type { Inspection } from '../report/inspection.ts';
import { sayMember } from '../run-folder.ts';
import { runArgument } from './evaluate.ts';
import { addDeviceOptions, addJsonOption, openChosenDevice, parseCount } from './options.ts';
import type { DeviceChoice } from './options.ts';

interface InspectOptions extends DeviceChoice {
  readonly input: number;
  readonly split?: SplitName;
  readonly out?: string;
  readonly member?: number;
  readonly data?: string;
  readonly json?: boolean;
}

export function inspectCommand(io: Io): Command {
  const command = new Command('inspect')
    .description('write what every layer of a finished run answers to one row, as .npy and PNG')
    .argument('<run>', runArgument)
    .requiredOption('--input <row>', 'a row of the split, from 0', parseCount)
    .addOption(
      new Option('--split <name>', 'where the row is (default: test, else validation, else train)').choices([
        'test',
        'validation',
        'train',
      ]),
    )
    .option(
      '--out <folder>',
      'where to write (default: inspect-SPLIT-ROW in the run folder, inspect-memberK-SPLIT-ROW of a population)',
    )
    .option('--member <k>', 'of a population, the member to look into, from 0 (default: 0)', parseCount)
    .option('--data <folder>', 'folder of the data sets (default: as in training)');
  return addJsonOption(addDeviceOptions(command)).action(async (run: string, options: InspectOptions) => {
    const { member = 0, input, split, out, data } = options;
    const { openRunWithData } = await import('../report/run-data.ts');
    const opened = await openRunWithData(run, member, data);
    using device = await openChosenDevice(options, io);
    const { writeInspection } = await import('../report/inspection.ts');
    const found = await writeInspection(opened, input, split, out, device);
    if (options.json === true) {
      const ofPopulation = opened.population > 1 && { member };
      io.stdout(
        formatJson({
          run: resolve(run),
          ...ofPopulation,
          ...found,
          folder: resolve(found.folder),
          adapter: device.name,
        }),
      );
      return;
    }
    const memberText = opened.population > 1 ? `, ${sayMember(member, opened.population)}` : '';
    io.stdout(`${found.split} row ${found.row}${memberText}: ${sayAnswer(found)}\n`);
    const rows = found.layers.map(({ layer, type, shape, npy, png }) => [layer, type, shape.join('x'), npy, png]);
    io.stdout(formatTable([['layer', 'type', 'shape', 'values', 'picture'], ...rows], 'lllll'));
    io.stdout(`in ${found.folder}\n`);
  });
}

function sayAnswer({ label, predicted, targets = [], predictions = [] }: Inspection): string {
  if (label !== undefined) return `is ${label}, predicted ${predicted}`;
  const list = (values: readonly number[]): string => values.map((value) => formatNumber(value)).join(', ');
  return `target ${list(targets)}, prediction ${list(predictions)}`;
}
