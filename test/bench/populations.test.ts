// Populations in the benchmark: their members, the check before any timing, the gains, and the tables.
import { expect, test } from 'vitest';
import { formatFigures } from '../../bench/figures.ts';
import type { Figure } from '../../bench/figures.ts';
import { measurePopulations, measureRuns, requireSameWeights } from '../../bench/populations.ts';
import { chooseWorkloads, populationRecipe, workloads } from '../../bench/workloads.ts';
import type { PopulationWorkload, RunsWorkload } from '../../bench/workloads.ts';
import { memberRecipes, parseRecipe } from '../../src/recipe/parse.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';

function populationOf(name: string): PopulationWorkload | RunsWorkload {
  const [workload] = chooseWorkloads([name]);
  if (workload?.kind === 'population' || workload?.kind === 'runs') return workload;
  throw new Error(`${name} is no population`);
}

const sizesOf = (workload: PopulationWorkload | RunsWorkload): readonly number[] =>
  workload.kind === 'runs' ? [workload.population] : workload.sizes;

test.each([
  { name: 'P1', parameters: 154_160, batch: 100, sizes: [1, 4, 16, 64], ownRows: false },
  { name: 'P2', parameters: 154_160, batch: 100, sizes: [1, 4, 16, 64], ownRows: true },
  { name: 'P3', parameters: 1_738_890, batch: 128, sizes: [1, 2, 4, 8], ownRows: false },
  { name: 'P4', parameters: 10_401, batch: 25, sizes: [1, 9, 27, 54], ownRows: true },
  { name: 'P5', parameters: 10_401, batch: 10, sizes: [1, 9, 27, 54], ownRows: true },
  { name: 'S1', parameters: 154_160, batch: 100, sizes: [16], ownRows: false },
  { name: 'S2', parameters: 10_401, batch: 25, sizes: [27], ownRows: true },
])('$name has $sizes members of $parameters parameters', ({ name, parameters, batch, sizes, ownRows }) => {
  const workload = populationOf(name);
  expect(sizesOf(workload)).toEqual(sizes);
  const dataset = workload.createDataset();
  const largest = Math.max(...sizes);
  const members = memberRecipes(populationRecipe(workload, largest));
  expect(new Set(members.map((member) => JSON.stringify(member))).size).toBe(largest);
  for (const size of sizes) {
    const recipe = populationRecipe(workload, size);
    const { plan, duration } = prepare(recipe, dataset);
    expect(plan.model.parameterCount).toBe(parameters);
    expect(plan.batch).toBe(batch);
    expect(plan.population).toBe(size);
    expect(plan.dataPopulation).toBe(ownRows ? size : 1);
    expect(duration.stepsPerEpoch).toBeGreaterThan(1);
    // Every buffer fits the binding that WebGPU promises, or it could not be measured everywhere.
    expect(Math.max(...plan.buffers.map(({ elements }) => 4 * elements))).toBeLessThanOrEqual(2 ** 27);
    expect(memberRecipes(recipe)).toEqual(members.slice(0, size));
  }
});

/** Two weights on eight points, for the CPU path. */
const tiny = {
  title: 'a line',
  recipe: parseRecipe({
    data: { source: 'csv', file: 'synthetic', task: 'regression', test: 0, validation: 2, normalize: 'none' },
    model: { layers: [{ type: 'dense', units: 1 }] },
    loss: 'mse',
    batch: 2,
    epochs: 2,
  }),
  createMember: (index: number) => ({ seed: index, 'data.seed': index }),
  createDataset: () => ({
    name: 'line',
    task: 'regression' as const,
    rowCount: 8,
    inputShape: [1],
    inputs: Float32Array.from({ length: 8 }, (_, row) => row / 8),
    targets: Float32Array.from({ length: 8 }, (_, row) => 1 - row / 4),
    outputCount: 1,
    parts: {},
    notes: [],
  }),
};

test('sizes are timed in turns and held against the smallest', async () => {
  const workload = { ...tiny, name: 'P', kind: 'population', sizes: [1, 3] } as const;
  const [one, three] = await measurePopulations(cpuDevice(), workload, 2);
  expect(one).toMatchObject({ population: 1, dataPopulation: 1, gain: { median: 1, min: 1, max: 1 } });
  expect(three).toMatchObject({ population: 3, dataPopulation: 3, dispatches: one?.dispatches });
  for (const figure of [one, three]) {
    const { population = 0, ms = { median: 0, min: 0, max: 0 }, samplesPerSecond = 0 } = figure ?? {};
    expect((samplesPerSecond * ms.median) / 1000).toBeCloseTo(2 * population, 6);
    expect(ms.min).toBeGreaterThan(0);
  }
  // What the CPU path takes is the time of this process.
  expect(three?.processorGain?.min).toBeGreaterThan(0);
});

test('runs as a population are held against the same runs one after the other', async () => {
  const figure = await measureRuns(cpuDevice(), { ...tiny, name: 'S', kind: 'runs', population: 3 }, 2);
  expect(figure.population).toBe(3);
  const { gain, ms, serialMs } = figure;
  expect(gain.min).toBeGreaterThanOrEqual(serialMs.min / ms.max);
  expect(gain.max).toBeLessThanOrEqual(serialMs.max / ms.min);
});

test('a member with other bits than its recipe alone is told in place of a time', () => {
  const together = Uint32Array.of(7, 7, 1, 2);
  expect(() => requireSameWeights('P1', 2, together, Uint32Array.of(1, 2))).not.toThrow();
  expect(() => requireSameWeights('P1', 2, together, Uint32Array.of(1, 3))).toThrow(
    /^P1: .* number 1 of the weights of the last of 2 members has other bits/,
  );
});

test('the tables name population, rate and gain, and the gain by processor time where there is one', () => {
  const place = { workload: 'P1', adapter: 'any', rounds: 3 };
  const spread = { median: 2, min: 1, max: 4 };
  const common = { ...place, figure: 'population', dataPopulation: 1, ms: spread, stepsPerTurn: 5 } as const;
  const figures: Figure[] = [
    { ...common, population: 1, samplesPerSecond: 50_000, gain: spread, dispatches: 8 },
    { ...common, population: 4, samplesPerSecond: 200_000, gain: spread, processorGain: spread, dispatches: 8 },
    { ...place, workload: 'S1', figure: 'runs', population: 16, ms: spread, serialMs: spread, gain: spread },
  ];
  const titles = new Map(workloads.map(({ name, title }) => [name, title]));
  const lines = formatFigures(figures, titles).split('\n');
  expect(lines[0]).toMatch(/^population +P +ms +min\.\.max +member-samples\/s +gain +min\.\.max +by processor /);
  expect(lines[1]).toMatch(/^P1 +1 .* 50,000 +2\.00x +1\.00\.\.4\.00 +8 +W1 in populations/);
  expect(lines[2]).toMatch(/^P1 +4 .* 200,000 +2\.00x +1\.00\.\.4\.00 +2\.00x +1\.00\.\.4\.00 +8$/);
  expect(lines[5]).toMatch(/^S1 +16 .* 2\.00x +1\.00\.\.4\.00 +sixteen runs of W1/);
});
