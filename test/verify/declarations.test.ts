// What a kernel declares in TypeScript against what its shader says: files, bindings, parameters, and the constants that both sides share.

import { expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { activationCodes } from '../../src/ops/activation.ts';
import { kernels, ops } from '../../src/ops/index.ts';
import { stepFields } from '../../src/ops/kernel.ts';
import type { Kernel } from '../../src/ops/kernel.ts';
import { binCount, regionColumns, statisticsColumns } from '../../src/ops/statistics.ts';
import { hyperColumn, hyperColumns, lossColumns, memberColumns } from '../../src/ops/tables.ts';
import { streams } from '../../src/random/draws.ts';
import { replacedFiles } from '../../src/gpu/pipelines.ts';
import { variantConstants } from '../../src/gpu/variants.ts';
import { subgroupLanes } from '../../src/ops/product.ts';
import { assembleShader } from '../../src/shader/assemble.ts';

type Fields = readonly (readonly [name: string, type: string])[];

/** Fields of a struct, in order. */
function structFields(text: string, name: string): Fields {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? '';
  return Array.from(body.matchAll(/(\w+)\s*:\s*(\w+)/g), ([, field = '', type = '']) => [field, type] as const);
}

interface Bound {
  readonly place: string;
  readonly space: string;
  readonly name: string;
  readonly type: string;
}

function bindingsOf(text: string): Bound[] {
  const found = text.matchAll(/@group\((\d+)\) @binding\((\d+)\) var<([^>]*)> (\w+)\s*:\s*([^;]+);/g);
  return Array.from(found, ([, group, binding, space = '', name = '', type = '']) => ({
    place: `${group}.${binding}`,
    space,
    name,
    type,
  }));
}

/** The same, as the kernel's declaration says it. */
function declaredBindings(kernel: Kernel): Bound[] {
  const tensors = [
    ...Object.entries(kernel.reads).map((entry) => [...entry, 'storage, read'] as const),
    ...Object.entries(kernel.writes).map((entry) => [...entry, 'storage, read_write'] as const),
  ];
  return [
    ...tensors.map(([name, type, space], index) => ({
      place: `0.${index}`,
      space,
      name,
      type: `array<${type === 'f32x4' ? 'vec4<f32>' : type}>`,
    })),
    { place: `0.${tensors.length}`, space: 'uniform', name: 'params', type: 'Params' },
    { place: '1.0', space: 'uniform', name: 'step', type: 'Step' },
  ];
}

/** Constants by name with their values, of the names that start with `prefix`. */
function constantsOf(text: string, prefix: string): Record<string, number> {
  const found = text.matchAll(/^const (\w+): u32 = (\d+)u;$/gm);
  return Object.fromEntries(
    Array.from(found, ([, name = '', value]) => [name, Number(value)] as const)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

const upperSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
const textOf = (path: string) => shaderLibrary[path] ?? '';

test('every shader belongs to a kernel, and every kernel has its shader', () => {
  const files = Object.keys(shaderLibrary).filter((path) => !path.startsWith('lib/'));
  expect(files.toSorted()).toEqual(kernels.map(({ name }) => `${name}.wgsl`).toSorted());
});

test('every file of lib is used', () => {
  const used = Object.values(shaderLibrary).flatMap((text) =>
    Array.from(text.matchAll(/^\/\/! use (\S+)$/gm), (match) => match[1]),
  );
  const library = Object.keys(shaderLibrary).filter((path) => path.startsWith('lib/'));
  const chosen = Object.values(replacedFiles({ LANES: 2, TERMS: 2 }));
  expect([...new Set([...used, ...chosen])].toSorted()).toEqual(library.toSorted());
});

test.each(kernels)('$name declares the bindings and parameters of its shader, in order', (kernel) => {
  const text = textOf(`${kernel.name}.wgsl`);
  expect(bindingsOf(text)).toEqual(declaredBindings(kernel));
  expect(structFields(text, 'Params')).toEqual(Object.entries(kernel.params));
});

test('a planted difference in order, type or name of a binding or parameter is found', () => {
  const kernel = kernels.find(({ name }) => name === 'dense_forward')!;
  const text = textOf('dense_forward.wgsl');
  const { batch, inSize, ...rest } = kernel.params;
  expect(structFields(text, 'Params')).not.toEqual(Object.entries({ inSize, batch, ...rest }));
  expect(structFields(text.replace('batch: u32', 'batch: f32'), 'Params')).not.toEqual(Object.entries(kernel.params));
  expect(bindingsOf(text)).not.toEqual(declaredBindings({ ...kernel, reads: { w: 'f32x4', x: 'f32x4' } }));
  expect(bindingsOf(text.replace('read_write', 'read'))).not.toEqual(declaredBindings(kernel));
  expect(bindingsOf(text.replace('array<f32>', 'array<u32>'))).not.toEqual(declaredBindings(kernel));
});

test.each(kernels)('$name assembles with the constants of each launch variant and each case', (kernel) => {
  const cases = ops.flatMap((op) => op.cases).filter((one) => one.kernel === kernel);
  expect(cases.length).toBeGreaterThan(0);
  for (const variant of Object.keys(kernel.variants)) {
    for (const { params, constants } of cases) {
      const tile = variantConstants({ subgroupSize: 8 }, kernel, variant, params);
      assembleShader(`${kernel.name}.wgsl`, shaderLibrary, { ...tile, ...constants }, replacedFiles(tile));
    }
  }
});

test('each matrix product has launch variants with and without subgroups', () => {
  const products = kernels.filter(({ multiplyAdds }) => multiplyAdds !== undefined);
  expect(products.map(({ name }) => name)).toEqual(
    ['dense', 'conv2d'].flatMap((layer) =>
      ['forward', 'backward_input', 'backward_weight'].map((pass) => `${layer}_${pass}`),
    ),
  );
  for (const { variants } of products) {
    const shared = Object.values(variants).filter(({ LANES }) => LANES === subgroupLanes);
    expect(shared.length).toBeGreaterThan(0);
    expect(shared.length).toBeLessThan(Object.keys(variants).length);
  }
});

test('the cases of the products and sums have the odd sizes 1, 7, 33, 257 and 600', () => {
  for (const name of [
    'dense_forward',
    'dense_backward_input',
    'dense_backward_weight',
    'chunk_sums',
    'batch_metrics',
  ]) {
    const cases = ops.flatMap((op) => op.cases).filter(({ kernel }) => kernel.name === name);
    const sizes = new Set(cases.flatMap(({ params }) => Object.values(params)));
    for (const size of [1, 7, 33, 257, 600]) expect(sizes).toContain(size);
  }
});

test('the scalars of a step are the same on both sides', () => {
  expect(structFields(textOf('lib/step.wgsl'), 'Step')).toEqual(stepFields.map((name) => [name, 'u32']));
});

test('the columns of the tables are the same on both sides', () => {
  const tables = textOf('lib/tables.wgsl');
  const columns = Object.fromEntries(hyperColumns.map((name) => [upperSnake(name), hyperColumn[name]]));
  expect(constantsOf(tables, 'HYPER_')).toEqual({ ...columns, COLUMNS: hyperColumns.length });
  const { seed: SEED, active: ACTIVE, smoothing: SMOOTHING } = memberColumns;
  expect(constantsOf(tables, 'MEMBER_')).toEqual({ SEED, ACTIVE, SMOOTHING });
  expect(constantsOf(tables, 'LOSS_')).toEqual({ COLUMNS: lossColumns });
});

test('the columns of observations are the same on both sides', () => {
  const text = textOf('lib/regions.wgsl');
  const numbered = (names: readonly string[]) =>
    Object.fromEntries(names.map((name, index) => [upperSnake(name), index]));
  expect(constantsOf(text, 'REGION_')).toEqual({ ...numbered(regionColumns), COLUMNS: regionColumns.length });
  const { length } = statisticsColumns;
  expect(constantsOf(text, 'STATISTICS_')).toEqual({
    ...numbered(statisticsColumns),
    BINS: length,
    STRIDE: length + binCount,
  });
});

test('the streams of random draws are the same on both sides', () => {
  const known = Object.fromEntries(Object.entries(streams).map(([name, value]) => [upperSnake(name), value]));
  const used = constantsOf(textOf('lib/tables.wgsl'), 'STREAM_');
  expect(Object.keys(used).length).toBeGreaterThan(0);
  expect(known).toMatchObject(used);
});

test('the codes of the activations are the same on both sides', () => {
  // Each case names its function or holds the formula; what a code computes is the conformance suite's business.
  const cases = Array.from(textOf('lib/activation.wgsl').matchAll(/case (\d+)u:/g), (match) => Number(match[1]));
  const codes = Object.values(activationCodes).filter((code) => code !== activationCodes.linear);
  expect(cases).toEqual([...codes, ...codes]);
  const conformance = ops.flatMap((op) => op.cases).filter(({ kernel }) => kernel.name === 'activation_forward');
  expect(new Set(conformance.map(({ constants }) => constants?.ACTIVATION))).toEqual(
    new Set(Object.values(activationCodes)),
  );
});

test('a launch of more rows than a dimension takes goes on along another', () => {
  const gather = kernels.find(({ name }) => name === 'gather_bytes')!;
  for (const tile of Object.values(gather.variants)) {
    const [x, y, z] = gather.launch({ batch: 300_000, features: 784, members: 2 }, tile, 1);
    expect(Math.max(x, y, z)).toBeLessThanOrEqual(65_535);
    expect(x * y * (tile.WIDTH ?? 0) * 4 * (tile.ROWS ?? 0)).toBeGreaterThanOrEqual(300_000 * 784);
  }
});
