//! use lib/linear.wgsl
//! use lib/philox.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// Mirrors and moves whole images; what comes in at the edge is 0. One thread per element of y.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  flip: u32,
  shift: u32,
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
  let i = linear_index(group, groups, lane, WIDTH);
  let imageSize = params.height * params.width * params.channels;
  if (i >= params.batch * imageSize) {
    return;
  }
  let m = i / imageSize;
  let channel = i % params.channels;
  let pixel = (i % imageSize) / params.channels;
  let words = draw4(seeds[group.z], STREAM_FLIP, step.step, 0u, m);
  let moves = 2u * params.shift + 1u;
  // Subtractions wrap: what is left of the first row or column is past the last one.
  let fromRow = pixel / params.width + params.shift - words.y % moves;
  let moved = pixel % params.width + params.shift - words.z % moves;
  let mirror = params.flip == 1u && words.x >= 0x80000000u;
  let fromCol = select(moved, params.width - 1u - moved, mirror);
  let start = (group.z * params.batch + m) * imageSize;
  var value = 0.0;
  if (fromRow < params.height && fromCol < params.width) {
    value = x[start + (fromRow * params.width + fromCol) * params.channels + channel];
  }
  y[group.z * params.batch * imageSize + i] = value;
}
