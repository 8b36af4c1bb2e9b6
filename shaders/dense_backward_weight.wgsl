//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// dw = xᵀ·dy with one more row for the bias, as if x had a column of ones: a product whose rows are the outputs and whose columns are
// the inputs and the ones.
struct Params {
  batch: u32,
  inSize: u32,
  outSize: u32,
  xStride: u32,
  wStride: u32,
  population: u32,
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
  inSize: u32,
  // Where the member's part of each tensor starts.
  x: u32,
  dy: u32,
  dw: u32,
}
fn problem(member: u32) -> Problem {
  return Problem(
    params.outSize, params.inSize + 1u, params.batch, params.inSize,
    member * params.xStride, member * params.batch * params.outSize, member * params.wStride,
  );
}

fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = p.dy + k * p.rows + row;
  return dy[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return dy[(p.dy + k * p.rows + row) >> 2u]; }

struct Column {
  start: u32,
  isOne: bool,
}
// The ones of the bias come after the inputs; of the quad that starts with them only the first is stored.
fn column(p: Problem, col: u32) -> Column {
  return Column(p.x + min(col, p.inSize - 1u), col == p.inSize);
}
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let offset = column.start + k * p.inSize;
  return select(x[offset >> 2u][offset & 3u], 1.0, column.isOne);
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> {
  return select(x[(column.start + k * p.inSize) >> 2u], vec4<f32>(1.0), column.isOne);
}

fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(p: Problem, row: u32, col: u32, value: f32) {
  dw[p.dw + col * p.rows + row] = flush_small(value);
}
