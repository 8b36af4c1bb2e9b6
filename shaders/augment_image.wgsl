//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/philox.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// Crops with padding, mirrors, scales, shifts and cuts out of whole images. One thread per element of y.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  flip: u32,
  padding: u32,
  cutout: u32,
  brightness: f32,
  contrast: f32,
  members: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

// 2 * uniform_open(bits) - 1, exact. From whole numbers: a sum of floats in here is re-associated with the sums that use it.
fn spread(bits: u32) -> f32 {
  return f32(i32((bits >> 9u) * 2u + 1u) - 0x800000i) * 0x1p-23;
}

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
  let row = pixel / params.width;
  let col = pixel % params.width;
  let words = draw4(seeds[group.z], STREAM_AUGMENTATION, step.step, 0u, m);
  let moves = 2u * params.padding + 1u;
  // Subtractions wrap: what is left of the first row or column is past the last one.
  let fromRow = row + params.padding - words.y % moves;
  let moved = col + params.padding - words.z % moves;
  let mirror = params.flip == 1u && words.x >= 0x80000000u;
  let fromCol = select(moved, params.width - 1u - moved, mirror);
  let start = (group.z * params.batch + m) * imageSize;
  var value = 0.0;
  if (fromRow < params.height && fromCol < params.width) {
    value = x[start + (fromRow * params.width + fromCol) * params.channels + channel];
  }
  let colours = params.brightness > 0.0 || params.contrast > 0.0;
  if (colours || params.cutout > 0u) {
    let more = draw4(seeds[group.z], STREAM_AUGMENTATION, step.step, 1u, m);
    if (colours) {
      let factor = params.contrast * spread(more.x) + 1.0;
      let shift = flush_small(params.brightness * spread(more.y));
      value = value * factor + shift;
    }
    let half = params.cutout >> 1u;
    let inRow = row + half - more.z % params.height < params.cutout;
    let inCol = col + half - more.w % params.width < params.cutout;
    value = select(value, 0.0, inRow && inCol);
  }
  y[group.z * params.batch * imageSize + i] = value;
}
