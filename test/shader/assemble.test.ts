// The assembler: what it includes, what it rewrites, and what it says when it cannot.

import { expect, test } from 'vitest';
import { ShaderError } from '../../src/errors.ts';
import { assembleShader } from '../../src/shader/assemble.ts';
import { shaderLibrary } from '../../shaders/index.ts';

const library = {
  'lib/a.wgsl': '// a\nfn a() {}\n',
  'lib/b.wgsl': '//! use lib/a.wgsl\nfn b() {}\n',
  'matmul.wgsl': [
    '//! use lib/b.wgsl',
    '//! use lib/a.wgsl',
    'override WIDTH: u32 = 64;',
    'const TILE_M: u32 = 4u; // rows = 4;',
    'const TILE_N : i32 = 4;',
    'const SCALE: f32 = 0.5;',
    'const MASKED: bool = false;',
    '// const COMMENTED: u32 = 1u;',
    'fn main() { const LOCAL: u32 = 2u; }',
  ].join('\n'),
  'lib/loop.wgsl': '//! use lib/pool.wgsl\n',
  'lib/pool.wgsl': '// pool\n//! use lib/loop.wgsl\n',
  'self.wgsl': '//! use self.wgsl\n',
  'lost.wgsl': '\n//! use lib/nowhere.wgsl\n',
  'odd.wgsl': '//! include lib/a.wgsl\n',
  'long.wgsl': 'const TILE: u32 =\n  4u;\n',
};

test('a used file comes once, in the place of the first line that uses it', () => {
  const { code } = assembleShader('matmul.wgsl', library, {});
  expect(code.split('\n').slice(0, 7)).toEqual([
    '//! use lib/b.wgsl',
    '//! use lib/a.wgsl',
    '// a',
    'fn a() {}',
    'fn b() {}',
    '//! use lib/a.wgsl',
    'override WIDTH: u32 = 64;',
  ]);
});

test('every line of the assembled text is named by its file and line', () => {
  const shader = assembleShader('matmul.wgsl', library, { TILE_M: 8 });
  expect([1, 2, 4, 5, 6, 7, 8].map(shader.locate)).toEqual([
    'shaders/matmul.wgsl:1',
    'shaders/lib/b.wgsl:1',
    'shaders/lib/a.wgsl:2',
    'shaders/lib/b.wgsl:2',
    'shaders/matmul.wgsl:2',
    'shaders/matmul.wgsl:3',
    'shaders/matmul.wgsl:4',
  ]);
  expect(shader.locate(0)).toBe('shaders/matmul.wgsl');
});

test('constants are rewritten by name and type, and overrides are handed to the pipeline', () => {
  const constants = { TILE_M: 8, TILE_N: -2, SCALE: 3, MASKED: 1, WIDTH: 32 };
  const { code, overrides } = assembleShader('matmul.wgsl', library, constants);
  expect(code).toContain('const TILE_M: u32 = 8u; // rows = 4;');
  expect(code).toContain('const TILE_N : i32 = -2;');
  expect(code).toContain('const SCALE: f32 = 3.0;');
  expect(code).toContain('const MASKED: bool = true;');
  expect(code).toContain('override WIDTH: u32 = 64;');
  expect(overrides).toEqual({ WIDTH: 32 });
  expect(assembleShader('matmul.wgsl', library, { SCALE: 1e-7 }).code).toContain(`= ${Math.fround(1e-7)};`);
});

test.each([
  [
    'matmul.wgsl',
    { TILE_K: 4 },
    'shaders/matmul.wgsl: no const or override TILE_K to specialise (has: MASKED, SCALE, TILE_M, TILE_N, WIDTH).',
  ],
  ['matmul.wgsl', { LOCAL: 4 }, 'shaders/matmul.wgsl: no const or override LOCAL'],
  ['matmul.wgsl', { COMMENTED: 4 }, 'shaders/matmul.wgsl: no const or override COMMENTED'],
  ['lib/a.wgsl', { TILE_K: 4 }, '(has: none).'],
  ['matmul.wgsl', { TILE_M: -1 }, 'shaders/matmul.wgsl:4: TILE_M is u32 and cannot be -1.'],
  ['matmul.wgsl', { TILE_N: 1.5 }, 'shaders/matmul.wgsl:5: TILE_N is i32 and cannot be 1.5.'],
  ['matmul.wgsl', { SCALE: 1e39 }, 'shaders/matmul.wgsl:6: SCALE is f32 and cannot be 1e+39.'],
  ['matmul.wgsl', { MASKED: 2 }, 'shaders/matmul.wgsl:7: MASKED is bool and cannot be 2.'],
  ['matmul.wgsl', { WIDTH: NaN }, 'shaders/matmul.wgsl:3: WIDTH is u32 and cannot be NaN.'],
  ['long.wgsl', { TILE: 8 }, 'shaders/long.wgsl:1: const TILE does not end on its line'],
  [
    'lib/loop.wgsl',
    {},
    'shaders/lib/pool.wgsl:2: a cycle of files: lib/loop.wgsl uses lib/pool.wgsl uses lib/loop.wgsl.',
  ],
  ['self.wgsl', {}, 'shaders/self.wgsl:1: a cycle of files: self.wgsl uses self.wgsl.'],
  ['lost.wgsl', {}, 'shaders/lost.wgsl:2: no shader file lib/nowhere.wgsl (has: '],
  ['odd.wgsl', {}, 'shaders/odd.wgsl:1: expected "//! use lib/name.wgsl", found "//! include lib/a.wgsl".'],
  ['toString', {}, 'no shader file toString'],
] as const)('assembling %s with %j says what is wrong', (name, constants, message) => {
  const assemble = (): unknown => assembleShader(name, library, constants);
  expect(assemble).toThrow(ShaderError);
  expect(assemble).toThrow(message);
});

test('the library of the project holds its files by their path in shaders', () => {
  expect(Object.keys(shaderLibrary)).toEqual(
    expect.arrayContaining(['lib/math.wgsl', 'lib/normal.wgsl', 'lib/philox.wgsl']),
  );
  expect(assembleShader('lib/normal.wgsl', shaderLibrary, {}).code).toContain('fn log_f(');
});

const tiles = {
  'tile.wgsl': [
    'const ROWS: u32 = 1u;',
    'const ROW: u32 = 0u;',
    '//! use lib/one.wgsl',
    '  //! each ROW < ROWS',
    '  let a_ROW = x[ROW] * f(ROW);',
    '  b += ROWS;',
    '  //! end',
    'done',
  ].join('\n'),
  'lib/one.wgsl': 'fn f() {}',
  'lib/many.wgsl': 'enable subgroups;\nfn f() { return subgroupAdd(); }',
};

test('lines between each and end come once per value of the counter, as a literal, under their own line numbers', () => {
  const shader = assembleShader('tile.wgsl', tiles, { ROWS: 2 });
  const lines = shader.code.split('\n');
  expect(lines.slice(4)).toEqual([
    '  let a_ROW = x[0u] * f(0u);',
    '  b += ROWS;',
    '  let a_ROW = x[1u] * f(1u);',
    '  b += ROWS;',
    'done',
  ]);
  expect([5, 7, 9].map(shader.locate)).toEqual(['shaders/tile.wgsl:5', 'shaders/tile.wgsl:5', 'shaders/tile.wgsl:8']);
});

test('a used file gives way to another, whose directives come before everything else', () => {
  const shader = assembleShader('tile.wgsl', tiles, {}, { 'lib/one.wgsl': 'lib/many.wgsl' });
  const lines = shader.code.split('\n');
  expect(lines[0]).toBe('enable subgroups;');
  expect(shader.locate(1)).toBe('shaders/lib/many.wgsl:1');
  expect(lines).toContain('fn f() { return subgroupAdd(); }');
  expect(lines).not.toContain('fn f() {}');
});

test.each([
  ['const ROWS: u32 = 2u;\n//! each ROW < ROWS\nx', /open\.wgsl:2: no "\/\/! end" follows/],
  ['//! each ROW < COUNT\n//! end', /open\.wgsl:1: no "const COUNT: u32"/],
  ['const N: u32 = 2u;\n//! each A < N\n//! each B < N\n//! end\n//! end', /open\.wgsl:3: repeated lines within/],
  ['const N: u32 = 2u;\n  //! each A<N\n  //! end', /open\.wgsl:2: "\/\/! each A<N" is no/],
  ['  //! end', /open\.wgsl:1: "\/\/! end" is no "\/\/! each NAME < COUNT" and closes none/],
])('repeated lines that are not closed, counted or nested are named: %s', (text, message) => {
  expect(() => assembleShader('open.wgsl', { 'open.wgsl': text }, {})).toThrow(message);
});
