/**
 * Checkpoints: all that a run needs to go on to the same bits. Nothing else has state: order, masks and noise are functions of the
 * seeds and the step.
 */
import * as v from 'valibot';
import { DataError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { NamedTensor } from '../formats/safetensors.ts';
import { sha256 } from '../formats/sha256.ts';
import { parameterTensors, trainedTensors } from '../model/model.ts';
import type { Model, PlacedParameters } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import { bufferOf } from '../plan/plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { MemberWeights } from './events.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What early stopping and reduce-on-plateau remember of one member. */
const memberProgressSchema = v.strictObject({
  /** Best value of the watched metric so far, smaller is better; null before the first evaluation. */
  best: v.nullable(v.number()),
  badEvaluations: count,
  /** Step at which it was stopped; null while it is trained. */
  stoppedAt: v.nullable(count),
  /** Steps done when its loss or weights were found not finite; its share of the arenas is zeros then. */
  divergedAt: v.nullable(count),
  plateau: v.number(),
  plateauBest: v.nullable(v.number()),
  plateauBad: count,
  /** Sums over the training batches since the last evaluation. */
  lossSum: v.number(),
  correctSum: v.number(),
  /** Of the third number of the rows; older checkpoints have none. Squares can overflow where the loss does not, and JSON then has null. */
  extraSum: v.optional(
    v.pipe(
      v.nullable(v.number()),
      v.transform((sum) => sum ?? Infinity),
    ),
    null,
  ),
});
export type MemberProgress = Readonly<v.InferOutput<typeof memberProgressSchema>>;

const countersSchema = v.strictObject({
  step: count,
  /** Step of the last evaluation. */
  evaluatedAt: count,
  /** Evaluations reported so far: lines of metrics.jsonl that belong to this checkpoint. */
  evaluations: count,
  secondsTrained: v.number(),
  /** Of all sessions so far, compiling and evaluating included. */
  secondsTotal: v.optional(v.number(), 0),
  members: v.array(memberProgressSchema),
});
export type Counters = Readonly<v.InferOutput<typeof countersSchema>>;

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
function memberPrefix(index: number, count: number): string {
  return count === 1 ? '' : `members.${index}.`;
}

/** What an arena holds: weights have running statistics beside them, what an optimizer keeps has not. */
function tensorsIn(arena: string, model: Model): readonly PlacedParameters[] {
  return arena === 'parameters' || arena === 'best' ? parameterTensors(model) : trainedTensors(model);
}

/** Named tensors of one arena, in file order: member by member, without padding. */
function arenaTensors(model: Model, name: string, arena: Float32Array): NamedTensor[] {
  const prefix = `${name}/`;
  const count = arena.length / model.memberStride;
  return Array.from({ length: count }, (_, index) =>
    tensorsIn(name, model).map(({ name, shape, arenaOffset }) => {
      const start = index * model.memberStride + arenaOffset;
      return {
        name: `${prefix}${memberPrefix(index, count)}${name}`,
        shape,
        data: arena.slice(start, start + elementCount(shape)),
      };
    }),
  ).flat();
}

/** The weights of a result, one entry per member, as final.safetensors holds them. */
export function writeWeights(
  weights: readonly MemberWeights[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const tensors = weights.flatMap((member, index) =>
    Object.entries(member).map(([name, tensor]) => ({
      name: `${memberPrefix(index, weights.length)}${name}`,
      ...tensor,
    })),
  );
  return writeSafetensors(tensors, metadata);
}

/**
 * Reads weights into an arena [population, memberStride]. Throws DataError for names and shapes that are not those of the model, and for
 * numbers that are not finite.
 */
export function readWeights(bytes: Uint8Array, place: string, model: Model, population: number): Float32Array {
  const { tensors } = readSafetensors(bytes, place);
  return tensorsToArena(tensors, place, model, population, parameterTensors(model), '');
}

export function writeCheckpoint(
  model: Model,
  { counters, arenas }: Checkpoint,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const tensors = Object.entries(arenas).flatMap(([name, arena]) => arenaTensors(model, name, arena));
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
  const counters = readCounters(metadata.counters, place);
  const arenas = Object.fromEntries(
    stateArenas(plan).map((name) => {
      const wanted = tensorsIn(name, plan.model);
      return [name, tensorsToArena(tensors, place, plan.model, plan.population, wanted, `${name}/`)];
    }),
  );
  checkCheckpoint({ counters, arenas }, plan, place);
  return { counters, arenas };
}

function readCounters(text: string, place: string): Counters {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataError(place, 'its counters are no JSON. Use another checkpoint of the run.');
  }
  const result = v.safeParse(countersSchema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new DataError(
    place,
    `its counters are wrong at "${v.getDotPath(issue) ?? 'the top'}": ${issue.message}. Use another checkpoint of the run.`,
  );
}

/** Throws DataError for a checkpoint that is not one of this plan. */
export function checkCheckpoint({ counters, arenas }: Checkpoint, plan: Plan, place: string): void {
  if (counters.members.length !== plan.population) {
    throw new DataError(
      place,
      `counts ${counters.members.length} members, the run has ${plan.population}. Use a checkpoint of the same recipe.`,
    );
  }
  const names = stateArenas(plan);
  const unknown = Object.keys(arenas).find((name) => !names.includes(name));
  for (const name of unknown === undefined ? names : [unknown]) {
    const came = arenas[name]?.length;
    const expected = names.includes(name) ? bufferOf(plan, name).elements : undefined;
    if (came === expected) continue;
    throw new DataError(
      place,
      `holds ${came ?? 'no'} numbers of "${name}", the run ${expected ?? 'none'}. Use a checkpoint of the same recipe.`,
    );
  }
}

function tensorsToArena(
  tensors: ReturnType<typeof readSafetensors>['tensors'],
  place: string,
  model: Model,
  population: number,
  wanted: readonly PlacedParameters[],
  prefix: string,
): Float32Array {
  const arena = new Float32Array(population * model.memberStride);
  for (let index = 0; index < population; index++) {
    for (const { name, shape, arenaOffset } of wanted) {
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
      const bad = stored.data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new DataError(place, `"${full}" holds ${stored.data[bad]} at index ${bad}. Use weights that are finite.`);
      }
      arena.set(stored.data, index * model.memberStride + arenaOffset);
    }
  }
  return arena;
}

/**
 * sha256 in hexadecimal over the little-endian float32 bytes of one member's parameters and running statistics, in file order, without metadata;
 * undefined where the platform offers none.
 */
export async function weightsSha256(
  model: Model,
  parameters: Float32Array,
  member: number,
): Promise<string | undefined> {
  const start = member * model.memberStride;
  const share = parameters.subarray(start, start + model.memberStride);
  const tensors = parameterTensors(model);
  const bytes = new Uint8Array(4 * tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { arenaOffset, shape } of tensors) {
    for (let i = 0; i < elementCount(shape); i++, offset += 4) view.setFloat32(offset, share[arenaOffset + i]!, true);
  }
  return sha256(bytes);
}
