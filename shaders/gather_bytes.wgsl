//! use lib/step.wgsl
// x = byte * scale + shift for the rows of the batch that this shard holds. Each thread writes four features of ROWS rows.
// What all threads of a workgroup share is loaded before any branch: software adapters then load it once for all.
override WIDTH: u32 = 64u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;
// 1 where rows are whole words.
const WORDS: u32 = 0u;

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
@group(0) @binding(2) var<storage, read> affine: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let member = group.z;
  // Rows go along y, and from 65,535 groups of them on along x once more.
  let across = ((params.features + 3u) / 4u + WIDTH - 1u) / WIDTH;
  let rowGroup = (group.x / across) * groups.y + group.y;
  let feature = ((group.x % across) * WIDTH + lane) * 4u;
  let scale = affine_at(member * 2u, feature);
  let shift = affine_at(member * 2u + 1u, feature);
  //! each ROW < ROWS
  gather_row(member, rowGroup * ROWS + ROW, feature, scale, shift);
  //! end
}

fn gather_row(member: u32, m: u32, feature: u32, scale: vec4<f32>, shift: vec4<f32>) {
  // A row before the shard wraps and is past its end.
  let row = indices[member * params.indexStride + step.row * params.batch + min(m, params.batch - 1u)] - params.firstRow;
  let word = bytes_at(min(row, params.rowCount - 1u) * params.features + min(feature, params.features - 1u));
  let bytes = (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xffu);
  let values = vec4<f32>(bytes) * scale + shift;
  if (m >= params.batch || row >= params.rowCount) {
    return;
  }
  let start = (member * params.batch + m) * params.features;
  store(start, feature, values.x);
  store(start, feature + 1u, values.y);
  store(start, feature + 2u, values.z);
  store(start, feature + 3u, values.w);
}

fn store(start: u32, feature: u32, value: f32) {
  if (feature < params.features) {
    x[start + feature] = value;
  }
}

// Four bytes of the shard from a byte on; those past its last word belong to no feature.
fn bytes_at(byte: u32) -> u32 {
  let low = shard[byte >> 2u];
  if (WORDS == 1u) {
    return low;
  }
  let last = (params.rowCount * params.features - 1u) >> 2u;
  let high = shard[min((byte >> 2u) + 1u, last)];
  let bits = (byte & 3u) * 8u;
  return select((low >> bits) | (high << ((32u - bits) & 31u)), low, bits == 0u);
}

// Four scales or shifts from a feature on; past the last feature it is repeated.
fn affine_at(row: u32, feature: u32) -> vec4<f32> {
  let start = row * params.features;
  if (WORDS == 1u) {
    return affine[(start + min(feature, params.features - 4u)) >> 2u];
  }
  return vec4<f32>(
    affine_single(start, feature),
    affine_single(start, feature + 1u),
    affine_single(start, feature + 2u),
    affine_single(start, feature + 3u),
  );
}

fn affine_single(start: u32, feature: u32) -> f32 {
  let i = start + min(feature, params.features - 1u);
  return affine[i >> 2u][i & 3u];
}
