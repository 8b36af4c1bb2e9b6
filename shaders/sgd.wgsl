//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/optimizer.wgsl
//! use lib/step.wgsl
// w = keep*w - rate*g. One thread per element of the arena.
override WIDTH: u32 = 64u;
override CLIP: u32 = 0u;

struct Params {
  count: u32,
  columns: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dw: array<f32>;
@group(0) @binding(1) var<storage, read> hyper: array<f32>;
@group(0) @binding(2) var<storage, read> penalised: array<u32>;
@group(0) @binding(3) var<storage, read> members: array<u32>;
@group(0) @binding(4) var<storage, read> normSquares: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  let member = group.z;
  if (i >= params.count || members[member * params.columns + MEMBER_ACTIVE] == 0u) {
    return;
  }
  let index = member * params.count + i;
  let rate = hyper_at(member, HYPER_RATE);
  var gradient = penalised_gradient(dw[index], w[index], i, hyper_at(member, HYPER_PENALTY));
  if (CLIP == 1u) {
    gradient = gradient * clip_scale(hyper_at(member, HYPER_CLIP_NORM), normSquares[member]);
  }
  let weight = w[index] * hyper_at(member, HYPER_KEEP);
  w[index] = (-rate) * gradient + weight;
}
