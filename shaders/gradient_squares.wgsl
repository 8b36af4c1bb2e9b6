//! use lib/linear.wgsl
//! use lib/hyper.wgsl
//! use lib/step.wgsl
// Squares of the gradient with its penalty, added by chunks of 256: the first level of its norm. One thread per chunk.
override WIDTH: u32 = 64u;

struct Params {
  count: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dw: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> penalised: array<u32>;
@group(0) @binding(3) var<storage, read> hyper: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
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
  let penalty = hyper_at(group.z, HYPER_PENALTY);
  var sum = 0.0;
  for (var quad = first / 4u; quad < min(first + 256u, params.count) / 4u; quad++) {
    let index = group.z * (params.count / 4u) + quad;
    let gradient = penalised_gradient(dw[index], w[index], quad, penalty);
    let squares = gradient * gradient;
    sum = (((sum + squares.x) + squares.y) + squares.z) + squares.w;
  }
  sums[group.z * chunks + chunk] = sum;
}
