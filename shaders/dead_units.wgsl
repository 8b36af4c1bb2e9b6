//! use lib/step.wgsl
// How many channels are 0 in each of the rows that are looked at. A workgroup takes WIDTH / slices channels; so many threads share the rows of each, and stop at
// the first that is not 0.
override WIDTH: u32 = 256u;

struct Params {
  rows: u32,
  channels: u32,
  count: u32,
  stride: u32,
  slices: u32,
  place: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

var<workgroup> alive: array<u32, WIDTH>;
var<workgroup> dead: atomic<u32>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let perGroup = WIDTH / params.slices;
  let channel = group.x * perGroup + lane % perGroup;
  let start = group.z * params.rows * params.channels + channel;
  var isAlive = 0u;
  if (channel < params.channels) {
    for (var row = lane / perGroup; row < params.count && isAlive == 0u; row += params.slices) {
      // NaN is alive.
      isAlive = bitcast<u32>(y[start + row * params.stride * params.channels]) & 0x7fffffffu;
    }
  }
  alive[lane] = isAlive;
  workgroupBarrier();
  if (lane < perGroup && channel < params.channels) {
    for (var other = lane + perGroup; other < WIDTH; other += perGroup) {
      isAlive |= alive[other];
    }
    if (isAlive == 0u) {
      atomicAdd(&dead, 1u);
    }
  }
  workgroupBarrier();
  if (lane == 0u) {
    statistics[params.place + group.z * groups.x + group.x] = f32(atomicLoad(&dead));
  }
}
