//! use lib/activation.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
//! use lib/w_quad.wgsl
//! use lib/x_quad.wgsl
// y = activation((x - mean)·inverse deviation·scale + shift) with mean and deviation of each row. One thread per row.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  xStride: u32,
  wStride: u32,
  epsilon: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, WIDTH);
  if (row >= params.rows) {
    return;
  }
  let start = group.z * params.xStride + row * params.channels;
  let channels = f32(params.channels);
  let mean = row_sum(start, 0.0, false) / channels;
  let inverse = 1.0 / sqrt(row_sum(start, mean, true) / channels + params.epsilon);
  let out = group.z * params.rows + row;
  statistics[out * 2u] = mean;
  statistics[out * 2u + 1u] = inverse;
  for (var first = 0u; first < params.channels; first += 4u) {
    let c = quad_of(first, params.channels);
    let scale = w_quad(vec4<u32>(group.z * params.wStride) + c);
    let shift = w_quad(vec4<u32>(group.z * params.wStride + params.channels) + c);
    let z = ((x_quad(vec4<u32>(start) + c) - mean) * inverse) * scale + shift;
    let i = vec4<u32>(out * params.channels) + c;
    y[i.x] = activate(ACTIVATION, z.x);
    y[i.y] = activate(ACTIVATION, z.y);
    y[i.z] = activate(ACTIVATION, z.z);
    y[i.w] = activate(ACTIVATION, z.w);
  }
}

// Σ of x, or of (x - mean)², over a row, by the rule for sums.
fn row_sum(start: u32, mean: f32, isSquared: bool) -> f32 {
  var part = 0.0;
  var total = 0.0;
  for (var first = 0u; first < params.channels;) {
    let end = min(first + 256u, params.channels);
    var sum = 0.0;
    for (; first < end; first += 4u) {
      let value = x_quad(vec4<u32>(start) + quad_of(first, params.channels)) - mean;
      let term = select(vec4<f32>(), value, is_inside(first, end));
      if (isSquared) {
        sum = term.x * term.x + sum;
        sum = term.y * term.y + sum;
        sum = term.z * term.z + sum;
        sum = term.w * term.w + sum;
      } else {
        sum = (((sum + term.x) + term.y) + term.z) + term.w;
      }
    }
    first = end;
    part += sum;
    if ((end & 0xffffu) == 0u) {
      total += part;
      part = 0.0;
    }
  }
  return total + part;
}
