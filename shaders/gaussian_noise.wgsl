//! use lib/linear.wgsl
//! use lib/normal.wgsl
//! use lib/philox.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// y = x + deviation·N(0, 1). One thread per four elements: one block of random words.
override WIDTH: u32 = 64u;

struct Params {
  count: u32,
  xStride: u32,
  deviation: f32,
  salt: u32,
  columns: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> members: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_index(group, groups, lane, WIDTH);
  if (block * 4u >= params.count) {
    return;
  }
  let seed = members[group.z * params.columns + MEMBER_SEED];
  let words = draw4(seed, STREAM_LAYER_NOISE, step.step, params.salt, block);
  for (var word = 0u; word < 4u; word++) {
    let i = block * 4u + word;
    if (i >= params.count) {
      break;
    }
    let deviate = normal_from_uniform(uniform_open(words[word]));
    y[group.z * params.count + i] = params.deviation * deviate + x[group.z * params.xStride + i];
  }
}
