//! use lib/activation.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// y = activation(x·W + b), as a product whose rows are the outputs and whose columns are the batch.
override ACTIVATION: u32 = 0u;

struct Params {
  batch: u32,
  inSize: u32,
  outSize: u32,
  xStride: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

fn problem() -> Problem { return Problem(params.outSize, params.batch, params.inSize); }

fn w_offset(member: u32, row: u32, k: u32) -> u32 { return member * params.wStride + k * params.outSize + row; }
fn left_at(member: u32, row: u32, k: u32) -> f32 {
  let offset = w_offset(member, row, k);
  return w[offset >> 2u][offset & 3u];
}
fn left_quad(member: u32, row: u32, k: u32) -> vec4<f32> { return w[w_offset(member, row, k) >> 2u]; }

fn x_offset(member: u32, col: u32, k: u32) -> u32 { return member * params.xStride + col * params.inSize + k; }
fn right_at(member: u32, col: u32, k: u32) -> f32 {
  let offset = x_offset(member, col, k);
  return x[offset >> 2u][offset & 3u];
}
fn right_quad(member: u32, col: u32, k: u32) -> vec4<f32> { return x[x_offset(member, col, k) >> 2u]; }

// The bias is the last row of the block.
fn finish(member: u32, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums + left_at(member, row, params.inSize); }

fn store(member: u32, row: u32, col: u32, value: f32) {
  y[(member * params.batch + col) * params.outSize + row] = activate(ACTIVATION, value);
}
