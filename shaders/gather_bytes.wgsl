//! use lib/linear.wgsl
//! use lib/step.wgsl
// x = byte * scale + shift for the rows of the batch that this shard holds. One thread per four elements of x.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  features: u32,
  indexStride: u32,
  firstRow: u32,
  rowCount: u32,
  members: u32,
}
@group(0) @binding(0) var<storage, read> shard: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> affine: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = linear_index(group, groups, lane, WIDTH) * 4u;
  if (first >= params.batch * params.features) {
    return;
  }
  if ((params.features & 3u) == 0u) {
    // Rows of whole words: the four lie in one word of one row.
    let row = row_of(group.z, first / params.features);
    if (row < params.rowCount) {
      let feature = first % params.features;
      let word = shard[(row * params.features + feature) >> 2u];
      for (var byte = 0u; byte < 4u; byte++) {
        store(group.z, first + byte, feature + byte, (word >> (byte * 8u)) & 0xffu);
      }
    }
    return;
  }
  for (var i = first; i < min(first + 4u, params.batch * params.features); i++) {
    let row = row_of(group.z, i / params.features);
    if (row < params.rowCount) {
      let feature = i % params.features;
      let byte = row * params.features + feature;
      store(group.z, i, feature, (shard[byte >> 2u] >> ((byte & 3u) * 8u)) & 0xffu);
    }
  }
}

// Row m of the batch in this shard; a row before the shard wraps and is past its end.
fn row_of(member: u32, m: u32) -> u32 {
  return indices[member * params.indexStride + step.row * params.batch + m] - params.firstRow;
}

fn store(member: u32, i: u32, feature: u32, value: u32) {
  let scale = affine[member * 2u * params.features + feature];
  let shift = affine[(member * 2u + 1u) * params.features + feature];
  x[member * params.batch * params.features + i] = f32(value) * scale + shift;
}
