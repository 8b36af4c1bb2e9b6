//! use lib/dy_quad.wgsl
//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/quads.wgsl
//! use lib/statistics_quad.wgsl
//! use lib/step.wgsl
//! use lib/x_quad.wgsl
// For each chunk of 256 rows and each channel Σ dy·normalised x, then Σ dy: the first level of the gradients of scale and shift. One
// thread per chunk and four channels.
override WIDTH: u32 = 64u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;
// 1: mean and inverse deviation are those of each row, side by side; 0: of each channel, all means first.
const PER_ROW: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  xStride: u32,
  sumsStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> statistics: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  let quads = (params.channels + 3u) / 4u;
  let chunk = i / quads;
  let first = chunk * 256u;
  if (first >= params.rows) {
    return;
  }
  let end = min(first + 256u, params.rows);
  let c = quad_of((i % quads) * 4u, params.channels);
  var mean = vec4<f32>();
  var inverse = vec4<f32>();
  if (PER_ROW == 0u) {
    let block = group.z * 2u * params.channels;
    mean = statistics_quad(vec4<u32>(block) + c);
    inverse = statistics_quad(vec4<u32>(block + params.channels) + c);
  }
  var scale = vec4<f32>();
  var shift = vec4<f32>();
  for (var row = first; row < end; row += ROWS) {
    //! each ROW < ROWS
    {
      let isInside = row + ROW < end;
      let at = min(row + ROW, end - 1u);
      if (PER_ROW == 1u) {
        let pair = row_pair((group.z * params.rows + at) * 2u);
        mean = vec4<f32>(pair.x);
        inverse = vec4<f32>(pair.y);
      }
      let normal = (x_quad(vec4<u32>(group.z * params.xStride + at * params.channels) + c) - mean) * inverse;
      let gradient = select(vec4<f32>(), dy_quad(vec4<u32>((group.z * params.rows + at) * params.channels) + c), isInside);
      scale = gradient * select(vec4<f32>(), normal, isInside) + scale;
      shift += gradient;
    }
    //! end
  }
  let out = group.z * params.sumsStride + chunk * 2u * params.channels;
  store(out, c, scale);
  store(out + params.channels, c, shift);
}

fn row_pair(i: u32) -> vec2<f32> {
  let both = statistics[i >> 2u];
  return select(both.zw, both.xy, (i & 3u) == 0u);
}

fn store(start: u32, c: vec4<u32>, sum: vec4<f32>) {
  // Where one chunk holds all rows these are the gradients already.
  let values = select(sum, flush_small4(sum), params.rows <= 256u);
  sums[start + c.x] = values.x;
  sums[start + c.y] = values.y;
  sums[start + c.z] = values.z;
  sums[start + c.w] = values.w;
}
