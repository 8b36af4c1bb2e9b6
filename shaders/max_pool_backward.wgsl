//! use lib/math.wgsl
//! use lib/pool_backward.wgsl
//! use lib/step.wgsl
// dx = the sum of dy over the windows that chose the element.

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
@group(0) @binding(1) var<storage, read> choice: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

// What a window gives to element (iy, ix).
fn gradient_of(image: u32, iy: u32, ix: u32, oy: u32, ox: u32, c: vec4<u32>) -> vec4<f32> {
  let r = iy + params.padTop - oy * params.strideH;
  let s = ix + params.padLeft - ox * params.strideW;
  let window = vec4<u32>(image + (oy * params.outW + ox) * params.channels) + c;
  let isChosen = choice_quad(window) == vec4<f32>(f32(r * params.kernelW + s));
  return select(vec4<f32>(), dy_quad(window), isChosen & vec4<bool>(r < params.kernelH && s < params.kernelW));
}

fn choice_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return choice[i.x >> 2u];
  }
  return vec4<f32>(
    choice[i.x >> 2u][i.x & 3u],
    choice[i.y >> 2u][i.y & 3u],
    choice[i.z >> 2u][i.z & 3u],
    choice[i.w >> 2u][i.w & 3u],
  );
}

fn finish(i: vec4<u32>, sums: vec4<f32>) -> vec4<f32> { return flush_small4(sums); }
