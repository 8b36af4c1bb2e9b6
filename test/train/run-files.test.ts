// The files of a run, whatever keeps them.
import { expect, test } from 'vitest';
import { prepare } from '../../src/train/session.ts';
import {
  checkpointAsFile,
  cutEvaluations,
  cutObservations,
  folderName,
  isRunFile,
  newestCheckpoint,
  outdatedCheckpoints,
  wholeLines,
} from '../../src/train/run-files.ts';
import { clouds, smallRecipe, trainAll } from './support.ts';

test.each([
  ['recipe.json', true],
  ['checkpoints/step-000000123.safetensors', true],
  ['final.safetensors', true],
  ['observations.jsonl', true],
  ['cut.json', false],
  ['run.lock', false],
  ['.recipe.json.tmp', false],
  ['checkpoints/step-000000123.safetensors.unusable', false],
  ['checkpoints/../recipe.json', false],
  ['report/recipe.json', false],
])('%s is a file of a run that is handed on: %s', (path, expected) => {
  expect(isRunFile(path)).toBe(expected);
});

test.each([
  ['digits', 'digits'],
  ['  Über /night/ ', 'Über-night'],
  ['../../evil', 'evil'],
  ['v1.2_b', 'v1.2_b'],
  ['…', 'run'],
])('a run named "%s" has a folder named %s', (name, expected) => {
  expect(folderName(name)).toBe(expected);
});

test('two checkpoints are kept, whatever lies beside them', () => {
  const names = ['step-000000009.safetensors', 'note.txt', 'step-000000100.safetensors', 'step-000000020.safetensors'];
  expect(outdatedCheckpoints(names)).toEqual(['step-000000009.safetensors']);
  expect(outdatedCheckpoints(names.slice(0, 3))).toEqual([]);
});

test('the newest checkpoint that is sound and has its lines is chosen, and the lines are cut back to it', async () => {
  const recipe = smallRecipe();
  const { plan } = prepare(recipe, clouds());
  const { checkpoints } = await trainAll(recipe, { checkpointSeconds: 0 });
  const after = (evaluations: number) => checkpoints.find(({ counters }) => counters.evaluations === evaluations)!;
  const wanted = [after(2), after(4), checkpoints.at(-1)!];
  const files = new Map(
    wanted.map((checkpoint) => {
      const { name, bytes } = checkpointAsFile(plan, recipe, checkpoint);
      return [name, bytes];
    }),
  );
  const names = [...files.keys()];
  const read = (name: string): Uint8Array => files.get(name) ?? new Uint8Array();
  const lines = wanted.at(-1)!.counters.evaluations;
  expect(newestCheckpoint(names, read, 'run', plan, lines)).toEqual({ checkpoint: wanted[2], notes: [], unusable: [] });

  const short = newestCheckpoint(names, read, 'run', plan, lines - 1);
  expect(short.checkpoint).toEqual(wanted[1]);
  expect(short.notes).toEqual([
    `run/${names[2]} counts more evaluations than metrics.jsonl holds; going on from the checkpoint before.`,
  ]);

  files.set(names[1]!, read(names[1]!).slice(0, 900));
  const broken = newestCheckpoint(names, read, 'run', plan, lines - 1);
  expect([broken.checkpoint, broken.unusable]).toEqual([wanted[0], [names[2], names[1]]]);

  files.set(names[0]!, new Uint8Array());
  const none = newestCheckpoint(names, read, 'run', plan, lines - 1);
  expect([none.checkpoint, none.notes.at(-1)]).toEqual([undefined, 'No checkpoint is left: the run starts at step 0.']);

  const { step, evaluations } = wanted[1]!.counters;
  const metrics = wholeLines(`${'{"step":1}\n'.repeat(lines)}{"step":`);
  expect(metrics).toHaveLength(lines);
  expect(cutEvaluations(metrics, wanted[1])).toHaveLength(evaluations);
  expect(cutEvaluations(metrics, undefined)).toEqual([]);
  const observed = [1, step, step + 1].map((each) => `{"step":${each},"epoch":0}\n`);
  expect(cutObservations(observed, wanted[1])).toEqual(observed.slice(0, 2));
  expect(cutObservations([observed[0]!, 'no observation\n', observed[1]!], wanted[1])).toEqual([observed[0]]);
  expect(cutObservations(observed, undefined)).toEqual([]);
});
