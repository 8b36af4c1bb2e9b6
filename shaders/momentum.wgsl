//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/update.wgsl
// b = decay1*b + g, w = keep*w - rate*b; with the rate inside b = decay1*b + rate*g, w = keep*w - b.
override NESTEROV: u32 = 0u;
override RATE_INSIDE: u32 = 0u;

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
@group(0) @binding(6) var<storage, read_write> b: array<vec4<f32>>;
@group(0) @binding(7) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

fn update(index: u32, quad: u32, rates: Rates, isUpdated: bool) {
  let start = begin_update(index, quad, rates);
  let push = select(start.gradient, rates.rate * start.gradient, RATE_INSIDE == 1u);
  let velocity = flush_small4(rates.decay1 * b[index] + push);
  let change = select(velocity, rates.decay1 * velocity + push, NESTEROV == 1u);
  let weight = select((-rates.rate) * change + start.weight, start.weight - change, RATE_INSIDE == 1u);
  if (isUpdated) {
    b[index] = velocity;
    w[index] = flush_small4(weight);
  }
}
