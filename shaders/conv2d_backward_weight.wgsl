//! use lib/math.wgsl
//! use lib/patch.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// dw = patches of xᵀ·dy, and below it a row for the bias, as if every patch ended with a one: a product whose rows are the filters and
// whose columns are the taps and the one.
struct Params {
  batch: u32,
  inH: u32,
  inW: u32,
  inC: u32,
  outH: u32,
  outW: u32,
  outC: u32,
  kernelH: u32,
  kernelW: u32,
  strideH: u32,
  strideW: u32,
  padTop: u32,
  padLeft: u32,
  bias: u32,
  wStride: u32,
  population: u32,
  xStride: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
  taps: u32,
  patches: Patches,
  // Where the member's part of each tensor starts.
  x: u32,
  dy: u32,
  dw: u32,
}
fn problem(member: u32) -> Problem {
  let patches = Patches(
    params.inH, params.inW, divisor(params.inC), divisor(params.outH * params.outW), divisor(params.outW), divisor(params.kernelW),
    params.strideH, params.strideW, params.padTop, params.padLeft,
  );
  let taps = params.kernelH * params.kernelW * params.inC;
  let depth = params.batch * params.outH * params.outW;
  return Problem(
    params.outC, taps + params.bias, depth, taps, patches,
    member * params.xStride, member * depth * params.outC, member * params.wStride,
  );
}

fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = p.dy + k * p.rows + row;
  return dy[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return dy[(p.dy + k * p.rows + row) >> 2u]; }

struct Column {
  tap: PatchPart,
  isOne: bool,
}
// The ones of the bias come after the taps; of the quad that starts with them only the first is stored.
fn column(p: Problem, col: u32) -> Column {
  return Column(patch_tap(p.patches, min(col, p.taps - 1u)), col == p.taps);
}
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let position = patch_position(p.patches, k);
  let isInside = is_inside(p.patches, position, column.tap);
  let offset = p.x + select(0u, position.start + column.tap.start, isInside);
  return select(select(0.0, x[offset >> 2u][offset & 3u], isInside), 1.0, column.isOne);
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> {
  let position = patch_position(p.patches, k);
  let isInside = is_inside(p.patches, position, column.tap);
  let offset = p.x + select(0u, position.start + column.tap.start, isInside);
  return select(select(vec4<f32>(), x[offset >> 2u], isInside), vec4<f32>(1.0), column.isOne);
}

fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(p: Problem, row: u32, col: u32, value: f32) {
  dw[p.dw + col * p.rows + row] = flush_small(value);
}
