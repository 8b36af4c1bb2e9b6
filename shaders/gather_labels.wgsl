//! use lib/linear.wgsl
//! use lib/step.wgsl
// y = labels of the rows of the batch. One thread per row.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  indexStride: u32,
  members: u32,
}
@group(0) @binding(0) var<storage, read> labels: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = linear_index(group, groups, lane, WIDTH);
  if (m >= params.batch) {
    return;
  }
  y[group.z * params.batch + m] = labels[indices[group.z * params.indexStride + step.row * params.batch + m]];
}
