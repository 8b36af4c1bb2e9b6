/**
 * A program while it is emitted: kernel calls in order over tensors that have no place yet, and what emission must know of the run.
 */
import type { Model, PlacedBlock } from '../model/model.ts';
import type { Emitter, SlotOptions, Tensor } from '../ops/emitter.ts';
import { sumChunk } from '../ops/kernel.ts';
import type { Constants, Kernel, Params } from '../ops/kernel.ts';
import { chunkSums } from '../ops/sums.ts';
import type { Recipe } from '../recipe/schema.ts';

export interface EmittedCall {
  readonly kernel: Kernel;
  readonly layer: string;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly params: Params;
  readonly constants: Constants;
}

/** A piece of the resident dataset that fits one binding. */
export interface Shard {
  readonly buffer: string;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** What emission must know of the run besides the model. */
export interface EmitContext {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly population: number;
  readonly dataPopulation: number;
  readonly chunkRows: number;
  readonly indexStride: number;
  readonly inputs: 'bytes' | 'floats';
  readonly shards: readonly Shard[];
  readonly tables: Readonly<Record<string, Tensor>>;
}

export interface Program extends Emitter {
  readonly calls: EmittedCall[];
  inLayer(name: string): void;
}

export function openProgram(context: EmitContext, batch: number): Program {
  const { model, population, tables } = context;
  const calls: EmittedCall[] = [];
  const slotNames = new Set<string>();
  let layer = '';
  const block = (title: string, buffer: string, blocks: readonly PlacedBlock[], name: string): Tensor => {
    const found = blocks.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`layer ${name} has no ${title}`);
    const shape = [population, found.elements];
    return { name: `${name}.${title}`, dtype: 'f32', shape, role: 'arena', buffer, elementOffset: found.arenaOffset };
  };
  const table = (name: string): Tensor => {
    const found = tables[name];
    if (found === undefined) throw new Error(`the plan has no table ${name}`);
    return found;
  };
  return {
    population,
    batch,
    memberStride: model.memberStride,
    calls,
    inLayer(name) {
      layer = name;
    },
    slot: (name: string, shape: readonly number[], options: SlotOptions = {}) => {
      if (slotNames.has(name)) throw new Error(`two tensors of a program are called ${name}`);
      slotNames.add(name);
      const activation = options.activation === 'linear' ? undefined : options.activation;
      return { name, shape, role: 'slot', dtype: options.dtype ?? 'f32', ...options, activation };
    },
    parameters: (name) => block('parameters', 'parameters', model.blocks, name),
    gradients: (name) => block('gradients', 'gradients', model.blocks, name),
    statistics: (name) => block('statistics', 'parameters', model.statistics, name),
    table,
    call(kernel, tensors, params, constants = {}) {
      calls.push({ kernel, layer, tensors, params, constants });
    },
  };
}

/** The rule for sums over `count` elements: `first` writes the chunk sums, then one call per level, the last into `result`. */
export function emitSums(
  program: Program,
  name: string,
  count: number,
  result: Tensor,
  first: (sums: Tensor) => void,
): void {
  const { population } = program;
  let remaining = Math.ceil(count / sumChunk);
  const target = (size: number, level: number) =>
    size === 1 ? result : program.slot(`${name}.sums${level}`, [population, size]);
  let sums = target(remaining, 0);
  first(sums);
  for (let level = 1; remaining > 1; level++) {
    const next = target(Math.ceil(remaining / sumChunk), level);
    program.call(chunkSums, { values: sums, sums: next }, { count: remaining, population });
    sums = next;
    remaining = Math.ceil(remaining / sumChunk);
  }
}
