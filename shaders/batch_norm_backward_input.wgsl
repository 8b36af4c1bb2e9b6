//! use lib/activation.wgsl
//! use lib/divide.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
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
  let inverse = statistics_quad(block + params.channels, c);
  let channel = Channel(
    statistics_quad(block, c),
    inverse,
    w_quad(weights, c) * inverse,
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

fn dy_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return dy[i.x >> 2u];
  }
  return vec4<f32>(dy[i.x >> 2u][i.x & 3u], dy[i.y >> 2u][i.y & 3u], dy[i.z >> 2u][i.z & 3u], dy[i.w >> 2u][i.w & 3u]);
}

fn x_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return x[i.x >> 2u];
  }
  return vec4<f32>(x[i.x >> 2u][i.x & 3u], x[i.y >> 2u][i.y & 3u], x[i.z >> 2u][i.z & 3u], x[i.w >> 2u][i.w & 3u]);
}

fn statistics_quad(start: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start) + c;
  if (WORDS == 1u) {
    return statistics[i.x >> 2u];
  }
  return vec4<f32>(
    statistics[i.x >> 2u][i.x & 3u],
    statistics[i.y >> 2u][i.y & 3u],
    statistics[i.z >> 2u][i.z & 3u],
    statistics[i.w >> 2u][i.w & 3u],
  );
}

fn w_quad(start: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start) + c;
  if (WORDS == 1u) {
    return w[i.x >> 2u];
  }
  return vec4<f32>(w[i.x >> 2u][i.x & 3u], w[i.y >> 2u][i.y & 3u], w[i.z >> 2u][i.z & 3u], w[i.w >> 2u][i.w & 3u]);
}

fn dw_quad(start: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start) + c;
  if (WORDS == 1u) {
    return dw[i.x >> 2u];
  }
  return vec4<f32>(dw[i.x >> 2u][i.x & 3u], dw[i.y >> 2u][i.y & 3u], dw[i.z >> 2u][i.z & 3u], dw[i.w >> 2u][i.w & 3u]);
}
