//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
// Gradients of scale and shift: the chunk sums of each column, added in chunks of 256. One thread per four columns.
override WIDTH: u32 = 64u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  chunks: u32,
  cols: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> sums: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = linear_index(group, groups, lane, WIDTH) * 4u;
  if (first >= params.cols) {
    return;
  }
  let c = quad_of(first, params.cols);
  let start = group.z * params.chunks * params.cols;
  var sum = vec4<f32>();
  for (var chunk = 0u; chunk < params.chunks;) {
    let end = min(chunk + 256u, params.chunks);
    var part = vec4<f32>();
    for (; chunk < end; chunk += ROWS) {
      //! each ROW < ROWS
      part += select(vec4<f32>(), sums_quad(start, min(chunk + ROW, end - 1u), c), chunk + ROW < end);
      //! end
    }
    sum += part;
    chunk = end;
  }
  let values = flush_small4(sum);
  let out = vec4<u32>(group.z * params.wStride) + c;
  dw[out.x] = values.x;
  dw[out.y] = values.y;
  dw[out.z] = values.z;
  dw[out.w] = values.w;
}

fn sums_quad(start: u32, chunk: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start + chunk * params.cols) + c;
  if (WORDS == 1u) {
    return sums[i.x >> 2u];
  }
  return vec4<f32>(
    sums[i.x >> 2u][i.x & 3u],
    sums[i.y >> 2u][i.y & 3u],
    sums[i.z >> 2u][i.z & 3u],
    sums[i.w >> 2u][i.w & 3u],
  );
}
