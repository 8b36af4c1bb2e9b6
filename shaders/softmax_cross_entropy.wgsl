//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/step.wgsl
// Loss and gradient of the softmax cross-entropy from integer labels. One thread per row.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  classes: u32,
  indexStride: u32,
  inverseBatch: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> dlogits: array<f32>;
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
  let start = (group.z * params.batch + m) * params.classes;
  let out = ((step.row * params.population + group.z) * params.batch + m) * 2u;
  if (m >= step.validRows) {
    for (var c = 0u; c < params.classes; c++) {
      dlogits[start + c] = 0.0;
    }
    rows[out] = 0.0;
    rows[out + 1u] = 0.0;
    return;
  }
  let label = labels[indices[group.z * params.indexStride + step.row * params.batch + m]];
  var best = 0u;
  for (var c = 1u; c < params.classes; c++) {
    if (logits[start + c] > logits[start + best]) {
      best = c;
    }
  }
  let largest = logits[start + best];
  var part = 0.0;
  var total = 0.0;
  var c = 0u;
  while (c < params.classes) {
    let end = min(c + 256u, params.classes);
    var sum = 0.0;
    while (c < end) {
      let e = exp_f(logits[start + c] - largest);
      dlogits[start + c] = e;
      sum += e;
      c++;
    }
    part += sum;
    if ((c & 0xffffu) == 0u) {
      total += part;
      part = 0.0;
    }
  }
  let sum = total + part;
  for (var d = 0u; d < params.classes; d++) {
    let probability = dlogits[start + d] / sum;
    dlogits[start + d] = flush_small((probability - select(0.0, 1.0, d == label)) * params.inverseBatch);
  }
  rows[out] = log_f(sum) - (logits[start + label] - largest);
  rows[out + 1u] = select(0.0, 1.0, best == label);
}
