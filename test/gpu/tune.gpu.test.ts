// Tuning on the adapter of the tests: it changes no bit, is not repeated, and finds a shader that computes something else.
import { expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { tuneProducts, tuningTools } from '../../src/gpu/tune.ts';
import type { TuningTools } from '../../src/gpu/tune.ts';
import { openTuning, productKey } from '../../src/gpu/tuning.ts';
import type { TuneWhen, TuningReport, TuningStore } from '../../src/gpu/tuning.ts';
import { defaultVariant } from '../../src/gpu/variants.ts';
import { prepare } from '../../src/train/session.ts';
import { openTestAdapter } from '../device.ts';
import { clouds, hashes, smallRecipe, trainAll } from '../train/support.ts';
import { openTestGpu, plantFault } from '../verify/gpu.ts';

/** Measures every product, however long it takes. */
const patient: TuningTools = { ...tuningTools, now: () => 0, isDoneWithin: (_limit, work) => work.then(() => true) };

/** A device that tunes, with what it reports. */
async function openTuned(when: TuneWhen, store: TuningStore, reports: TuningReport[]): Promise<GpuDevice> {
  const { adapter, description } = await openTestAdapter();
  const { name, kind } = description;
  const tuning = { when, store, onTuned: (report: TuningReport) => reports.push(report) };
  return openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary, tuning });
}

function memoryStore(): TuningStore {
  const texts = new Map<string, string>();
  return { load: (adapter) => texts.get(adapter), save: (adapter, text) => void texts.set(adapter, text) };
}

test('a training ends with the same bits tuned, on stored variants, and without either', async () => {
  const store = memoryStore();
  const reports: TuningReport[] = [];
  using plain = await openTuned('never', store, reports);
  const wanted = hashes(await trainAll(smallRecipe(), { device: plain }));
  expect(reports).toEqual([]);

  using tuned = await openTuned('always', store, reports);
  expect(hashes(await trainAll(smallRecipe(), { device: tuned }))).toEqual(wanted);
  expect(reports).toHaveLength(1);

  // How many products two seconds suffice for depends on the driver's compiler.
  const { plan } = prepare(smallRecipe(), clouds());
  using stored = await openTuned('auto', store, []);
  const keys = plan.programs.train.flatMap(({ kernel, params }) => productKey(kernel, params) ?? []);
  const chosen = keys.map((key) => stored.tuning.chosen(key));
  expect(chosen).toEqual(keys.map((key) => tuned.tuning.chosen(key)));
  expect(chosen.some((variant) => variant !== undefined)).toBe(true);
  expect(hashes(await trainAll(smallRecipe(), { device: stored }))).toEqual(wanted);
});

test('a variant whose shader leaves out terms never wins, and is named', async () => {
  const gpu = await openTestGpu();
  const { plan } = prepare(smallRecipe(), clouds());
  const call = plan.programs.train.find(({ kernel: { product } }) => product !== undefined)!;
  const { kernel, params } = call;
  const faulty = defaultVariant(gpu, kernel, params) === 'rows1' ? 'rows4' : 'rows1';
  const fault = `var k = select(0u, 4u, ROWS == ${faulty.slice(4)}u && LANES == 1u);`;
  const reports: TuningReport[] = [];
  const onTuned = (report: TuningReport) => reports.push(report);
  const broken: GpuDevice = {
    ...plantFault(gpu, 'lib/product.wgsl', 'var k = 0u;', fault),
    tuning: openTuning({ when: 'always', onTuned }, 'adapter', 'version'),
  };
  await tuneProducts(broken, { ...plan, programs: { train: [call] } }, patient);
  expect(reports[0]?.faults).toEqual([
    expect.stringContaining(
      `${faulty} is not used: it computes other bits than ${defaultVariant(gpu, kernel, params)}`,
    ),
  ]);
  expect(broken.tuning.chosen(productKey(kernel, params) ?? '')).not.toBe(faulty);
});

test('every variant that may win computes the same bits on sides that can be read by fours', async () => {
  const gpu = await openTestGpu();
  const layers = [
    { type: 'dense', units: 28, activation: 'relu' },
    { type: 'dense', units: 3 },
  ];
  const { plan } = prepare(smallRecipe({ model: { layers }, batch: 12 }), clouds({ features: 36 }));
  const calls = plan.programs.train.filter(
    ({ layer, kernel: { product } }) => layer === 'dense1' && product !== undefined,
  );
  expect(calls).toHaveLength(2);
  const reports: TuningReport[] = [];
  const onTuned = (report: TuningReport) => reports.push(report);
  const fresh = { ...gpu, tuning: openTuning({ when: 'always', onTuned }, 'adapter', 'version') };
  await tuneProducts(fresh, { ...plan, programs: { train: calls } }, patient);
  expect(reports[0]).toMatchObject({ faults: [], left: 0 });
  expect(reports[0]?.products).toHaveLength(2);
  for (const { microseconds, standardMicroseconds } of reports[0]!.products) {
    expect(microseconds).toBeGreaterThan(0);
    expect(microseconds).toBeLessThanOrEqual(standardMicroseconds);
  }
});
