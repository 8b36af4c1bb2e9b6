//! use lib/activation.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// dx = (dy·Wᵀ) · slope(x), as a product whose rows are the batch and whose columns are the inputs.
override ACTIVATION: u32 = 0u;

struct Params {
  batch: u32,
  inSize: u32,
  outSize: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
  // Where the member's part of each tensor starts.
  dy: u32,
  w: u32,
  dx: u32,
}
fn problem(member: u32) -> Problem {
  return Problem(
    params.batch, params.inSize, params.outSize,
    member * params.batch * params.outSize, member * params.wStride, member * params.batch * params.inSize,
  );
}

fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = p.dy + row * p.depth + k;
  return dy[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return dy[(p.dy + row * p.depth + k) >> 2u]; }

struct Column {
  start: u32,
}
fn column(p: Problem, col: u32) -> Column { return Column(p.w + col * p.depth); }
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let offset = column.start + k;
  return w[offset >> 2u][offset & 3u];
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> { return w[(column.start + k) >> 2u]; }

fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(p: Problem, row: u32, col: u32, value: f32) {
  let index = p.dx + row * p.cols + col;
  dx[index] = flush_small(value * activation_slope(ACTIVATION, dx[index]));
}
