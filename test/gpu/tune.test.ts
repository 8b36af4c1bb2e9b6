// Choosing launch variants by measuring, with planted times, bits and clocks: what wins, what never does, and what is kept.
import { expect, test } from 'vitest';
import { DeviceError } from '../../src/errors.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { tuneProducts } from '../../src/gpu/tune.ts';
import type { ProductTrial, TuningTools } from '../../src/gpu/tune.ts';
import { openTuning, productKey } from '../../src/gpu/tuning.ts';
import type { TuningOptions, TuningReport, TuningStore } from '../../src/gpu/tuning.ts';
import { availableVariants, bestVariant, defaultVariant } from '../../src/gpu/variants.ts';
import type { Call } from '../../src/plan/plan.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, smallRecipe } from '../train/support.ts';

const { plan } = prepare(smallRecipe(), clouds());
const products = plan.programs.train.filter(({ kernel }) => kernel.product !== undefined);
const keyOf = ({ kernel, params }: Call): string => productKey(kernel, params) ?? '';
const first = products[0]!;

interface Fake {
  readonly gpu: GpuDevice;
  readonly reports: TuningReport[];
}

/** As much of a device as choosing needs. */
function fakeDevice(options: Partial<TuningOptions> & { software?: boolean; adapter?: string } = {}): Fake {
  const { software = false, adapter = 'adapter', when = 'auto', ...rest } = options;
  const reports: TuningReport[] = [];
  const tuning = openTuning({ when, onTuned: (report) => reports.push(report), ...rest }, adapter, 'version');
  const gpu = { kind: 'gpu', name: adapter, software, subgroupSize: 8, tuning, lostReason: () => undefined };
  return { gpu: gpu as unknown as GpuDevice, reports };
}

interface Planted {
  /** Milliseconds of one run; 10 where nothing is said. */
  readonly times?: Readonly<Record<string, number>>;
  /** Variants that compute something else. */
  readonly wrong?: readonly string[];
  readonly open?: (call: Call) => void;
  /** Milliseconds of compiling a product's variants. */
  readonly compiling?: number;
}

/** Tools whose clock goes by what the runs are said to take. */
function planted({
  times = {},
  wrong = [],
  open,
  compiling = 0,
}: Planted): TuningTools & { readonly opened: string[] } {
  let clock = 0;
  const opened: string[] = [];
  const time = (variant: string): number => times[variant] ?? 10;
  return {
    opened,
    now: () => clock,
    isDoneWithin: async (milliseconds, work) => {
      await work;
      clock += Math.min(compiling, milliseconds);
      return compiling < milliseconds;
    },
    compile: async () => undefined,
    open: async (_gpu, call) => {
      open?.(call);
      opened.push(keyOf(call));
      const trial: ProductTrial = {
        output: async (variant) => {
          clock += time(variant);
          return Uint32Array.of(1, 2, wrong.includes(variant) ? 4 : 3);
        },
        time: async (variant, runs) => {
          clock += time(variant) * runs;
          return time(variant) * runs;
        },
        [Symbol.dispose]: () => undefined,
      };
      return trial;
    },
  };
}

function memoryStore(): TuningStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return { texts, load: (adapter) => texts.get(adapter), save: (adapter, text) => void texts.set(adapter, text) };
}

/** Another variant than the one that a device takes by itself. */
function otherVariants({ gpu }: Fake): string[] {
  const standard = defaultVariant(gpu, first.kernel, first.params);
  return availableVariants(gpu, first.kernel).filter((variant) => variant !== standard);
}

test('the variant with the shortest time wins, and executors take it from then on', async () => {
  const fake = fakeDevice();
  const [slow = '', fast = ''] = otherVariants(fake);
  await tuneProducts(fake.gpu, plan, planted({ times: { [fast]: 0.5, [slow]: 2 } }));
  for (const { kernel, params } of products) expect(bestVariant(fake.gpu, kernel, params)).toBe(fast);
  const [report] = fake.reports;
  expect(report).toMatchObject({ faults: [], left: 0 });
  expect(report?.products[0]).toMatchObject({ variant: fast, microseconds: 500, standardMicroseconds: 10_000 });
});

test('the default variant stays where no other is faster', async () => {
  const fake = fakeDevice();
  const standard = defaultVariant(fake.gpu, first.kernel, first.params);
  await tuneProducts(fake.gpu, plan, planted({ times: { [standard]: 9.9 } }));
  expect(bestVariant(fake.gpu, first.kernel, first.params)).toBe(standard);
});

test('a variant that computes other bits than the default never wins, and is named', async () => {
  const fake = fakeDevice();
  const [wrong = '', fast = ''] = otherVariants(fake);
  await tuneProducts(fake.gpu, plan, planted({ times: { [wrong]: 0.01, [fast]: 5 }, wrong: [wrong] }));
  expect(bestVariant(fake.gpu, first.kernel, first.params)).toBe(fast);
  const [report] = fake.reports;
  expect(report?.products.map(({ variant }) => variant)).not.toContain(wrong);
  expect(report?.faults).toHaveLength(report!.products.length);
  expect(report?.faults.join()).toContain(`${wrong} is not used: it computes other bits than`);
});

test('after two seconds measuring stops: the costly products come first, the others in the next run', async () => {
  const store = memoryStore();
  // Each variant is run at least twice, so that the time is up within the first product.
  const slow = {
    times: Object.fromEntries(availableVariants(fakeDevice().gpu, first.kernel).map((name) => [name, 400])),
  };
  const before = fakeDevice({ store });
  const tools = planted(slow);
  await tuneProducts(before.gpu, plan, tools);
  const costs = products.map(({ kernel, params }) => kernel.multiplyAdds?.(params) ?? 0);
  const costly = products[costs.indexOf(Math.max(...costs))]!;
  expect(tools.opened).toEqual([keyOf(costly)]);
  const [report] = before.reports;
  expect(report?.seconds).toBeGreaterThanOrEqual(2);
  expect(report?.seconds).toBeLessThan(2.8);
  expect(report?.left).toBeGreaterThan(2);

  const after = fakeDevice({ store });
  const next = planted({ times: Object.fromEntries(Object.keys(slow.times).map((name) => [name, 3])) });
  await tuneProducts(after.gpu, plan, next);
  expect(next.opened).toHaveLength(report!.left);
  expect(next.opened).not.toContain(keyOf(costly));
  expect(after.reports[0]?.left).toBe(0);
});

test('compiling counts: what it leaves no time for is left, but each run settles one product', async () => {
  const fake = fakeDevice();
  await tuneProducts(fake.gpu, plan, planted({ compiling: 1500 }));
  expect(fake.reports[0]?.products).toHaveLength(1);
  const slow = fakeDevice();
  const tools = planted({ compiling: 5000 });
  await tuneProducts(slow.gpu, plan, tools);
  expect(tools.opened).toEqual([]);
  expect(slow.reports[0]).toMatchObject({ seconds: 2, products: [], left: fake.reports[0]!.left });
  expect(slow.reports[0]?.faults).toEqual([expect.stringContaining('takes too long')]);
  await tuneProducts(slow.gpu, plan, planted({ compiling: 1500 }));
  expect(slow.reports[1]?.left).toBe(fake.reports[0]!.left - 1);
});

test('what is stored is used by the next device of the same adapter and version, without measuring', async () => {
  const store = memoryStore();
  const fake = fakeDevice({ store });
  const [fast = ''] = otherVariants(fake);
  await tuneProducts(fake.gpu, plan, planted({ times: { [fast]: 1 } }));
  const again = fakeDevice({ store });
  const tools = planted({});
  await tuneProducts(again.gpu, plan, tools);
  expect(tools.opened).toEqual([]);
  expect(again.reports).toEqual([]);
  expect(bestVariant(again.gpu, first.kernel, first.params)).toBe(fast);
  const other = fakeDevice({ store, adapter: 'another' });
  expect(bestVariant(other.gpu, first.kernel, first.params)).not.toBe(fast);
  const version = openTuning({ when: 'auto', store }, 'adapter', 'another');
  expect(version.chosen(keyOf(first))).toBeUndefined();
});

test('two devices that tune different products both find theirs in the store', () => {
  const store = memoryStore();
  const report = { seconds: 0, products: [], faults: [], left: 0 };
  const [one, other] = ['one', 'other'].map((product) => {
    const tuning = openTuning({ when: 'auto', store }, 'adapter', 'version');
    expect(tuning.chosen(product)).toBeUndefined();
    tuning.keep(product, product);
    return tuning;
  });
  one!.finish(report);
  other!.finish(report);
  const next = openTuning({ when: 'auto', store }, 'adapter', 'version');
  expect([next.chosen('one'), next.chosen('other'), next.chosen('toString')]).toEqual(['one', 'other', undefined]);
});

const stored = { adapter: 'adapter', version: 'version', variants: { [keyOf(first)]: 'shared8' } };
test.each([
  ['the right text', JSON.stringify(stored), 'shared8'],
  ['half a text', JSON.stringify(stored).slice(0, -9), undefined],
  ['no JSON', 'variants', undefined],
  ['another kind of JSON', '[1, 2]', undefined],
  ['variants that are no names', JSON.stringify({ ...stored, variants: { a: 1 } }), undefined],
  ['another adapter', JSON.stringify({ ...stored, adapter: 'another' }), undefined],
  ['a variant that the adapter lacks', JSON.stringify({ ...stored, variants: { [keyOf(first)]: 'gone' } }), undefined],
])('with %s in the store, only what fits is used', (_name, text, variant) => {
  const store = memoryStore();
  store.save('adapter', text);
  const { gpu } = fakeDevice({ store });
  const standard = defaultVariant(gpu, first.kernel, first.params);
  expect(standard).not.toBe('shared8');
  expect(bestVariant(gpu, first.kernel, first.params)).toBe(variant ?? standard);
});

test('software adapters are measured only when asked; `never` neither measures nor uses what is stored', async () => {
  const store = memoryStore();
  store.save('adapter', JSON.stringify(stored));
  const opened = async (options: Parameters<typeof fakeDevice>[0]): Promise<readonly [number, string]> => {
    const { gpu } = fakeDevice({ store, ...options });
    const tools = planted({});
    await tuneProducts(gpu, plan, tools);
    return [tools.opened.length, gpu.tuning.chosen(keyOf(first)) ?? ''];
  };
  expect(await opened({ when: 'never' })).toEqual([0, '']);
  expect(await opened({ software: true })).toEqual([0, 'shared8']);
  const [all] = await opened({ software: true, when: 'always' });
  expect(all).toBeGreaterThan(3);
});

test('`always` takes what is not known first, so that runs come to every product', async () => {
  const store = memoryStore();
  const opened: string[] = [];
  for (let run = 0; run < 3; run++) {
    const tools = planted({ compiling: 1999 });
    await tuneProducts(fakeDevice({ store, when: 'always' }).gpu, plan, tools);
    opened.push(...tools.opened);
  }
  expect(new Set(opened).size).toBe(3);
});

test('`always` measures once with each device what others have stored', async () => {
  const store = memoryStore();
  const fake = fakeDevice({ store });
  await tuneProducts(fake.gpu, plan, planted({}));
  const again = fakeDevice({ store, when: 'always' });
  const [fast = ''] = otherVariants(again);
  await tuneProducts(again.gpu, plan, planted({ times: { [fast]: 1 } }));
  const tools = planted({});
  await tuneProducts(again.gpu, plan, tools);
  expect(tools.opened).toEqual([]);
  expect(bestVariant(fakeDevice({ store }).gpu, first.kernel, first.params)).toBe(fast);
});

test('a product without room on the device is named and left as it is; other errors go on', async () => {
  const fake = fakeDevice();
  const full = (call: Call): void => {
    if (keyOf(call) === keyOf(first)) throw new DeviceError('not enough memory');
  };
  await tuneProducts(fake.gpu, plan, planted({ open: full }));
  expect(fake.reports[0]?.faults).toEqual([`${keyOf(first)} cannot be measured: not enough memory`]);
  expect(fake.gpu.tuning.chosen(keyOf(first))).toBeUndefined();
  const broken = (): void => {
    throw new TypeError('a fault');
  };
  await expect(tuneProducts(fakeDevice().gpu, plan, planted({ open: broken }))).rejects.toThrow('a fault');
});
