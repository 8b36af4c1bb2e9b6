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

fn problem() -> Problem { return Problem(params.outSize, params.inSize + 1u, params.batch); }

fn dy_offset(member: u32, row: u32, k: u32) -> u32 { return (member * params.batch + k) * params.outSize + row; }
fn left_at(member: u32, row: u32, k: u32) -> f32 {
  let offset = dy_offset(member, row, k);
  return dy[offset >> 2u][offset & 3u];
}
fn left_quad(member: u32, row: u32, k: u32) -> vec4<f32> { return dy[dy_offset(member, row, k) >> 2u]; }

fn x_offset(member: u32, col: u32, k: u32) -> u32 { return member * params.xStride + k * params.inSize + col; }
fn right_at(member: u32, col: u32, k: u32) -> f32 {
  let offset = x_offset(member, min(col, params.inSize - 1u), k);
  return select(x[offset >> 2u][offset & 3u], 1.0, col == params.inSize);
}
// Of the quad that starts with the ones only the first is stored.
fn right_quad(member: u32, col: u32, k: u32) -> vec4<f32> {
  let offset = x_offset(member, min(col, params.inSize - 4u), k);
  return select(x[offset >> 2u], vec4<f32>(1.0), col == params.inSize);
}

fn finish(member: u32, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(member: u32, row: u32, col: u32, value: f32) {
  dw[member * params.wStride + col * params.outSize + row] = flush_small(value);
}
