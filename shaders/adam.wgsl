//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/update.wgsl
// m = decay1*m + gain1*g, v = decay2*v + gain2*g^2, w = keep*w - rate*m/(sqrt(v)/correction2 + epsilon).

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
@group(0) @binding(6) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(8) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

fn update(index: u32, quad: u32, rates: Rates, isUpdated: bool) {
  let start = begin_update(index, quad, rates);
  let mean = flush_small4(rates.decay1 * m[index] + rates.gain1 * start.gradient);
  let gained = (rates.gain2 * start.gradient) * start.gradient;
  let squares = flush_small4(rates.decay2 * v[index] + gained);
  let scale = sqrt(squares) / rates.correction2 + rates.epsilon;
  let weight = flush_small4((-rates.rate) * (mean / scale) + start.weight);
  if (isUpdated) {
    m[index] = mean;
    v[index] = squares;
    w[index] = weight;
  }
}
