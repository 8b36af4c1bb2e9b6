//! use lib/activation.wgsl
//! use lib/linear.wgsl
//! use lib/step.wgsl
// dx = dy * slope(dx), in place. One thread per element.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 1u;

struct Params {
  count: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  if (i >= params.count) {
    return;
  }
  dx[i] = flush_small(dy[i] * activation_slope(ACTIVATION, dx[i]));
}
