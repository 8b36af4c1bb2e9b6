//! use lib/activation.wgsl
//! use lib/dy_quad.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
//! use lib/w_quad.wgsl
//! use lib/x_quad.wgsl
// dx = inverse deviation·(g - mean g - normalised x·mean(g·normalised x))·slope(x), where g = dy·scale. One thread per row.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
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
  let start = (group.z * params.rows + row) * params.channels;
  let weights = group.z * params.wStride;
  let mean = statistics[(group.z * params.rows + row) * 2u];
  let inverse = statistics[(group.z * params.rows + row) * 2u + 1u];
  // Σ g and Σ g·normalised x, by the rule for sums.
  var part = vec2<f32>();
  var total = vec2<f32>();
  for (var first = 0u; first < params.channels;) {
    let end = min(first + 256u, params.channels);
    var sum = vec2<f32>();
    for (; first < end; first += 4u) {
      let c = quad_of(first, params.channels);
      let isInside = is_inside(first, end);
      let gradient = select(vec4<f32>(), dy_quad(vec4<u32>(start) + c), isInside);
      let normal = select(vec4<f32>(), (x_quad(vec4<u32>(start) + c) - mean) * inverse, isInside);
      let scale = w_quad(vec4<u32>(weights) + c);
      let scaled = gradient * scale;
      sum = vec2<f32>(gradient.x * scale.x + sum.x, scaled.x * normal.x + sum.y);
      sum = vec2<f32>(gradient.y * scale.y + sum.x, scaled.y * normal.y + sum.y);
      sum = vec2<f32>(gradient.z * scale.z + sum.x, scaled.z * normal.z + sum.y);
      sum = vec2<f32>(gradient.w * scale.w + sum.x, scaled.w * normal.w + sum.y);
    }
    first = end;
    part += sum;
    if ((end & 0xffffu) == 0u) {
      total += part;
      part = vec2<f32>();
    }
  }
  let means = (total + part) / f32(params.channels);
  for (var first = 0u; first < params.channels; first += 4u) {
    let c = quad_of(first, params.channels);
    let i = vec4<u32>(start) + c;
    let value = x_quad(i);
    let normal = (value - mean) * inverse;
    let centred = (-normal) * means.y + (dy_quad(i) * w_quad(vec4<u32>(weights) + c) - means.x);
    let gradient = inverse * centred;
    dx[i.x] = flush_small(gradient.x * activation_slope(ACTIVATION, value.x));
    dx[i.y] = flush_small(gradient.y * activation_slope(ACTIVATION, value.y));
    dx[i.z] = flush_small(gradient.z * activation_slope(ACTIVATION, value.z));
    dx[i.w] = flush_small(gradient.w * activation_slope(ACTIVATION, value.w));
  }
}
