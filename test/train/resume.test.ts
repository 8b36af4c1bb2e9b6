/** A run that was interrupted and goes on from the bytes of its checkpoint ends with the bits of a run that was not. */
import { expect, test } from 'vitest';
import type { Recipe } from '../../src/recipe/schema.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, hashes, smallRecipe, trainAll, trainToFailure, trainUntil } from './support.ts';

const withDropout = {
  layers: [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dropout', rate: 0.3 },
    { type: 'dense', units: 3 },
  ],
};
const recipes: Readonly<Record<string, Recipe>> = {
  'adam, dropout, l2 and cycles': smallRecipe({
    model: withDropout,
    l2: 0.01,
    schedule: { type: 'cyclic', stepSize: 8, etaMax: 0.05 },
    cycles: 2.5,
  }),
  momentum: smallRecipe({ optimizer: { type: 'momentum', learningRate: 0.05, nesterov: true }, epochs: 5 }),
  rmsprop: smallRecipe({ optimizer: { type: 'rmsprop', learningRate: 0.01 }, epochs: 5 }),
  'early stopping': smallRecipe({
    optimizer: { type: 'adam', learningRate: 0.1 },
    evaluation: { everySteps: 5 },
    earlyStopping: { patience: 3 },
    epochs: 20,
  }),
  plateau: smallRecipe({
    optimizer: { type: 'adam', learningRate: 0.1 },
    schedule: { type: 'plateau', patience: 0, factor: 0.3, warmupSteps: 3 },
    evaluation: { everySteps: 4 },
    epochs: 5,
  }),
  'a population, one of which stops early': smallRecipe({
    model: withDropout,
    evaluation: { everySteps: 3 },
    earlyStopping: { patience: 2 },
    members: [
      { seed: 1, 'optimizer.learningRate': 0.2 },
      { seed: 2, l2: 0.01 },
    ],
    epochs: 4,
  }),
};

/** A checkpoint as it comes back from a file. */
function stored(recipe: Recipe, checkpoint: Checkpoint): Checkpoint {
  const { plan } = prepare(recipe, clouds());
  return readCheckpoint(writeCheckpoint(plan.model, checkpoint, { name: recipe.name }), 'memory', plan);
}

const stops = [1, 7, 13];
const cases = Object.keys(recipes).flatMap((name) => stops.map((step) => ({ name, step })));

test.each(cases)('$name, interrupted after step $step, ends as if it had not been', async ({ name, step }) => {
  const recipe = recipes[name]!;
  const whole = await trainAll(recipe);
  const before = await trainUntil(recipe, step);
  const checkpoint = before.checkpoints.at(-1)!;
  expect(checkpoint.counters.step).toBeGreaterThanOrEqual(step);
  expect(checkpoint.counters.step).toBeLessThan(whole.result.steps);
  const after = await trainAll(recipe, { checkpoint: stored(recipe, checkpoint) });
  expect(after.events[0]).toMatchObject({ type: 'start', step: checkpoint.counters.step });
  expect(hashes(after)).toEqual(hashes(whole));
  expect([...before.evaluations, ...after.evaluations]).toEqual(whole.evaluations);
  expect(after.result.members).toEqual(whole.result.members);
  expect(checkpoint.counters.evaluations).toBe(before.evaluations.length);
});

test('a run interrupted at every step it can be ends as if it had not been', async () => {
  const recipe = recipes['early stopping']!;
  const whole = await trainAll(recipe);
  let checkpoint: Checkpoint | undefined;
  let interruptions = 0;
  for (;;) {
    const next: number = (checkpoint?.counters.step ?? 0) + 1;
    const from: Checkpoint | undefined = checkpoint;
    const part = await trainUntil(recipe, next, { checkpoint: from }).catch(() => undefined);
    if (part === undefined) break;
    checkpoint = stored(recipe, part.checkpoints.at(-1)!);
    interruptions++;
  }
  expect(interruptions).toBeGreaterThan(3);
  expect(hashes(await trainAll(recipe, { checkpoint }))).toEqual(hashes(whole));
});

test('every checkpoint that comes on the way leads to the same end', async () => {
  const recipe = recipes['adam, dropout, l2 and cycles']!;
  const { checkpoints, result } = await trainAll(recipe, { checkpointSeconds: 0, chunkMilliseconds: 0 });
  expect(checkpoints.length).toBeGreaterThan(5);
  for (const checkpoint of checkpoints.filter((_, index) => index % 4 === 1)) {
    const again = await trainAll(recipe, { checkpoint: stored(recipe, checkpoint) });
    expect(again.result.weightsSha256).toBe(result.weightsSha256);
  }
});

const faults: readonly (readonly [string, string, (checkpoint: Checkpoint) => Checkpoint])[] = [
  ['without the second moment', 'adam, dropout, l2 and cycles', (it) => withZeros(it, 'v')],
  ['without the first moment', 'adam, dropout, l2 and cycles', (it) => withZeros(it, 'm')],
  ['without the momentum', 'momentum', (it) => withZeros(it, 'b')],
  [
    'a step behind',
    'adam, dropout, l2 and cycles',
    (it) => ({ ...it, counters: { ...it.counters, step: it.counters.step - 1 } }),
  ],
  [
    'that forgets the plateau',
    'plateau',
    (it) => ({
      ...it,
      counters: { ...it.counters, members: it.counters.members.map((member) => ({ ...member, plateau: 1 })) },
    }),
  ],
];

function withZeros(checkpoint: Checkpoint, name: string): Checkpoint {
  const arena = checkpoint.arenas[name]!;
  expect(arena.some((value) => value !== 0)).toBe(true);
  return { ...checkpoint, arenas: { ...checkpoint.arenas, [name]: new Float32Array(arena.length) } };
}

test.each(faults)('a checkpoint %s is noticed', async (_name, recipeName, damage) => {
  const recipe = recipes[recipeName]!;
  const whole = await trainAll(recipe);
  const { checkpoints } = await trainUntil(recipe, 20);
  const after = await trainAll(recipe, { checkpoint: damage(stored(recipe, checkpoints.at(-1)!)) });
  expect(after.result.weightsSha256).not.toBe(whole.result.weightsSha256);
});

test('a checkpoint of an older version, which knew no total and fewer sums, is read', async () => {
  const { checkpoints } = await trainUntil(smallRecipe(), 3);
  const { secondsTotal, ...counters } = checkpoints[0]!.counters;
  expect(secondsTotal).toBeGreaterThan(counters.secondsTrained);
  const members = counters.members.map(({ extraSum: _extraSum, ...member }) => member);
  const old = { ...counters, members } as unknown as Checkpoint['counters'];
  const older = stored(smallRecipe(), { ...checkpoints[0]!, counters: old });
  // What was not counted leaves out what would follow from it.
  expect(older.counters).toEqual({ ...counters, secondsTotal: 0, members: [{ ...members[0], extraSum: Infinity }] });
});

test('a signal that came before the run is an interruption at step 0, with a checkpoint', async () => {
  const { error, checkpoints } = await trainToFailure(smallRecipe(), { signal: AbortSignal.abort() });
  expect(error).toMatchObject({ name: 'InterruptedError', step: 0, message: 'interrupted after step 0.' });
  const after = await trainAll(smallRecipe(), { checkpoint: stored(smallRecipe(), checkpoints[0]!) });
  expect(hashes(after)).toEqual(hashes(await trainAll(smallRecipe())));
});
