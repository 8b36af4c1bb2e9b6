//! use lib/linear.wgsl
//! use lib/normal.wgsl
//! use lib/philox.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// y = x + deviation * N(0, 1) on the rows that are drawn. One thread per four elements: one block of random words.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  features: u32,
  deviation: f32,
  threshold: u32,
  everyRow: u32,
  members: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
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
  let count = params.batch * params.features;
  if (block * 4u >= count) {
    return;
  }
  let seed = seeds[group.z];
  let words = draw4(seed, STREAM_NOISE, step.step, 0u, block);
  for (var lane4 = 0u; lane4 < 4u; lane4++) {
    let i = block * 4u + lane4;
    if (i >= count) {
      break;
    }
    let index = group.z * count + i;
    let drawn = draw4(seed, STREAM_NOISE, step.step, 1u, i / params.features).x < params.threshold;
    var value = x[index];
    if (params.everyRow == 1u || drawn) {
      value = params.deviation * normal_from_uniform(uniform_open(words[lane4])) + value;
    }
    y[index] = value;
  }
}
