//! use lib/activation.wgsl
//! use lib/divide.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/statistics_quad.wgsl
//! use lib/step.wgsl
//! use lib/w_quad.wgsl
//! use lib/x_quad.wgsl
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
  let mean = statistics_quad(vec4<u32>(block) + c);
  var inverse = statistics_quad(vec4<u32>(block + params.channels) + c);
  if (RUNNING == 1u) {
    inverse = 1.0 / sqrt(inverse + params.epsilon);
  }
  let scale = w_quad(vec4<u32>(group.z * params.wStride) + c);
  let shift = w_quad(vec4<u32>(group.z * params.wStride + params.channels) + c);
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
  let z = ((x_quad(vec4<u32>(source) + c) - mean) * inverse) * scale + shift;
  if (row >= params.rows) {
    return;
  }
  let start = (member * params.rows + row) * params.channels;
  y[start + c.x] = activate(ACTIVATION, z.x);
  y[start + c.y] = activate(ACTIVATION, z.y);
  y[start + c.z] = activate(ACTIVATION, z.z);
  y[start + c.w] = activate(ACTIVATION, z.w);
}
