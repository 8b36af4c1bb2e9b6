//! use lib/linear.wgsl
//! use lib/step.wgsl
// x = the rows of the batch that this shard holds. One thread per element of x.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  features: u32,
  indexStride: u32,
  firstRow: u32,
  rowCount: u32,
  members: u32,
}
@group(0) @binding(0) var<storage, read> shard: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  if (i >= params.batch * params.features) {
    return;
  }
  let m = i / params.features;
  let feature = i % params.features;
  // Wraps below the shard's first row, which is then past its end.
  let row = indices[group.z * params.indexStride + step.row * params.batch + m] - params.firstRow;
  if (row >= params.rowCount) {
    return;
  }
  x[group.z * params.batch * params.features + i] = shard[row * params.features + feature];
}
