//! use lib/linear.wgsl
//! use lib/philox.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// y = x * scale, or 0 where the random word is below the member's threshold. One thread per four elements.
override WIDTH: u32 = 64u;

struct Params {
  count: u32,
  xStride: u32,
  salt: u32,
  column: u32,
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
  let memberStart = group.z * params.columns;
  let threshold = members[memberStart + params.column];
  let scale = bitcast<f32>(members[memberStart + params.column + 1u]);
  let words = draw4(members[memberStart + MEMBER_SEED], STREAM_DROPOUT, step.step, params.salt, block);
  for (var lane4 = 0u; lane4 < 4u; lane4++) {
    let i = block * 4u + lane4;
    if (i >= params.count) {
      break;
    }
    let index = group.z * params.count + i;
    y[index] = select(x[group.z * params.xStride + i] * scale, 0.0, words[lane4] < threshold);
  }
}
