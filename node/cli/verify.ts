/**
 * `descent verify RECIPE`: the plan on CPU and GPU in lockstep, kernel by kernel; with --kernels, the conformance suite of all kernels; with
 * --slots, the plan's shared memory against a buffer for each tensor.
 */
import { Command } from 'commander';
import { CheckError, RecipeError } from '../../src/errors.ts';
import { formatCount, formatNumber } from '../../src/numbers.ts';
import { withinBound } from '../../src/verify/compare.ts';
import type { Comparison } from '../../src/verify/compare.ts';
import { runConformance } from '../../src/verify/conformance.ts';
import { verifyRecipe } from '../../src/verify/lockstep.ts';
import { verifySlots } from '../../src/verify/slots.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { addJsonOption, addRecipeOptions, openGpu, openRecipe, parsePositive, recipeArgument } from './options.ts';
import type { RecipeOptions } from './options.ts';

interface VerifyOptions extends RecipeOptions {
  readonly kernels?: boolean;
  readonly slots?: boolean;
  readonly steps?: number;
  readonly adapter?: string;
  readonly json?: boolean;
}

export function verifyCommand(io: Io): Command {
  const command = new Command('verify')
    .description('compare GPU and CPU path kernel by kernel; exit code 1 at the first difference out of bounds')
    .argument('[recipe]', recipeArgument)
    .option('--kernels', 'run the conformance suite of all kernels instead')
    .option(
      '--slots',
      'compare shared memory, NaN wherever nothing lives, with a buffer for each tensor, on the GPU alone',
    )
    .option('--steps <n>', 'training steps to compare (default: 3)', parsePositive)
    .option('--adapter <name>', 'an adapter by a part of its name (see "descent devices")');
  return addJsonOption(addRecipeOptions(command)).action(async (name: string | undefined, options: VerifyOptions) => {
    const { kernels = false, slots = false, steps = 3, set, seed, epochs, data } = options;
    if (name === undefined && !kernels) {
      throw new RecipeError('', 'verify needs a recipe, or --kernels for the conformance suite of all kernels.');
    }
    if (kernels && [name, options.slots, options.steps, set, seed, epochs, data].some((given) => given !== undefined)) {
      throw new RecipeError(
        '--kernels',
        'tests every kernel on cases of its own. Leave out --kernels, or the recipe and its options.',
      );
    }
    const opened = name === undefined ? undefined : await openRecipe(name, options);
    using gpu = await openGpu(options.adapter);
    const sides = slots ? slotSides : executorSides;
    io.stderr(`${gpu.name}${slots ? ': shared memory against a buffer for each tensor' : ' against the CPU path'}\n`);
    const verify = slots ? verifySlots : verifyRecipe;
    const rows: readonly (Comparison & { readonly variant?: string })[] =
      opened === undefined
        ? await runConformance(gpu)
        : (await verify(opened.recipe, { device: gpu, dataset: opened.dataset, steps })).kernels;
    if (options.json === true) io.stdout(formatJson({ adapter: gpu.name, kernels: rows }));
    else io.stdout(formatComparisons(rows, sides));
    const failed = rows.find((row) => !withinBound(row));
    if (failed !== undefined) throw new CheckError(describeFailure(failed, sides));
    if (options.json !== true) io.stdout(sayPassed(rows, opened === undefined ? undefined : steps));
  });
}

function sayPassed(rows: readonly Comparison[], steps: number | undefined): string {
  const equal = rows.every(({ bitEqual }) => bitEqual === 1) ? 'equal in every bit' : 'within their bounds';
  if (steps === undefined) return `all ${equal}\n`;
  const trained = `${formatCount(steps)} training ${steps === 1 ? 'step' : 'steps'}`;
  return `${trained}, one evaluation batch and the penalty: all ${equal}\n`;
}

/** What a comparison's `cpu` and `gpu` are, in words. */
type Sides = readonly [cpu: string, gpu: string];
const executorSides: Sides = ['on the CPU', 'on the GPU'];
const slotSides: Sides = ['in a buffer of its own', 'in shared memory'];

function formatComparisons(rows: readonly (Comparison & { readonly variant?: string })[], sides: Sides): string {
  const hasVariants = rows.some(({ variant }) => variant !== undefined);
  const cells = rows.map((row) => [
    row.name,
    ...(hasVariants ? [row.variant ?? ''] : []),
    formatCount(row.elements),
    `${(row.bitEqual * 100).toFixed(row.bitEqual === 1 ? 0 : 4)} %`,
    formatNumber(row.maxUlp),
    formatNumber(row.bound),
    row.firstDifference === undefined ? '' : sayDifference(row.firstDifference, sides),
  ]);
  const titles = [
    'kernel',
    ...(hasVariants ? ['variant'] : []),
    'elements',
    'bit-equal',
    'max ulp',
    'bound',
    'first difference',
  ];
  return formatTable([titles, ...cells], hasVariants ? 'llrrrrl' : 'lrrrrl');
}

export function sayDifference(
  { where, tensor, index, cpu, gpu }: NonNullable<Comparison['firstDifference']>,
  sides: Sides = executorSides,
): string {
  // Zeros may differ in their sign alone.
  const say = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
  return `${where}: ${tensor}[${index}] is ${say(cpu)} ${sides[0]}, ${say(gpu)} ${sides[1]}`;
}

function describeFailure({ name, maxUlp, bound, firstDifference }: Comparison, sides: Sides): string {
  const where = firstDifference === undefined ? '' : ` First difference: ${sayDifference(firstDifference, sides)}.`;
  return `kernel ${name} is out of bounds: ${formatNumber(maxUlp)} ulp, at most ${formatNumber(bound)} are allowed.${where}`;
}
