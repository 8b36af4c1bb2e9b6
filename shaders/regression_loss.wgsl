//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// Loss and gradient of squared, absolute and Huber errors (KIND 0, 1, 2). One thread per row.
override WIDTH: u32 = 64u;
override KIND: u32 = 0u;

struct Params {
  batch: u32,
  outputs: u32,
  indexStride: u32,
  lossScale: f32,
  gradientScale: f32,
  delta: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = linear_index(group, groups, lane, WIDTH);
  if (m >= params.batch) {
    return;
  }
  let start = (group.z * params.batch + m) * params.outputs;
  let out = ((step.row * params.population + group.z) * params.batch + m) * LOSS_COLUMNS;
  let valid = m < step.validRows;
  let targetStart = indices[group.z * params.indexStride + step.row * params.batch + m] * params.outputs;
  var best = 0u;
  var wanted = 0u;
  for (var c = 1u; c < params.outputs; c++) {
    if (y[start + c] > y[start + best]) {
      best = c;
    }
    if (targets[targetStart + c] > targets[targetStart + wanted]) {
      wanted = c;
    }
  }
  // Sums of the terms of the loss and of squares.
  var part = vec2<f32>();
  var total = vec2<f32>();
  var o = 0u;
  while (o < params.outputs) {
    let end = min(o + 256u, params.outputs);
    var sum = vec2<f32>();
    while (o < end) {
      let difference = y[start + o] - targets[targetStart + o];
      // A term is the product of both.
      var left = difference;
      var right = difference;
      var slope = difference;
      if (KIND > 0u) {
        let size = abs(difference);
        let large = flush_small(difference);
        let direction = select(select(large, -1.0, large < 0.0), 1.0, large > 0.0);
        if (KIND == 1u) {
          left = 1.0;
          right = size;
          slope = direction;
        } else {
          left = select(size, params.delta, size > params.delta);
          right = size - 0.5 * left;
          slope = select(difference, direction * params.delta, size > params.delta);
        }
      }
      dy[start + o] = select(0.0, flush_small(slope * params.gradientScale), valid);
      sum += vec2<f32>(left, difference) * vec2<f32>(right, difference);
      o++;
    }
    part += sum;
    if ((o & 0xffffu) == 0u) {
      total += part;
      part = vec2<f32>();
    }
  }
  let sums = total + part;
  rows[out] = select(0.0, sums.x * params.lossScale, valid);
  rows[out + 1u] = select(0.0, 1.0, valid && best == wanted);
  rows[out + 2u] = select(0.0, sums.y, valid);
}
