/**
 * Checkpoints: all that a run needs to go on to the same bits. Nothing else has state: order, masks and noise are functions of the
 * seeds and the step.
 */
import { DataError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { NamedTensor } from '../formats/safetensors.ts';
import { parameterTensors } from '../model/model.ts';
import type { Model } from '../model/model.ts';
import { elementCount } from '../ops/emitter.ts';
import type { Plan } from '../plan/plan.ts';

/** What early stopping and reduce-on-plateau remember of one member. */
export interface MemberProgress {
  /** Best value of the watched metric so far, smaller is better; null before the first evaluation. */
  readonly best: number | null;
  readonly badEvaluations: number;
  /** Step at which it was stopped; null while it is trained. */
  readonly stoppedAt: number | null;
  readonly plateau: number;
  readonly plateauBest: number | null;
  readonly plateauBad: number;
  /** Sums over the training batches since the last evaluation. */
  readonly lossSum: number;
  readonly correctSum: number;
}

export interface Counters {
  readonly step: number;
  /** Step of the last evaluation. */
  readonly evaluatedAt: number;
  /** Evaluations reported so far: lines of metrics.jsonl that belong to this checkpoint. */
  readonly evaluations: number;
  readonly secondsTrained: number;
  readonly members: readonly MemberProgress[];
}

export interface Checkpoint {
  readonly counters: Counters;
  /** Arenas [population, memberStride] by name: parameters, optimizer state, best weights. */
  readonly arenas: Readonly<Record<string, Float32Array>>;
}

/** The arenas that a checkpoint holds. */
export function stateArenas(plan: Plan): readonly string[] {
  return plan.buffers.filter(({ kind, name }) => kind === 'arena' && name !== 'gradients').map(({ name }) => name);
}

/** Prefix of member `index` of a population of `count` in tensor names; a plain run has none. */
export function memberPrefix(index: number, count: number): string {
  return count === 1 ? '' : `members.${index}.`;
}

/** Named tensors of one arena, in file order: member by member, without padding. */
function arenaTensors(model: Model, arena: Float32Array, prefix: string): NamedTensor[] {
  const count = arena.length / model.memberStride;
  return Array.from({ length: count }, (_, index) =>
    parameterTensors(model).map(({ name, shape, arenaOffset }) => {
      const start = index * model.memberStride + arenaOffset;
      return {
        name: `${prefix}${memberPrefix(index, count)}${name}`,
        shape,
        data: arena.slice(start, start + elementCount(shape)),
      };
    }),
  ).flat();
}

/** The parameters alone, as final.safetensors holds them. */
export function writeWeights(
  model: Model,
  parameters: Float32Array,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return writeSafetensors(arenaTensors(model, parameters, ''), metadata);
}

/** Reads weights into an arena [population, memberStride]; names and shapes must be those of the model. */
export function readWeights(bytes: Uint8Array, place: string, model: Model, population: number): Float32Array {
  return tensorsToArena(readSafetensors(bytes, place).tensors, place, model, population, '');
}

export function writeCheckpoint(
  model: Model,
  { counters, arenas }: Checkpoint,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const tensors = Object.entries(arenas).flatMap(([name, arena]) => arenaTensors(model, arena, `${name}/`));
  return writeSafetensors(tensors, { ...metadata, counters: JSON.stringify(counters) });
}

export function readCheckpoint(bytes: Uint8Array, place: string, plan: Plan): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, place);
  if (metadata.counters === undefined) {
    throw new DataError(
      place,
      'holds no counters: it is not a checkpoint of a run. Use --init to start from its weights.',
    );
  }
  const counters = JSON.parse(metadata.counters) as Counters;
  const arenas = Object.fromEntries(
    stateArenas(plan).map((name) => [name, tensorsToArena(tensors, place, plan.model, plan.population, `${name}/`)]),
  );
  return { counters, arenas };
}

function tensorsToArena(
  tensors: ReturnType<typeof readSafetensors>['tensors'],
  place: string,
  model: Model,
  population: number,
  prefix: string,
): Float32Array {
  const arena = new Float32Array(population * model.memberStride);
  for (let index = 0; index < population; index++) {
    for (const { name, shape, arenaOffset } of parameterTensors(model)) {
      // A plain run's weights start every member of a population.
      const full = `${prefix}${memberPrefix(index, population)}${name}`;
      const stored = tensors.get(full) ?? tensors.get(`${prefix}${name}`);
      if (stored === undefined) {
        throw new DataError(
          place,
          `has no tensor "${full}". It holds ${[...tensors.keys()].slice(0, 8).join(', ')}; use weights of the same model.`,
        );
      }
      if (stored.shape.join() !== shape.join() || !(stored.data instanceof Float32Array)) {
        const came = `${stored.dtype} [${stored.shape.join(', ')}]`;
        throw new DataError(
          place,
          `"${full}" is ${came}, the model needs F32 [${shape.join(', ')}]. Use weights of the same model.`,
        );
      }
      arena.set(stored.data, index * model.memberStride + arenaOffset);
    }
  }
  return arena;
}

/** sha256 in hexadecimal over the little-endian float32 bytes of one member's parameters, in file order, without metadata. */
export async function weightsSha256(model: Model, parameters: Float32Array, member: number): Promise<string> {
  const start = member * model.memberStride;
  const share = parameters.subarray(start, start + model.memberStride);
  const bytes = new Uint8Array(model.parameterCount * 4);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { arenaOffset, shape } of parameterTensors(model)) {
    for (let i = 0; i < elementCount(shape); i++, offset += 4) view.setFloat32(offset, share[arenaOffset + i]!, true);
  }
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
