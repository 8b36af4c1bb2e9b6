//! use lib/divide.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
//! use lib/windows.wgsl
//! use lib/x_quad.wgsl
// The largest element of each window, and its place in it. One thread per window and four channels.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  inH: u32,
  inW: u32,
  channels: u32,
  outH: u32,
  outW: u32,
  kernelH: u32,
  kernelW: u32,
  strideH: u32,
  strideW: u32,
  padTop: u32,
  padLeft: u32,
  xStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> choice: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  let quads = (params.channels + 3u) / 4u;
  let at = quotient(i, quads);
  if (at >= params.batch * params.outH * params.outW) {
    return;
  }
  let c = quad_of((i - at * quads) * 4u, params.channels);
  let line = quotient(at, params.outW);
  let ox = at - line * params.outW;
  let n = quotient(line, params.outH);
  let oy = line - n * params.outH;
  let image = group.z * params.xStride + n * params.inH * params.inW * params.channels;
  let rows = taps_inside(oy, params.strideH, params.padTop, params.kernelH, params.inH);
  let cols = taps_inside(ox, params.strideW, params.padLeft, params.kernelW, params.inW);
  var best = vec4<f32>();
  var chosen = vec4<f32>(-1.0);
  for (var r = rows.x; r < rows.y; r++) {
    let row = image + ((oy * params.strideH + r - params.padTop) * params.inW) * params.channels;
    for (var s = cols.x; s < cols.y; s++) {
      let value = x_quad(vec4<u32>(row + (ox * params.strideW + s - params.padLeft) * params.channels) + c);
      let isBetter = (chosen < vec4<f32>()) | (!is_nan(best) & (is_nan(value) | (value > best)));
      best = select(best, value, isBetter);
      chosen = select(chosen, vec4<f32>(f32(r * params.kernelW + s)), isBetter);
    }
  }
  let out = vec4<u32>((group.z * params.batch * params.outH * params.outW + at) * params.channels) + c;
  y[out.x] = best.x;
  y[out.y] = best.y;
  y[out.z] = best.z;
  y[out.w] = best.w;
  choice[out.x] = chosen.x;
  choice[out.y] = chosen.y;
  choice[out.z] = chosen.z;
  choice[out.w] = chosen.w;
}

fn is_nan(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}
