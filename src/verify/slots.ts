/**
 * Checks that sharing memory changes nothing: the plan as it is, with NaN in every slot that holds no live tensor, against the same plan
 * with a buffer for each tensor, call by call. A kernel that reads what is dead, or a slot given away too early, shows at the call
 * where it happens.
 */
import { loadDataset } from '../data/dataset.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import type { StepScalars } from '../ops/kernel.ts';
import type { Executor } from '../plan/executor.ts';
import type { Call, PlacedTensor, Plan, ProgramName } from '../plan/plan.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { createExecutor, maxBindingBytes } from '../train/device.ts';
import type { Device } from '../train/device.ts';
import { createFeed, initialArena, prepare, uploadData } from '../train/session.ts';
import { noFiles } from '../train/trainer.ts';
import { compareValues, mergeComparisons, withinBound } from './compare.ts';
import type { Comparison } from './compare.ts';
import type { Verification } from './lockstep.ts';

export interface SlotCheckOptions {
  readonly device: Device;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** Training steps; one evaluation batch and the penalty follow. */
  readonly steps?: number;
  /** Checks this plan of the recipe instead of the usual one. */
  readonly plan?: Plan;
}

/** Runs the check on one device; "cpu" and "gpu" of a difference are without and with shared slots. Throws as `train` does for bad input. */
export async function verifySlots(input: RecipeInput | Recipe, options: SlotCheckOptions): Promise<Verification> {
  const { device, files = noFiles, steps = 2 } = options;
  const recipe = parseRecipe(input);
  const dataset = options.dataset ?? (await loadDataset(recipe.data, files));
  const limit = { maxBindingBytes: maxBindingBytes(device) };
  const usual = prepare(recipe, dataset, limit);
  const shared = { ...usual, plan: options.plan ?? usual.plan };
  const separate = prepare(recipe, dataset, { ...limit, shareSlots: false });
  using poisoned = await createExecutor(device, shared.plan, { tune: false });
  using clean = await createExecutor(device, separate.plan, { tune: false });
  const feed = createFeed(shared);
  for (const [executor, prepared] of [[poisoned, shared] as const, [clean, separate] as const]) {
    uploadData(prepared, executor);
    executor.write('parameters', initialArena(prepared));
  }
  const byKernel = new Map<string, Comparison[]>();

  async function runStep(program: ProgramName, step: StepScalars, where: string): Promise<Comparison | undefined> {
    const calls = shared.plan.programs[program];
    const dying = lastUses(separate.plan.programs[program], calls);
    for (const { name, elements } of shared.plan.buffers.filter(({ kind }) => kind === 'slot')) {
      poison(poisoned, { buffer: name, elementOffset: 0, elements });
    }
    for (const [index, call] of calls.entries()) {
      for (const executor of [poisoned, clean]) {
        executor.run(program, { steps: [step], firstCall: index, callCount: 1 });
      }
      const place = `${where}, call ${index} ("${call.layer}")`;
      const expected = separate.plan.programs[program][index]!;
      const comparison = await compareWrites(call, expected, clean, poisoned, place);
      byKernel.set(call.kernel.name, [...(byKernel.get(call.kernel.name) ?? []), comparison]);
      if (!withinBound(comparison)) return comparison;
      for (const place of dying[index] ?? []) poison(poisoned, place);
    }
    return undefined;
  }

  const plateaus = shared.members.map(() => 1);
  let failed: Comparison | undefined;
  let done = 0;
  while (done < steps && failed === undefined) {
    const [scalars] = [poisoned, clean].map((executor) => feed.loadTraining(executor, done, 1, plateaus)[0]!);
    failed = await runStep('train', scalars!, `train step ${done}`);
    if (failed === undefined) done++;
  }
  const rows = shared.views.map(({ split }) => split.train);
  const [scalars] = [poisoned, clean].map((executor) => feed.loadRows(executor, rows, 0).steps[0]!);
  failed ??= await runStep('evaluate', scalars!, 'evaluate');
  failed ??= await runStep('penalty', { step: 0, row: 0, validRows: 0 }, 'penalty');
  return {
    adapter: device.name,
    steps: done,
    kernels: [...byKernel.values()].map(mergeComparisons),
    ...(failed && { failed }),
  };
}

type Place = Pick<PlacedTensor, 'buffer' | 'elementOffset' | 'elements'>;

function poison(executor: Executor, { buffer, elementOffset, elements }: Place): void {
  executor.write(buffer, new Float32Array(elements).fill(Number.NaN), elementOffset);
}

/**
 * For each call, the places in slots of the tensors that are used there for the last time: by the plan without shared slots, which a fault
 * has not touched.
 */
function lastUses(separate: readonly Call[], shared: readonly Call[]): readonly (readonly Place[])[] {
  const last = new Map<string, number>();
  for (const [index, { tensors }] of separate.entries()) {
    for (const { name } of Object.values(tensors)) last.set(name, index);
  }
  return shared.map(({ tensors }, index) =>
    Object.values(tensors).filter(({ name, buffer }) => last.get(name) === index && buffer.startsWith('slot')),
  );
}

/** Compares what a call has written in both plans; what lies in other members' and layers' places of an arena too. */
async function compareWrites(
  call: Call,
  expected: Call,
  clean: Executor,
  poisoned: Executor,
  where: string,
): Promise<Comparison> {
  const comparisons = await Promise.all(
    Object.keys(call.kernel.writes).map(async (binding) => {
      const [right, got] = await Promise.all(
        (
          [
            [clean, expected.tensors[binding]!],
            [poisoned, call.tensors[binding]!],
          ] as const
        ).map(([executor, { buffer, elementOffset, elements }]) => executor.read(buffer, elementOffset, elements)),
      );
      return compareValues(call.kernel.name, call.tensors[binding]!.name, where, right!, got!, 0);
    }),
  );
  return mergeComparisons(comparisons);
}
