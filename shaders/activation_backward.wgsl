//! use lib/activation.wgsl
//! use lib/linear.wgsl
//! use lib/step.wgsl
// dx = dy * slope(dx), in place. Each thread takes ROWS times four elements.
override WIDTH: u32 = 64u;
override ACTIVATION: u32 = 1u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  count: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;
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
  differentiate_quad(first + ROW * 8u);
  //! end
}

fn differentiate_quad(quad: u32) {
  let place = min(quad, (params.count - 1u) / 4u);
  let gradient = dy[place];
  let y = dx[place];
  if (quad * 4u >= params.count) {
    return;
  }
  dx[quad] = flush_small4(gradient * vec4<f32>(
    activation_slope(ACTIVATION, y.x),
    activation_slope(ACTIVATION, y.y),
    activation_slope(ACTIVATION, y.z),
    activation_slope(ACTIVATION, y.w),
  ));
}
