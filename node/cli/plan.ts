/** `descent plan RECIPE`: what would run, in which order, over which memory; known before the first step, and without a device unless named. */
import { Command } from 'commander';
import { formatBytes, formatCount } from '../../src/numbers.ts';
import { callBytes, callMultiplyAdds, peakDeviceBytes, sizeBytes } from '../../src/plan/plan.ts';
import type { Call, Plan } from '../../src/plan/plan.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import {
  addDeviceOptions,
  addJsonOption,
  addObservationsOption,
  addRecipeOptions,
  deviceName,
  openChosenDevice,
  openRecipe,
  recipeArgument,
} from './options.ts';
import type { DeviceChoice, RecipeOptions } from './options.ts';

interface PlanOptions extends RecipeOptions, DeviceChoice {
  readonly observations: number;
  readonly json?: boolean;
}

export function planCommand(io: Io): Command {
  const command = new Command('plan')
    .description('print the plan of a recipe: kernels, shapes, memory')
    .argument('<recipe>', recipeArgument);
  addObservationsOption(addDeviceOptions(addRecipeOptions(command), 'the limits that every adapter keeps'));
  return addJsonOption(command).action(async (name: string, options: PlanOptions) => {
    const { recipe, dataset } = await openRecipe(name, options);
    const isChosen = options.device !== undefined || options.adapter !== undefined;
    using device = isChosen ? await openChosenDevice(options, io) : undefined;
    const { plan, duration } = prepare(recipe, dataset, {
      observe: options.observations > 0,
      ...(device && { maxBindingBytes: maxBindingBytes(device) }),
    });
    const described = describePlan(plan);
    if (options.json === true) {
      const adapter = device && { adapter: device.name };
      io.stdout(formatJson({ recipe: recipe.name, ...adapter, ...duration, ...described }));
      return;
    }
    const { parameterCount, multiplyAdds } = plan.model;
    io.stdout(
      `${recipe.name}: ${formatCount(duration.steps)} steps of ${plan.batch} rows for ${plan.population} ` +
        `${plan.population === 1 ? 'model' : 'models'} of ${formatCount(parameterCount)} parameters; ` +
        `${formatCount(multiplyAdds)} multiply-adds a row forwards${device ? `; on ${deviceName(device)}` : ''}\n`,
    );
    io.stdout(formatPlan(described));
  });
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
  /** Of activations and their gradients: as they are, the largest sum that lives at once, and with a buffer for each tensor. */
  readonly activationBytes: { readonly shared: number; readonly live: number; readonly unshared: number };
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
    activationBytes: {
      shared: plan.memory.slotElements * 4,
      live: plan.memory.liveElements * 4,
      unshared: plan.memory.unsharedElements * 4,
    },
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
  return {
    kernel: kernel.name,
    layer,
    reads: describe(kernel.reads),
    writes: describe(kernel.writes),
    bytes: callBytes(plan, call),
    multiplyAdds: callMultiplyAdds(call),
  };
}

const kindTitles = {
  arena: 'for the run',
  table: 'exchanged with the host',
  data: 'the data',
  slot: 'shared by liveness',
};

function formatPlan({ programs, buffers, activationBytes, peakDeviceBytes: peakBytes }: DescribedPlan): string {
  const tensors = (list: readonly DescribedTensor[]): string =>
    list.map(({ binding, shape, buffer }) => `${binding} ${shape.join('x')} @${buffer}`).join(', ');
  const { observe, ...listed } = programs;
  const calls = Object.entries(listed).map(([name, list]) => {
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
  const { shared, live, unshared } = activationBytes;
  const sharing =
    `activations and their gradients take ${formatBytes(shared)}; at most ${formatBytes(live)} of them live at once, ` +
    `${formatBytes(unshared)} would be a buffer for each\n`;
  const added = (observe?.length ?? 0) - (programs.train?.length ?? 0);
  const observing =
    observe === undefined
      ? ''
      : `observe: train with ${added} calls between its own, for histograms and statistics; --observations 0 leaves it out\n`;
  return `\n${[...calls, observing, table, sharing].filter((block) => block !== '').join('\n')}`;
}
