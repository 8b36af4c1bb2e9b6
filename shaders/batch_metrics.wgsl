//! use lib/step.wgsl
//! use lib/tables.wgsl
// Each batch's sums of the columns of `rows`, for the steps of a run, of which `step` is the last. One workgroup per member and step:
// its threads load a chunk of 256 rows together, then one thread per column adds them in index order.
override WIDTH: u32 = 256u;

struct Params {
  batch: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read_write> metrics: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

var<workgroup> terms: array<f32, 256u * LOSS_COLUMNS>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let out = (step.row - group.y) * params.population + group.x;
  let start = out * params.batch * LOSS_COLUMNS;
  var part = 0.0;
  var total = 0.0;
  for (var first = 0u; first < params.batch; first += 256u) {
    let count = min(256u, params.batch - first);
    for (var i = lane; i < count * LOSS_COLUMNS; i += WIDTH) {
      terms[i] = rows[start + first * LOSS_COLUMNS + i];
    }
    workgroupBarrier();
    if (lane < LOSS_COLUMNS) {
      var sum = 0.0;
      for (var i = 0u; i < count; i++) {
        sum += terms[i * LOSS_COLUMNS + lane];
      }
      part += sum;
      if (((first + count) & 0xffffu) == 0u) {
        total += part;
        part = 0.0;
      }
    }
    workgroupBarrier();
  }
  if (lane < LOSS_COLUMNS) {
    metrics[out * LOSS_COLUMNS + lane] = total + part;
  }
}
