//! use lib/activation.wgsl
//! use lib/divide.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
// y = activation((x - mean)·inverse deviation·scale + shift). One thread for ROWS rows of four channels.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;
// 1: the statistics are the running ones, which hold variances.
const RUNNING: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  xStride: u32,
  statisticsStride: u32,
  wStride: u32,
  epsilon: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> statistics: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
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
  let rowGroup = quotient(i, quads);
  let first = rowGroup * ROWS;
  let c = quad_of((i - rowGroup * quads) * 4u, params.channels);
  let block = group.z * params.statisticsStride;
  let mean = statistics_quad(block, c);
  var inverse = statistics_quad(block + params.channels, c);
  if (RUNNING == 1u) {
    inverse = 1.0 / sqrt(inverse + params.epsilon);
  }
  let scale = w_quad(group.z * params.wStride, c);
  let shift = w_quad(group.z * params.wStride + params.channels, c);
  //! each ROW < ROWS
  normalise_row(group.z, first + ROW, c, mean, inverse, scale, shift);
  //! end
}

fn normalise_row(
  member: u32,
  row: u32,
  c: vec4<u32>,
  mean: vec4<f32>,
  inverse: vec4<f32>,
  scale: vec4<f32>,
  shift: vec4<f32>,
) {
  let source = member * params.xStride + min(row, params.rows - 1u) * params.channels;
  let z = ((x_quad(source, c) - mean) * inverse) * scale + shift;
  if (row >= params.rows) {
    return;
  }
  let start = (member * params.rows + row) * params.channels;
  y[start + c.x] = activate(ACTIVATION, z.x);
  y[start + c.y] = activate(ACTIVATION, z.y);
  y[start + c.z] = activate(ACTIVATION, z.z);
  y[start + c.w] = activate(ACTIVATION, z.w);
}

fn x_quad(start: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start) + c;
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
