/** `descent predict RUN --input FILE.csv`: a finished run's predictions for new rows, as CSV or JSON. */
import { elementCount } from '../../src/formats/shape.ts';
import { Command } from 'commander';
import { readInputRows } from '../../src/data/csv.ts';
import type { SavedModel } from '../../src/train/saved-model.ts';
import { predictModel } from '../../src/train/use-model.ts';
import type { Predictions } from '../../src/train/use-model.ts';
import { formatCsv, formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { openTrainedModel, readModelFile, writeWhole } from '../run-folder.ts';
import { runArgument } from './evaluate.ts';
import { addDeviceOptions, addJsonOption, openChosenDevice, parseCount, readInput } from './options.ts';
import type { DeviceChoice } from './options.ts';

interface PredictOptions extends DeviceChoice {
  readonly input: string;
  readonly out?: string;
  readonly member?: number;
  readonly json?: boolean;
}

export function predictCommand(io: Io): Command {
  const command = new Command('predict')
    .description('predict new rows with a finished run')
    .argument('<run>', runArgument)
    .requiredOption('--input <file>', 'a CSV file with a header line, inputs as in the training data')
    .option('--out <file>', 'write to this file instead of standard output')
    .option('--member <k>', 'of a population, the member that predicts, from 0 (default: 0)', parseCount);
  return addJsonOption(addDeviceOptions(command)).action(async (run: string, options: PredictOptions) => {
    const trained = openTrainedModel(run, options.member ?? 0);
    const model = readModelFile(run);
    const features = elementCount(model.inputShape);
    const rows = await readInputRows(readInput(options.input), options.input, features, model.inputNames);
    using device = await openChosenDevice(options, io);
    const predictions = await predictModel(trained, model, { rows, place: options.input }, device);
    const table = predictionRows(predictions, model);
    const text = options.json === true ? formatJson({ predictions: table }) : formatCsv(asCells(table));
    if (options.out === undefined) io.stdout(text);
    else {
      writeWhole(options.out, text);
      if (options.json === true) io.stdout(formatJson({ out: options.out, rows: table.length }));
    }
  });
}

type Cell = string | number;

/** One record per row: class, name and a column per class; or, of a regression, its values. */
function predictionRows({ classes, kind, values }: Predictions, model: SavedModel): Record<string, Cell>[] {
  const { outputCount, classNames } = model;
  const column = (output: number): string => {
    if (classes !== undefined)
      return `${kind === 'probabilities' ? 'probability' : 'output'}_${classNames?.[output] ?? output}`;
    return outputCount === 1 ? 'value' : `value_${output}`;
  };
  return Array.from({ length: values.length / outputCount }, (_, row) => {
    const label = classes?.[row];
    const outputs = values.subarray(row * outputCount, (row + 1) * outputCount);
    return {
      ...(label !== undefined && { class: label, name: classNames?.[label] ?? String(label) }),
      // Nine digits tell every float32 from every other.
      ...Object.fromEntries(Array.from(outputs, (value, output) => [column(output), Number(value.toPrecision(9))])),
    };
  });
}

function asCells(rows: readonly Record<string, Cell>[]): Cell[][] {
  return [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
}
