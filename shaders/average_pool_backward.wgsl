//! use lib/activation.wgsl
//! use lib/pool_backward.wgsl
//! use lib/step.wgsl
//! use lib/x_quad.wgsl
// dx = the sum of dy / elements over the windows that cover the element, times slope(x).
override ACTIVATION: u32 = 0u;

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
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

// What a window gives to element (iy, ix).
fn gradient_of(image: u32, iy: u32, ix: u32, oy: u32, ox: u32, c: vec4<u32>) -> vec4<f32> {
  let rows = taps_inside(oy, params.strideH, params.padTop, params.kernelH, params.inH);
  let cols = taps_inside(ox, params.strideW, params.padLeft, params.kernelW, params.inW);
  let count = (rows.y - rows.x) * (cols.y - cols.x);
  let r = iy + params.padTop - oy * params.strideH;
  let s = ix + params.padLeft - ox * params.strideW;
  let term = dy_quad(vec4<u32>(image + (oy * params.outW + ox) * params.channels) + c) / f32(count);
  return select(vec4<f32>(), term, vec4<bool>(r < params.kernelH && s < params.kernelW));
}

fn finish(i: vec4<u32>, sums: vec4<f32>) -> vec4<f32> {
  let y = x_quad(i);
  return flush_small4(sums * vec4<f32>(
    activation_slope(ACTIVATION, y.x),
    activation_slope(ACTIVATION, y.y),
    activation_slope(ACTIVATION, y.z),
    activation_slope(ACTIVATION, y.w),
  ));
}
