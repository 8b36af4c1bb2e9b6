// The numbers behind the figures: bins on another axis, ratios, means, and the lines of observations.jsonl.
import { expect, test } from 'vitest';
import { updateRatios } from '../../node/report/figures/dynamics.ts';
import { channelMeans } from '../../node/report/figures/features.ts';
import { countBins, resampleBins, resampleOverTime } from '../../node/report/figures/histograms.ts';
import { readObservations } from '../../node/report/observations.ts';
import { twoPeaksCurve } from '../../src/data/two-peaks.ts';
import { writeNpy } from '../../src/formats/npy.ts';
import { temporaryFolder, writeFile } from '../cli/run-cli.ts';
import { memberRecords, tensorRecord } from './records.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test('bins on another axis keep every value, in its place', () => {
  const record = { min: 0, max: 8, bins: [8, 0, 4, 4] };
  expect(resampleBins(record, 0, 8, 4)).toEqual([0.5, 0, 0.25, 0.25]);
  expect(resampleBins(record, 0, 8, 8)).toEqual([0.25, 0.25, 0, 0, 0.125, 0.125, 0.125, 0.125]);
  expect(resampleBins(record, -8, 8, 4)).toEqual([0, 0, 0.5, 0.5]);
  expect(resampleBins(record, 4, 8, 2)).toEqual([0.25, 0.25]);
  expect(sum(resampleBins(record, -3, 11, 61))).toBeCloseTo(1, 12);
  expect(resampleBins({ min: 2, max: 2, bins: [5, 0, 0, 0] }, 0, 4, 4)).toEqual([0, 0, 1, 0]);
});

test('a wrong bin is found', () => {
  const bins = [8, 0, 4, 4];
  const right = resampleBins({ min: 0, max: 8, bins }, 0, 8, 4);
  for (const [wrong] of bins.entries()) {
    const planted = bins.with(wrong, (bins[wrong] ?? 0) + 1);
    expect(resampleBins({ min: 0, max: 8, bins: planted }, 0, 8, 4)).not.toEqual(right);
  }
});

test('columns over time are those of the nearest observation', () => {
  const at = (epoch: number, min: number, max: number) => ({ epoch, tensor: tensorRecord({ min, max, bins: [1, 1] }) });
  const { least, most, columns, firstEpoch, endEpoch } = resampleOverTime([at(0, -1, 1), at(1, -1, 1), at(10, -1, 3)]);
  expect([least, most, firstEpoch, endEpoch]).toEqual([-1, 3, 0, 10]);
  expect(columns).toHaveLength(3);
  for (const column of columns) expect(sum(column)).toBeCloseTo(1, 12);
  const reach = columns.map((column) => column.findLastIndex((share) => share > 0));
  expect(reach[0]).toBe(reach[1]);
  expect(reach[2]).toBeGreaterThan(reach[1]!);
});

test('bins are counted as observations count them', () => {
  expect(countBins(Float32Array.of(0, 0.5, 1, 1.5, 2, Number.NaN), 4)).toEqual({ min: 0, max: 2, bins: [1, 1, 1, 2] });
  expect(countBins(Float32Array.of(3, 3), 4)).toEqual({ min: 3, max: 3, bins: [2, 0, 0, 0] });
});

test('the ratio is that of the root mean squares, and there is none without a weight', () => {
  const tensors = [tensorRecord({ rms: 0.25 }), tensorRecord({ kind: 'update', rms: 1e-3 })];
  const record = { step: 3, epoch: 2, tensors, deadUnits: [] };
  expect(updateRatios([record], ['dense1.weight'])).toEqual([{ epoch: 2, value: 4e-3, line: 'dense1.weight' }]);
  const zero = { ...record, tensors: [tensorRecord({ rms: 0 }), tensorRecord({ kind: 'update', rms: 1e-3 })] };
  expect(updateRatios([zero], ['dense1.weight'])).toEqual([]);
  expect(updateRatios([record], ['dense2.weight'])).toEqual([]);
});

test('the profile of a channel is its mean over the positions of one input', () => {
  const layer = { layer: 'conv1', type: 'conv2d', shape: [1, 2, 2], values: Float32Array.of(1, 10, 3, 20, 5, 0, 7, 0) };
  expect(channelMeans(layer, 0)).toEqual([2, 15]);
  expect(channelMeans(layer, 1)).toEqual([6, 0]);
});

test('the true curve has its peaks where the data has them', () => {
  // From the data's description: 3.88 at x = -2, 5.88 at x = 2.
  expect(twoPeaksCurve(-2)).toBeCloseTo(3.88, 2);
  expect(twoPeaksCurve(2)).toBeCloseTo(5.88, 2);
});

const line = (record: ReturnType<typeof memberRecords>[number]): string => {
  const { step, epoch, tensors, deadUnits } = record;
  return `${JSON.stringify({
    step,
    epoch,
    members: [
      { tensors: [], deadUnits: [] },
      { tensors, deadUnits },
    ],
  })}\n`;
};

test('of many observations as many are read as can be drawn, the last among them', async () => {
  const folder = temporaryFolder();
  const path = writeFile(folder, 'observations.jsonl', memberRecords(250).map(line).join(''));
  const records = await readObservations(path, 1, 20);
  expect(records).toHaveLength(20);
  expect([records?.[0]?.step, records?.at(-1)?.step]).toEqual([10, 2500]);
  expect(records?.[0]?.tensors).toHaveLength(6);
  expect(await readObservations(path, 1, 1000)).toHaveLength(250);
  expect((await readObservations(path, 0, 1000))?.[0]?.tensors).toEqual([]);
  expect(await readObservations(`${path}.not`, 0, 10)).toBeUndefined();
});

test('a torn last line is dropped, a wrong one is named', async () => {
  const folder = temporaryFolder();
  const [first, second] = memberRecords(2).map(line);
  const torn = writeFile(folder, 'torn.jsonl', `${first}${second!.slice(0, 40)}`);
  expect(await readObservations(torn, 1, 10)).toHaveLength(1);
  const broken = writeFile(folder, 'broken.jsonl', `${first}{"step": \n${second}`);
  await expect(readObservations(broken, 1, 10)).rejects.toThrow(/broken\.jsonl: line 2 is no JSON/);
  const strange = writeFile(folder, 'strange.jsonl', '{"step":1,"epoch":"one","members":[]}\n');
  await expect(readObservations(strange, 0, 10)).rejects.toThrow(/line 1 is no observation: epoch: /);
});

test('numbers that are not finite are read as none', async () => {
  const folder = temporaryFolder();
  const tensor = { ...tensorRecord(), mean: null, rms: null, min: null, max: null, bins: [] };
  const members = [{ tensors: [tensor], deadUnits: [{ layer: 'dense1', share: null }] }];
  const path = writeFile(folder, 'observations.jsonl', `${JSON.stringify({ step: 1, epoch: 1, members })}\n`);
  expect((await readObservations(path, 0, 10))?.[0]?.tensors[0]?.rms).toBeNull();
});

// The bytes that numpy 1.24 writes: numpy.save(file, numpy.array([[1, -2], [0.5, numpy.inf]], numpy.float32)).
test('a .npy file has the bytes that numpy writes', () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  const file = writeNpy(Float32Array.of(1, -2, 0.5, Infinity), [2, 2]);
  expect([...file.subarray(0, 10)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  expect(new TextDecoder().decode(file.subarray(10, 128))).toBe(`${header.padEnd(117)}\n`);
  expect([...file.subarray(128)]).toEqual([0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 0, 63, 0, 0, 128, 127]);
  expect(new TextDecoder().decode(writeNpy(new Float32Array(3), [3]).subarray(10, 80))).toContain("'shape': (3,), }");
  expect(() => writeNpy(new Float32Array(3), [2, 2])).toThrow('An array of shape [2, 2] cannot hold 3 values.');
});
