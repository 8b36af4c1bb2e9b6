/** `descent evaluate RUN`: how a finished run does on a split of its dataset. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { loadDataset } from '../../src/data/dataset.ts';
import type { SplitName } from '../../src/data/dataset.ts';
import { formatCount, formatShare } from '../../src/numbers.ts';
import { evaluateModel, memberRecipe } from '../../src/train/use-model.ts';
import type { Evaluation } from '../../src/train/use-model.ts';
import { openDataFiles } from '../files.ts';
import { formatMetric, metricTitle } from '../metric-names.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { openTrainedModel, readModelFile, sayMember } from '../run-folder.ts';
import { addDeviceOptions, addJsonOption, deviceName, openChosenDevice, parseCount } from './options.ts';
import type { DeviceChoice } from './options.ts';

export const runArgument = 'the folder of a finished run';
/** Larger matrices are left to --json. */
const mostClassesShown = 20;

interface EvaluateOptions extends DeviceChoice {
  readonly split: SplitName;
  readonly member?: number;
  readonly data?: string;
  readonly json?: boolean;
}

export function evaluateCommand(io: Io): Command {
  const command = new Command('evaluate')
    .description('score a finished run: loss, accuracy, confusion matrix, per-class table')
    .argument('<run>', runArgument)
    .addOption(new Option('--split <name>', 'rows to score').choices(['test', 'validation', 'train']).default('test'))
    .option('--member <k>', 'of a population, the member to score, from 0 (default: 0)', parseCount)
    .option('--data <folder>', 'folder of the data sets (default: as in training)');
  return addJsonOption(addDeviceOptions(command)).action(async (run: string, options: EvaluateOptions) => {
    const { split, member = 0 } = options;
    const trained = openTrainedModel(run, member);
    const { dataFolder, startFolder } = readModelFile(run);
    const files = openDataFiles(options.data ?? dataFolder, startFolder);
    const dataset = await loadDataset(trained.recipe.data, files);
    using device = await openChosenDevice(options, io);
    const evaluation = await evaluateModel(trained, dataset, split, device);
    const population = trained.recipe.members?.length;
    if (options.json === true) {
      const classNames = evaluation.classes?.map(({ name }) => name);
      const json = {
        run: resolve(run),
        adapter: device.name,
        device: device.kind,
        split,
        ...(population !== undefined && { member }),
        ...evaluation,
        ...(classNames && { classNames }),
      };
      io.stdout(formatJson(json));
      return;
    }
    const memberText = population === undefined ? '' : `, ${sayMember(member, population)}`;
    io.stdout(`${split}, ${formatCount(evaluation.rows)} rows${memberText}, on ${deviceName(device)}\n`);
    io.stdout(formatEvaluation(evaluation, memberRecipe(trained).evaluation.topK));
  });
}

function formatEvaluation(evaluation: Evaluation, topK: number | undefined): string {
  const { loss, cost, classes, confusion } = evaluation;
  const facts = (['accuracy', 'topKAccuracy', 'loss', 'cost', 'rmse', 'r2'] as const).flatMap((name) => {
    const value = evaluation[name];
    if (value === undefined || (name === 'cost' && cost === loss)) return [];
    return [[metricTitle(name, topK), formatMetric(name, value)]];
  });
  const blocks = [formatTable(facts, 'll')];
  if (classes !== undefined) {
    const rows = classes.map(({ name, precision, recall, f1, support }) => [
      name,
      ...[precision, recall, f1].map((value) => formatShare(value)),
      formatCount(support),
    ]);
    blocks.push(formatTable([['class', 'precision', 'recall', 'F1', 'rows'], ...rows], 'lrrrr'));
  }
  if (classes !== undefined && confusion !== undefined && classes.length <= mostClassesShown) {
    const names = classes.map(({ name }) => name);
    const rows = confusion.map((counts, label) => [names[label] ?? '', ...counts.map(String)]);
    const table = formatTable([['', ...names], ...rows], `l${'r'.repeat(names.length)}`);
    blocks.push(`rows: the class, columns: the prediction\n${table}`);
  }
  return blocks.join('\n');
}
