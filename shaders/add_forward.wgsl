//! use lib/activation.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
// y = activation(a + b). Each thread adds ROWS times four elements: on software adapters a thread costs more to start than a sum.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 0u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  count: u32,
  aStride: u32,
  bStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  // Eight neighbouring threads go through memory in one stream.
  let first = linear_index(group, groups, (lane & ~7u) * ROWS, WIDTH * ROWS) + (lane & 7u);
  //! each ROW < ROWS
  add_quad(group.z, (first + ROW * 8u) * 4u);
  //! end
}

fn add_quad(member: u32, first: u32) {
  let i = quad_of(first, params.count);
  let sum = a_quad(vec4<u32>(member * params.aStride) + i) + b_quad(vec4<u32>(member * params.bStride) + i);
  if (first >= params.count) {
    return;
  }
  let out = vec4<u32>(member * params.count) + i;
  y[out.x] = activate(ACTIVATION, sum.x);
  y[out.y] = activate(ACTIVATION, sum.y);
  y[out.z] = activate(ACTIVATION, sum.z);
  y[out.w] = activate(ACTIVATION, sum.w);
}

fn a_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return a[i.x >> 2u];
  }
  return vec4<f32>(a[i.x >> 2u][i.x & 3u], a[i.y >> 2u][i.y & 3u], a[i.z >> 2u][i.z & 3u], a[i.w >> 2u][i.w & 3u]);
}

fn b_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return b[i.x >> 2u];
  }
  return vec4<f32>(b[i.x >> 2u][i.x & 3u], b[i.y >> 2u][i.y & 3u], b[i.z >> 2u][i.z & 3u], b[i.w >> 2u][i.w & 3u]);
}
