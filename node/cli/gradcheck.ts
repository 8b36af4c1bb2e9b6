/** `descent gradcheck RECIPE`: the plan's gradient against central differences in float64; with --overfit, learning 100 examples by heart. */
import { Command } from 'commander';
import { CheckError, RecipeError } from '../../src/errors.ts';
import { formatCount } from '../../src/numbers.ts';
import { gradcheck } from '../../src/verify/gradcheck.ts';
import type { GradientCheck } from '../../src/verify/gradcheck.ts';
import { overfit } from '../../src/verify/overfit.ts';
import { formatJson, formatTable, openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';
import {
  addDeviceOptions,
  addJsonOption,
  addRecipeOptions,
  deviceName,
  openChosenDevice,
  openRecipe,
  parsePositive,
  recipeArgument,
} from './options.ts';
import type { DeviceChoice, RecipeOptions } from './options.ts';

interface GradcheckOptions extends RecipeOptions, DeviceChoice {
  readonly overfit?: boolean;
  readonly examples?: number;
  readonly json?: boolean;
}

export function gradcheckCommand(io: Io): Command {
  const command = new Command('gradcheck')
    .description(
      'compare the gradient with central differences in float64, on the CPU path; of a population, of its first member',
    )
    .argument('<recipe>', recipeArgument)
    .option('--overfit', 'train on 100 examples until the loss is near 0 instead, on any device')
    .option('--examples <n>', 'training rows to take (default: 16, with --overfit 100)', parsePositive);
  return addJsonOption(addDeviceOptions(addRecipeOptions(command))).action(
    async (name: string, options: GradcheckOptions) => {
      const { device: kind = 'cpu', adapter } = options;
      const examples = options.examples !== undefined && { examples: options.examples };
      if (options.overfit !== true && (kind !== 'cpu' || adapter !== undefined)) {
        throw new RecipeError(
          adapter === undefined ? '--device' : '--adapter',
          'the gradient is checked on the CPU path. Leave it out, or add --overfit.',
        );
      }
      const { recipe, dataset } = await openRecipe(name, options);
      if (options.overfit === true) {
        using device = await openChosenDevice(options, io);
        io.stderr(`Training on ${deviceName(device)}\n`);
        const result = await overfit(recipe, { device, dataset, ...examples });
        const { examples: rows, epochs, loss, threshold, passed } = result;
        if (options.json === true) io.stdout(formatJson(result));
        else io.stdout(`loss ${loss.toPrecision(3)} on ${rows} examples after ${epochs} epochs\n`);
        if (!passed) {
          throw new CheckError(
            `the loss on ${rows} examples stays at ${loss.toPrecision(3)}, expected less than ` +
              `${threshold.toPrecision(3)}. Give the model more units, or check its gradient.`,
          );
        }
        return;
      }
      const line = openLiveLine(io);
      const onTensor = (tensor: string, index: number, count: number): void =>
        line.show(`${tensor}, ${index + 1} of ${count} tensors`, true);
      const check = await gradcheck(recipe, { dataset, onTensor, ...examples });
      line.clear();
      if (options.json === true) io.stdout(formatJson(check));
      else io.stdout(formatGradients(check));
      const failed = check.tensors.find((row) => !(worstError(row) <= check.tolerance) || row.coordinates === 0);
      if (failed !== undefined) {
        throw new CheckError(
          `the gradient of ${failed.name} is off by ${worstError(failed).toExponential(2)}, at most ` +
            `${check.tolerance.toExponential(0)} is allowed (${failed.coordinates} coordinates compared).`,
        );
      }
    },
  );
}

type GradientRow = GradientCheck['tensors'][number];

function worstError({ relativeError, directionError = 0 }: GradientRow): number {
  return Math.max(relativeError, directionError);
}

function formatGradients({ tensors, examples, tolerance }: GradientCheck): string {
  const rows = tensors.map((row) => [
    row.name,
    `${formatCount(row.coordinates)} of ${formatCount(row.elements)}`,
    row.relativeError.toExponential(2),
    row.directionError?.toExponential(2) ?? 'none found',
    row.meanDifference.toExponential(2),
    formatCount(row.redrawn),
  ]);
  const titles = ['tensor', 'coordinates', 'relative error', 'along a direction', 'mean difference', 'redrawn'];
  const table = formatTable([titles, ...rows], 'lrrrrr');
  return `${table}${examples} examples; a relative error of ${tolerance.toExponential(0)} is allowed\n`;
}
