//! use lib/activation.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// dx = (dy·Wᵀ) · slope(saved), as a product whose rows are the batch and whose columns are the inputs.
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
@group(0) @binding(2) var<storage, read> saved: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

fn problem() -> Problem { return Problem(params.batch, params.inSize, params.outSize); }

fn dy_offset(member: u32, row: u32, k: u32) -> u32 { return (member * params.batch + row) * params.outSize + k; }
fn left_at(member: u32, row: u32, k: u32) -> f32 {
  let offset = dy_offset(member, row, k);
  return dy[offset >> 2u][offset & 3u];
}
fn left_quad(member: u32, row: u32, k: u32) -> vec4<f32> { return dy[dy_offset(member, row, k) >> 2u]; }

fn w_offset(member: u32, col: u32, k: u32) -> u32 { return member * params.wStride + col * params.outSize + k; }
fn right_at(member: u32, col: u32, k: u32) -> f32 {
  let offset = w_offset(member, col, k);
  return w[offset >> 2u][offset & 3u];
}
fn right_quad(member: u32, col: u32, k: u32) -> vec4<f32> { return w[w_offset(member, col, k) >> 2u]; }

fn finish(member: u32, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(member: u32, row: u32, col: u32, value: f32) {
  let index = (member * params.batch + row) * params.inSize + col;
  dx[index] = flush_small(value * activation_slope(ACTIVATION, saved[index]));
}
