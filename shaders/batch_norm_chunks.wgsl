//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
// For each chunk of 256 rows and each channel the sum, and the sum of squared distances to the chunk's own mean. One thread per chunk and
// four channels: the second pass finds the rows in the cache.
override WIDTH: u32 = 64u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  xStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
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
  let start = group.z * params.xStride;
  var sum = vec4<f32>();
  for (var row = first; row < end; row += ROWS) {
    //! each ROW < ROWS
    sum += select(vec4<f32>(), x_quad(start, min(row + ROW, end - 1u), c), row + ROW < end);
    //! end
  }
  let mean = sum / f32(end - first);
  var squares = vec4<f32>();
  for (var row = first; row < end; row += ROWS) {
    //! each ROW < ROWS
    squares = add_square(squares, x_quad(start, min(row + ROW, end - 1u), c) - mean, row + ROW < end);
    //! end
  }
  let out = (group.z * ((params.rows + 255u) / 256u) + chunk) * 2u * params.channels;
  store(out, c, sum);
  store(out + params.channels, c, squares);
}

fn add_square(sum: vec4<f32>, distance: vec4<f32>, isInside: bool) -> vec4<f32> {
  let d = select(vec4<f32>(), distance, isInside);
  return d * d + sum;
}

fn x_quad(start: u32, row: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start + row * params.channels) + c;
  if (WORDS == 1u) {
    return x[i.x >> 2u];
  }
  return vec4<f32>(x[i.x >> 2u][i.x & 3u], x[i.y >> 2u][i.y & 3u], x[i.z >> 2u][i.z & 3u], x[i.w >> 2u][i.w & 3u]);
}

fn store(start: u32, c: vec4<u32>, values: vec4<f32>) {
  sums[start + c.x] = values.x;
  sums[start + c.y] = values.y;
  sums[start + c.z] = values.z;
  sums[start + c.w] = values.w;
}
