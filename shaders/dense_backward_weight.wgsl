//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/tile.wgsl
// dw = xᵀ·dy, with one more row for the bias, as if x had a column of ones: reads of that row are marked by the offset ONES.
// Each thread computes a TILE x TILE block of dw; rows and columns past the edge are not stored.
override WIDTH: u32 = 64u;
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
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> step: Step;

// Offsets of the row of ones start here and stay above it: no x has 2^31 elements.
const ONES: u32 = 0x80000000u;

fn left_at(offset: u32) -> f32 {
  if (offset >= ONES) {
    return 1.0;
  }
  return x[offset];
}
fn right_at(offset: u32) -> f32 { return dy[offset]; }
fn left_start(member: u32, row: u32) -> u32 {
  return select(member * params.xStride + row, ONES, row == params.inSize);
}
fn right_start(member: u32, col: u32) -> u32 { return member * params.batch * params.outSize + col; }

fn store(member: u32, row: u32, col: u32, sum: f32) {
  dw[member * params.wStride + row * params.outSize + col] = flush_small(sum);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = linear_index(group, groups, lane, WIDTH);
  run_tile(thread, group.z, params.inSize + 1u, params.outSize, params.inSize, params.outSize, params.batch);
}
