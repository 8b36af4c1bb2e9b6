//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/update.wgsl
// v = decay1*v + gain1*g^2, w = keep*w - rate*g/(sqrt(v) + epsilon).

struct Params {
  count: u32,
  stride: u32,
  columns: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dw: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> hyper: array<f32>;
@group(0) @binding(2) var<storage, read> penalised: array<u32>;
@group(0) @binding(3) var<storage, read> members: array<u32>;
@group(0) @binding(4) var<storage, read> normSquares: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(7) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

fn update(index: u32, quad: u32, rates: Rates, isUpdated: bool) {
  let start = begin_update(index, quad, rates);
  let gained = (rates.gain1 * start.gradient) * start.gradient;
  let squares = flush_small4(rates.decay1 * v[index] + gained);
  let scale = sqrt(squares) + rates.epsilon;
  let weight = flush_small4((-rates.rate) * (start.gradient / scale) + start.weight);
  if (isUpdated) {
    v[index] = squares;
    w[index] = weight;
  }
}
