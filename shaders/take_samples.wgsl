//! use lib/regions.wgsl
//! use lib/step.wgsl
// Keeps the sampled elements of a group of tensors one after the other, or makes of those kept the differences. One thread per sample
// and turn; a group along y per tensor.
override WIDTH: u32 = 64u;

struct Params {
  firstSource: u32,
  firstTarget: u32,
  subtract: u32,
  regionCount: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read> regions: array<u32>;
@group(0) @binding(2) var<storage, read_write> samples: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let source = params.firstSource + group.y;
  let count = regions[source * REGION_COLUMNS + REGION_COUNT];
  let stride = regions[source * REGION_COLUMNS + REGION_STRIDE];
  let first = region_start(source, group.z);
  let place = region_start(params.firstTarget + group.y, group.z);
  for (var i = group.x * WIDTH + lane; i < count; i += groups.x * WIDTH) {
    let before = select(0.0, samples[place + i], params.subtract == 1u);
    samples[place + i] = values[first + sample_offset(i, stride)] - before;
  }
}
