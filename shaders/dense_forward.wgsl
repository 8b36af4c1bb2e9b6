//! use lib/activation.wgsl
//! use lib/step.wgsl
//! use lib/tile.wgsl
// y = activation(x·W + b). Each thread computes a TILE x TILE block of y; rows and columns past the edge are not stored.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;
const TILE: u32 = 4u;

struct Params {
  batch: u32,
  inSize: u32,
  outSize: u32,
  xStride: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> step: Step;

fn left_at(offset: u32) -> f32 { return x[offset]; }
fn right_at(offset: u32) -> f32 { return w[offset]; }
fn left_start(member: u32, row: u32) -> u32 { return member * params.xStride + row * params.inSize; }
fn right_start(member: u32, col: u32) -> u32 { return member * params.wStride + col; }

fn store(member: u32, row: u32, col: u32, sum: f32) {
  let bias = w[member * params.wStride + params.inSize * params.outSize + col];
  y[(member * params.batch + row) * params.outSize + col] = activate(ACTIVATION, sum + bias);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = linear_index(group, groups, lane, WIDTH);
  run_tile(thread, group.z, params.batch, params.outSize, 1u, params.outSize, params.inSize);
}
