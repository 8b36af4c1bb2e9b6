//! use lib/activation.wgsl
//! use lib/divide.wgsl
//! use lib/dy_quad.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/statistics_quad.wgsl
//! use lib/step.wgsl
//! use lib/w_quad.wgsl
//! use lib/x_quad.wgsl
// dx = scale·inverse deviation·(dy - mean dy - normalised x·mean(dy·normalised x))·slope(x). One thread for ROWS rows of four channels.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> statistics: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dw: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

// What all rows of a channel share.
struct Channel {
  mean: vec4<f32>,
  inverse: vec4<f32>,
  factor: vec4<f32>,
  gradientMean: vec4<f32>,
  productMean: vec4<f32>,
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  let quads = (params.channels + 3u) / 4u;
  let rowGroup = quotient(i, quads);
  let first = rowGroup * ROWS;
  let c = quad_of((i - rowGroup * quads) * 4u, params.channels);
  let block = group.z * 2u * params.channels;
  let weights = group.z * params.wStride;
  let rows = f32(params.rows);
  let inverse = statistics_quad(vec4<u32>(block + params.channels) + c);
  let channel = Channel(
    statistics_quad(vec4<u32>(block) + c),
    inverse,
    w_quad(vec4<u32>(weights) + c) * inverse,
    dw_quad(weights + params.channels, c) / rows,
    dw_quad(weights, c) / rows,
  );
  //! each ROW < ROWS
  store_row(group.z, first + ROW, c, channel);
  //! end
}

fn store_row(member: u32, row: u32, c: vec4<u32>, channel: Channel) {
  let start = (member * params.rows + min(row, params.rows - 1u)) * params.channels;
  let i = vec4<u32>(start) + c;
  let value = x_quad(i);
  let normal = (value - channel.mean) * channel.inverse;
  let centred = (-normal) * channel.productMean + (dy_quad(i) - channel.gradientMean);
  let gradient = channel.factor * centred;
  if (row >= params.rows) {
    return;
  }
  dx[i.x] = flush_small(gradient.x * activation_slope(ACTIVATION, value.x));
  dx[i.y] = flush_small(gradient.y * activation_slope(ACTIVATION, value.y));
  dx[i.z] = flush_small(gradient.z * activation_slope(ACTIVATION, value.z));
  dx[i.w] = flush_small(gradient.w * activation_slope(ACTIVATION, value.w));
}

fn dw_quad(start: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start) + c;
  if (WORDS == 1u) {
    return dw[i.x >> 2u];
  }
  return vec4<f32>(dw[i.x >> 2u][i.x & 3u], dw[i.y >> 2u][i.y & 3u], dw[i.z >> 2u][i.z & 3u], dw[i.w >> 2u][i.w & 3u]);
}
