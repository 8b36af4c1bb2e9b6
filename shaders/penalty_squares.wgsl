//! use lib/linear.wgsl
//! use lib/step.wgsl
// Squares of the penalised weights, added by chunks of 256: the first level of the L2 penalty. One thread per chunk.
override WIDTH: u32 = 64u;

struct Params {
  count: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> penalised: array<u32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let chunk = linear_index(group, groups, lane, WIDTH);
  let first = chunk * 256u;
  if (first >= params.count) {
    return;
  }
  let chunks = (params.count + 255u) / 256u;
  var sum = 0.0;
  for (var i = first; i < min(first + 256u, params.count); i++) {
    let value = w[group.z * params.count + i];
    let counts = ((penalised[i >> 5u] >> (i & 31u)) & 1u) == 1u;
    sum = select(sum, sum + value * value, counts);
  }
  sums[group.z * chunks + chunk] = sum;
}
