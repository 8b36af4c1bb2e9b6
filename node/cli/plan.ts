/** `descent plan RECIPE`: what would run, in which order, over which memory; known before the first step and without a device. */
import { elementCount } from '../../src/formats/shape.ts';
import { Command } from 'commander';
import { bufferOf, callMultiplyAdds, peakDeviceBytes, sizeBytes } from '../../src/plan/plan.ts';
import type { Call, Plan } from '../../src/plan/plan.ts';
import { prepare } from '../../src/train/session.ts';
import { formatBytes, formatCount, formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { addJsonOption, addRecipeOptions, openRecipe, recipeArgument } from './options.ts';
import type { RecipeOptions } from './options.ts';

export function planCommand(io: Io): Command {
  const command = new Command('plan')
    .description('print the plan of a recipe: kernels, shapes, memory')
    .argument('<recipe>', recipeArgument);
  return addJsonOption(addRecipeOptions(command)).action(
    async (name: string, options: RecipeOptions & { readonly json?: boolean }) => {
      const { recipe, dataset } = await openRecipe(name, options);
      const { plan, duration } = prepare(recipe, dataset);
      const described = describePlan(plan);
      if (options.json === true) {
        io.stdout(formatJson({ recipe: recipe.name, ...duration, ...described }));
        return;
      }
      const { parameterCount, multiplyAdds } = plan.model;
      io.stdout(
        `${recipe.name}: ${formatCount(duration.steps)} steps of ${plan.batch} rows for ${plan.population} ` +
          `${plan.population === 1 ? 'model' : 'models'} of ${formatCount(parameterCount)} parameters; ` +
          `${formatCount(multiplyAdds)} multiply-adds a row forwards\n`,
      );
      io.stdout(formatPlan(described));
    },
  );
}

interface DescribedTensor {
  readonly binding: string;
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly buffer: string;
}

interface DescribedCall {
  readonly kernel: string;
  readonly layer: string;
  readonly reads: readonly DescribedTensor[];
  readonly writes: readonly DescribedTensor[];
  /** Of activations, parameters and state that it reads and writes; of tables and data it touches a few rows. */
  readonly bytes: number;
  readonly multiplyAdds: number;
}

interface DescribedPlan {
  readonly parameters: number;
  readonly population: number;
  readonly batch: number;
  readonly programs: Readonly<Record<string, readonly DescribedCall[]>>;
  readonly buffers: readonly {
    readonly name: string;
    readonly kind: string;
    readonly dtype: string;
    readonly elements: number;
    readonly bytes: number;
  }[];
  readonly peakDeviceBytes: number;
}

function describePlan(plan: Plan): DescribedPlan {
  return {
    parameters: plan.model.parameterCount,
    population: plan.population,
    batch: plan.batch,
    programs: Object.fromEntries(
      Object.entries(plan.programs).map(([name, calls]) => [name, calls.map((call) => describeCall(plan, call))]),
    ),
    buffers: plan.buffers.map((buffer) => {
      const { name, kind, dtype, elements } = buffer;
      return { name, kind, dtype, elements, bytes: sizeBytes(buffer) };
    }),
    peakDeviceBytes: peakDeviceBytes(plan),
  };
}

function describeCall(plan: Plan, call: Call): DescribedCall {
  const { kernel, layer, tensors } = call;
  const describe = (bindings: Readonly<Record<string, unknown>>): DescribedTensor[] =>
    Object.keys(bindings).flatMap((binding) => {
      const place = tensors[binding];
      return place === undefined ? [] : [{ binding, tensor: place.name, shape: place.shape, buffer: place.buffer }];
    });
  const reads = describe(kernel.reads);
  const writes = describe(kernel.writes);
  const elements = [...reads, ...writes].map(({ buffer, shape }) => {
    const { kind } = bufferOf(plan, buffer);
    const whole = kind === 'arena' || kind === 'slot' || buffer === 'outputs';
    return whole ? elementCount(shape) : 0;
  });
  return {
    kernel: kernel.name,
    layer,
    reads,
    writes,
    bytes: elements.reduce((sum, count) => sum + count, 0) * 4,
    multiplyAdds: callMultiplyAdds(call),
  };
}

const kindTitles = {
  arena: 'for the run',
  table: 'exchanged with the host',
  data: 'the data',
  slot: 'shared by liveness',
};

function formatPlan({ programs, buffers, peakDeviceBytes: peakBytes }: DescribedPlan): string {
  const tensors = (list: readonly DescribedTensor[]): string =>
    list.map(({ binding, shape, buffer }) => `${binding} ${shape.join('x')} @${buffer}`).join(', ');
  const calls = Object.entries(programs).map(([name, list]) => {
    const rows = list.map(({ kernel, layer, reads, writes, bytes, multiplyAdds }) => [
      `  ${kernel}`,
      layer,
      formatBytes(bytes),
      multiplyAdds === 0 ? '' : formatCount(multiplyAdds),
      tensors(writes),
      tensors(reads),
    ]);
    return formatTable([[name, 'layer', 'bytes', 'multiply-adds', 'writes', 'reads'], ...rows], 'llrrll');
  });
  const memory = buffers.map(({ name, kind, dtype, elements, bytes }) => [
    `  ${name}`,
    kind,
    kindTitles[kind as keyof typeof kindTitles],
    `${formatCount(elements)} ${dtype}`,
    formatBytes(bytes),
  ]);
  const total = ['  peak', '', '', '', formatBytes(peakBytes)];
  const table = formatTable([['memory', 'kind', '', 'elements', 'bytes'], ...memory, total], 'lllrr');
  return `\n${[...calls, table].join('\n')}`;
}
