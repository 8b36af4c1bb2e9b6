// observations.jsonl: what `descent train` writes of weights and gradients over time.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRun } from '../../node/run-folder.ts';
import type { Observation } from '../../src/train/observe.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, smallRecipe, trainAll } from '../train/support.ts';
import { descent, readText, temporaryFolder } from './run-cli.ts';

const train = ['train', 'digits', '--device', 'cpu', '--epochs', '2', '--json', '--out'];

function observationsIn(folder: string): Observation[] {
  return readText(folder, 'observations.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Observation);
}

const hashOf = (stdout: string): unknown => (JSON.parse(stdout) as Record<string, unknown>)['weightsSha256'];

test('train keeps up to sixty observations of every tensor, or as many as are asked for', async () => {
  const folder = temporaryFolder();
  const places = { usual: join(folder, 'usual'), five: join(folder, 'five'), none: join(folder, 'none') };
  const usual = await descent([...train, places.usual]);
  const five = await descent([...train, places.five, '--observations', '5']);
  const none = await descent([...train, places.none, '--observations', '0']);
  expect([five, none].map(({ stdout }) => hashOf(stdout))).toEqual([hashOf(usual.stdout), hashOf(usual.stdout)]);
  expect(observationsIn(places.usual)).toHaveLength(44);
  const observations = observationsIn(places.five);
  expect(observations.map(({ step }) => step)).toEqual([1, 23, 45, 66, 88]);
  expect(existsSync(join(places.none, 'observations.jsonl'))).toBe(false);
  const [member] = observations[4]!.members;
  const names = member!.tensors.map(({ kind, name }) => `${kind} ${name}`);
  const tensors = ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias'];
  const parameters = ['weight', 'gradient', 'update'].flatMap((kind) => tensors.map((name) => `${kind} ${name}`));
  expect(names).toEqual([...parameters, 'activation dense1', 'activation dropout1', 'activation dense2']);
  for (const { bins, rms } of member!.tensors) {
    expect(bins).toHaveLength(64);
    expect(rms).toBeGreaterThan(0);
  }
  expect(member!.deadUnits.map(({ layer }) => layer)).toEqual(['dense1']);
  const wrong = await descent([...train, join(folder, 'wrong'), '--observations', '-1']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('whole number from 0') as string });
});

test('a run that is gone on with drops the observations that came after its checkpoint, and torn lines', async () => {
  const recipe = smallRecipe();
  const prepared = prepare(recipe, clouds(), { observe: true });
  const { events, checkpoints } = await trainAll(recipe, { observations: { count: 4 }, checkpointSeconds: 0 });
  const observations = events.flatMap((event) => (event.type === 'observation' ? [event.observation] : []));
  const folder = join(temporaryFolder(), 'run');
  const open = () => openRun(folder, prepared.plan, recipe, describeModel(prepared), undefined);
  const first = open();
  const middle = checkpoints.find(({ counters }) => counters.step >= observations[1]!.step)!;
  for (const each of events) if (each.type === 'evaluation') first.addEvaluation(each);
  for (const each of observations.slice(0, 3)) first.addObservation(each);
  first.addCheckpoint(middle);
  appendFileSync(join(folder, 'observations.jsonl'), '{"step":');
  const kept = observations.filter(({ step }) => step <= middle.counters.step);
  expect(kept.length).toBeLessThan(3);
  expect(open().checkpoint?.counters.step).toBe(middle.counters.step);
  expect(observationsIn(folder).map(({ step }) => step)).toEqual(kept.map(({ step }) => step));
  appendFileSync(join(folder, 'observations.jsonl'), 'no observation\n');
  open();
  expect(observationsIn(folder)).toHaveLength(kept.length);
});
