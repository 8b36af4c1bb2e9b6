//! use lib/activation.wgsl
//! use lib/patch.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// y = activation(x * w + b), as a product whose rows are the filters and whose columns are the positions of the output.
override ACTIVATION: u32 = 0u;

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
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
  bias: u32,
  patches: Patches,
  // Where the member's part of each tensor starts.
  x: u32,
  w: u32,
  y: u32,
}
fn problem(member: u32) -> Problem {
  let patches = Patches(
    params.inH, params.inW, divisor(params.inC), divisor(params.outH * params.outW), divisor(params.outW), divisor(params.kernelW),
    params.strideH, params.strideW, params.padTop, params.padLeft,
  );
  let cols = params.batch * params.outH * params.outW;
  return Problem(
    params.outC, cols, params.kernelH * params.kernelW * params.inC, params.bias, patches,
    member * params.xStride, member * params.wStride, member * cols * params.outC,
  );
}

fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = p.w + k * p.rows + row;
  return w[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return w[(p.w + k * p.rows + row) >> 2u]; }

struct Column {
  position: PatchPart,
}
fn column(p: Problem, col: u32) -> Column { return Column(patch_position(p.patches, col)); }
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let tap = patch_tap(p.patches, k);
  let isInside = is_inside(p.patches, column.position, tap);
  let offset = p.x + select(0u, column.position.start + tap.start, isInside);
  return select(0.0, x[offset >> 2u][offset & 3u], isInside);
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> {
  let tap = patch_tap(p.patches, k);
  let isInside = is_inside(p.patches, column.position, tap);
  let offset = p.x + select(0u, column.position.start + tap.start, isInside);
  return select(vec4<f32>(), x[offset >> 2u], isInside);
}

// The bias is the last row of the block.
fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> {
  if (p.bias == 0u) {
    return sums;
  }
  return sums + left_at(p, row, p.depth);
}

fn store(p: Problem, row: u32, col: u32, value: f32) {
  y[p.y + col * p.rows + row] = activate(ACTIVATION, value);
}
