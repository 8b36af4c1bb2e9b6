//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// Loss and gradient of the softmax cross-entropy from integer labels, smoothed and weighted. One thread per row.
override WIDTH: u32 = 64u;

struct Params {
  batch: u32,
  classes: u32,
  indexStride: u32,
  weightStride: u32,
  columns: u32,
  topK: u32,
  inverseBatch: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read> members: array<u32>;
@group(0) @binding(4) var<storage, read> classWeights: array<f32>;
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;
@group(0) @binding(6) var<storage, read_write> rows: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;
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
  let out = ((step.row * params.population + group.z) * params.batch + m) * LOSS_COLUMNS;
  if (m >= step.validRows) {
    for (var c = 0u; c < params.classes; c++) {
      dlogits[start + c] = 0.0;
    }
    rows[out] = 0.0;
    rows[out + 1u] = 0.0;
    rows[out + 2u] = 0.0;
    return;
  }
  let smoothing = bitcast<f32>(members[group.z * params.columns + MEMBER_SMOOTHING]);
  let label = labels[indices[group.z * params.indexStride + step.row * params.batch + m]];
  let weight = classWeights[group.z * params.weightStride + label];
  let labelLogit = logits[start + label];
  var best = 0u;
  var largest = logits[start];
  // Classes that come before the label: of equal logits the first does.
  var before = 0u;
  for (var c = 0u; c < params.classes; c++) {
    let logit = logits[start + c];
    if (logit > largest) {
      best = c;
      largest = logit;
    }
    before += select(0u, 1u, logit > labelLogit || (logit == labelLogit && c < label));
  }
  // Sums of exponentials and of logits.
  var part = vec2<f32>();
  var total = vec2<f32>();
  var c = 0u;
  while (c < params.classes) {
    let end = min(c + 256u, params.classes);
    var sum = vec2<f32>();
    while (c < end) {
      let z = logits[start + c] - largest;
      let e = exp_f(z);
      dlogits[start + c] = e;
      sum += vec2<f32>(e, z);
      c++;
    }
    part += sum;
    if ((c & 0xffffu) == 0u) {
      total += part;
      part = vec2<f32>();
    }
  }
  let sums = total + part;
  let classCount = f32(params.classes);
  let other = smoothing / classCount;
  let own = 1.0 - smoothing + other;
  let scale = params.inverseBatch * weight;
  for (var d = 0u; d < params.classes; d++) {
    let probability = dlogits[start + d] / sums.x;
    dlogits[start + d] = flush_small((probability - select(other, own, d == label)) * scale);
  }
  let z = labelLogit - largest;
  var loss = log_f(sums.x) - z;
  if (smoothing > 0.0) {
    loss = smoothing * (z - sums.y / classCount) + loss;
  }
  rows[out] = loss * weight;
  rows[out + 1u] = select(0.0, 1.0, best == label);
  rows[out + 2u] = select(0.0, 1.0, before < params.topK);
}
