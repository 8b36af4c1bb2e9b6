/** How often the model is asked, which row comes next, and what stands behind the confusion matrix: without a browser, on the CPU path. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { initialArena, prepare } from '../../src/train/session.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { openLiveModel } from '../../web/worker/live-model.ts';
import type { Snapshot } from '../../web/worker/live-model.ts';
import { openInspectors } from '../../web/worker/looking/inspectors.ts';
import type { Devices } from '../../web/worker/devices.ts';
import { openPace } from '../../web/worker/looking/pace.ts';
import { examplesOf, keepScores, searchRow } from '../../web/worker/looking/scores.ts';
import { describeSubject, shownRows, takeRows } from '../../web/worker/looking/subject.ts';
import { seeView } from '../../web/worker/looking/views.ts';
import { cloudImages, clouds, curves, everyLayer, smallRecipe } from '../train/support.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

const never = new AbortController().signal;

async function timeOf(wait: Promise<void>): Promise<number> {
  const begun = performance.now();
  let end: number | undefined;
  void wait.then(() => {
    end = performance.now();
  });
  for (let tick = 0; tick < 1000 && end === undefined; tick++) await vi.advanceTimersByTimeAsync(10);
  return (end ?? Infinity) - begun;
}

test('at rest the next look is due after 100 ms, whatever the last one cost', async () => {
  const pace = openPace(() => false);
  pace.spent(500);
  expect(await timeOf(pace.wait(never))).toBe(100);
  pace.spent(500);
  expect(await timeOf(pace.waitWithin(never))).toBe(0);
});

test('beside a training a look of 40 ms is followed by 760 ms of rest', async () => {
  const pace = openPace(() => true);
  pace.spent(40);
  expect(await timeOf(pace.wait(never))).toBe(760);
  pace.spent(2);
  expect(await timeOf(pace.wait(never))).toBe(100);
  pace.spent(2);
  expect(await timeOf(pace.waitWithin(never))).toBe(38);
});

test('the rest ends when the training does, or when nobody looks any more', async () => {
  let isTraining = true;
  const pace = openPace(() => isTraining);
  pace.spent(1000);
  setTimeout(() => {
    isTraining = false;
  }, 250);
  expect(await timeOf(pace.wait(never))).toBeLessThan(400);
  isTraining = true;
  pace.spent(1000);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 250);
  expect(await timeOf(pace.wait(controller.signal))).toBeLessThan(400);
});

test('rows are searched forwards, backwards and around the end, by class and by mistake', () => {
  const labels = [0, 1, 0, 2, 1, 0];
  const predicted = [0, 1, 2, 2, 0, 0];
  expect(searchRow(labels, undefined, { from: 1, direction: 'next', label: 0 })).toBe(2);
  expect(searchRow(labels, undefined, { from: 5, direction: 'next', label: 0 })).toBe(0);
  expect(searchRow(labels, undefined, { from: 0, direction: 'previous' })).toBe(5);
  expect(searchRow(labels, predicted, { from: 0, direction: 'next' })).toBe(2);
  expect(searchRow(labels, predicted, { from: 2, direction: 'next' })).toBe(4);
  expect(searchRow(labels, predicted, { from: 2, direction: 'next', label: 0 })).toBe(2);
  expect(searchRow(labels, predicted, { from: 0, direction: 'next', label: 2 })).toBeUndefined();
  expect(searchRow(labels, predicted, { from: 0, direction: 'random' }, () => 0.99)).toBe(4);
  expect(searchRow(labels, predicted, { from: 0, direction: 'random', label: 2 })).toBeUndefined();
});

test('whoever waits for a new snapshot is woken by it, and by the end of the wait', async () => {
  const live = openLiveModel();
  const controller = new AbortController();
  const first = live.next(undefined, controller.signal);
  const { snapshot } = look();
  live.show(snapshot);
  expect(await first).toBe(snapshot);
  const second = live.next(snapshot, controller.signal);
  controller.abort();
  expect(await second).toBeUndefined();
  expect(live.latest()).toBe(snapshot);
});

function look(prepared = prepare(smallRecipe(), clouds())) {
  vi.useRealTimers();
  const device = cpuDevice();
  const devices = { current: async () => device } as unknown as Devices;
  const inspectors = openInspectors(
    devices,
    openPace(() => false),
  );
  const scores = keepScores(inspectors);
  const snapshot: Snapshot = { runId: 'run', prepared, step: 3, parameters: initialArena(prepared) };
  const question = { snapshot, member: 0, signal: never };
  return {
    snapshot,
    scores,
    inspectors,
    see: (view: Parameters<typeof seeView>[1]) => seeView({ inspectors, scores }, view, question),
  };
}

test('the confusion matrix counts every row once, and its cells open the rows that they count', async () => {
  const { snapshot, scores, see } = look();
  const seen = await see({ kind: 'confusion', split: 'validation' });
  if (seen?.kind !== 'confusion') throw new Error('no confusion matrix came');
  expect(seen.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(30);
  const scored = await scores.recent(snapshot, 0, 'validation', never);
  if (scored === undefined) throw new Error('no scores came');
  const rows = snapshot.prepared.views[0]?.split.validation ?? [];
  for (const [label, row] of seen.counts.entries()) {
    for (const [predicted, count] of row.entries()) {
      const examples = examplesOf(scored, { label, predicted });
      expect(examples.length).toBe(count);
      for (const { index } of examples) expect(snapshot.prepared.dataset.labels?.[rows[index] ?? 0]).toBe(label);
      const sureness = examples.map((example) => example.sureness);
      expect(sureness).toEqual(sureness.toSorted((a, b) => b - a));
    }
  }
});

test('an input that is picked from a split is answered as the same numbers that are given', async () => {
  const { snapshot, see } = look(prepare(smallRecipe({ model: { layers: everyLayer } }), cloudImages()));
  const fromSplit = await see({ kind: 'input', input: { from: 'split', split: 'train', index: 4 }, activations: true });
  if (fromSplit?.kind !== 'input') throw new Error('no input came');
  const { dataset, views } = snapshot.prepared;
  const row = views[0]?.split.train[4] ?? 0;
  expect(fromSplit.label).toBe(dataset.labels?.[row]);
  expect(fromSplit.layers?.map(({ layer }) => layer).length).toBe(everyLayer.length);
  expect(fromSplit.outputs.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  // The data is float64, of which the page is given float32.
  const given = await see({ kind: 'input', input: { from: 'values', values: fromSplit.values }, activations: false });
  if (given?.kind !== 'input') throw new Error('no input came');
  expect(given.label).toBeUndefined();
  for (const [index, output] of given.outputs.entries()) expect(output).toBeCloseTo(fromSplit.outputs[index] ?? 0, 5);
});

test('the plane has its first cell at the top left, and answers for the rows on it', async () => {
  const dataset = clouds({ features: 2 });
  const { see, inspectors, snapshot } = look(prepare(smallRecipe(), dataset));
  const seen = await see({ kind: 'plane' });
  if (seen?.kind !== 'plane') throw new Error('no plane came');
  expect(seen.classes.length).toBe(seen.side ** 2);
  const cell = (seen.x[1] - seen.x[0]) / seen.side;
  const corner = Float64Array.from([seen.x[0] + cell / 2, seen.y[1] - (seen.y[1] - seen.y[0]) / seen.side / 2]);
  const outputs = await inspectors.output(snapshot, 0, corner);
  expect(seen.classes[0]).toBe(outputs.indexOf(Math.max(...outputs)));
  expect(seen.trainCount).toBe(60);
  expect(seen.heldBack).toBe('validation');
  expect(seen.predicted.length).toBe(90);
  for (let row = 0; row < 90; row++) {
    expect(seen.points[2 * row]).toBeGreaterThan(seen.x[0]);
    expect(seen.points[2 * row + 1]).toBeLessThan(seen.y[1]);
  }
});

test('a regression shows its outputs for the rows beside their targets', async () => {
  const recipe = smallRecipe({
    loss: 'mse',
    data: { source: 'csv', file: 'in memory', validation: 10 },
    model: { layers: [{ type: 'dense', units: 2 }] },
  });
  const { see, snapshot, inspectors } = look(prepare(recipe, curves()));
  const seen = await see({ kind: 'scatter' });
  if (seen?.kind !== 'scatter') throw new Error('nothing came');
  const { rows } = shownRows(snapshot.prepared, 0, 1000);
  expect(rows.length).toBe(64);
  expect(seen.outputs).toEqual(await inspectors.outputs(snapshot, 0, takeRows(snapshot.prepared.dataset, rows), never));
  expect([...seen.targets.subarray(0, 2)]).toEqual([
    ...(snapshot.prepared.dataset.targets?.subarray(2 * (rows[0] ?? 0), 2 * (rows[0] ?? 0) + 2) ?? []),
  ]);
});

test('a model is described by its data and by the weights that can be looked at', () => {
  const { snapshot } = look(prepare(smallRecipe({ model: { layers: everyLayer } }), cloudImages()));
  const subject = describeSubject(snapshot);
  expect(subject).toMatchObject({
    task: 'classification',
    probabilities: true,
    inputShape: [6, 6, 2],
    outputNames: ['0', '1', '2'],
    population: 1,
    rows: { train: 60, validation: 30, test: 0 },
  });
  expect(subject.largestByte).toBeUndefined();
  expect(subject.weights.map(({ name }) => name)).toEqual([
    'conv2d1.weight',
    'branch.weight',
    'conv2d3.weight',
    'dense1.weight',
  ]);
  // Behind flatten and dropout lie four numbers at one place.
  expect(subject.weights.at(-1)?.imageShape).toBeUndefined();
});

test('the weights of a dense layer on an image have its shape, through layers that keep it', () => {
  const layers = [
    { type: 'dropout', rate: 0.1 },
    { type: 'flatten' },
    { type: 'dense', units: 4 },
    { type: 'dense', units: 3 },
  ];
  const recipe = smallRecipe({ data: { source: 'csv', file: 'in memory', normalize: 'unit' }, model: { layers } });
  const { snapshot } = look(prepare(recipe, clouds({ bytes: true })));
  const { weights, largestByte } = describeSubject(snapshot);
  expect(weights.map(({ imageShape }) => imageShape)).toEqual([[3, 2, 1], undefined]);
  expect(largestByte).toBe(255);
});
