//! use lib/linear.wgsl
//! use lib/math.wgsl
//! use lib/quads.wgsl
//! use lib/step.wgsl
//! use lib/tables.wgsl
// Mean and inverse deviation of each channel from the sums of the chunks, and a step of the running statistics, in place. One thread per
// four channels; ROWS chunks are loaded at a time.
override WIDTH: u32 = 64u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

struct Params {
  rows: u32,
  channels: u32,
  columns: u32,
  runningStride: u32,
  momentum: f32,
  epsilon: f32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> sums: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> members: array<u32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> running: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = linear_index(group, groups, lane, WIDTH) * 4u;
  if (first >= params.channels) {
    return;
  }
  let c = quad_of(first, params.channels);
  let chunks = (params.rows + 255u) / 256u;
  let rows = f32(params.rows);
  let start = group.z * chunks * 2u * params.channels;
  var sum = vec4<f32>();
  for (var chunk = 0u; chunk < chunks;) {
    let end = min(chunk + 256u, chunks);
    var part = vec4<f32>();
    for (; chunk < end; chunk += ROWS) {
      //! each ROW < ROWS
      part += select(vec4<f32>(), sums_quad(start, min(chunk + ROW, end - 1u), c), chunk + ROW < end);
      //! end
    }
    sum += part;
    chunk = end;
  }
  let mean = sum / rows;
  var squares = vec4<f32>();
  for (var chunk = 0u; chunk < chunks;) {
    let end = min(chunk + 256u, chunks);
    var part = vec4<f32>();
    for (; chunk < end; chunk += ROWS) {
      //! each ROW < ROWS
      part += select(vec4<f32>(), chunk_squares(start, min(chunk + ROW, end - 1u), c, mean), chunk + ROW < end);
      //! end
    }
    squares += part;
    chunk = end;
  }
  let out = group.z * 2u * params.channels;
  store(out, c, mean);
  store(out + params.channels, c, 1.0 / sqrt(squares / rows + params.epsilon));
  if (members[group.z * params.columns + MEMBER_ACTIVE] == 1u) {
    let block = group.z * params.runningStride;
    move_running(block, c, mean);
    move_running(block + params.channels, c, squares / (rows - 1.0));
  }
}

// Squared distances of a chunk's rows to the mean of all: those to its own mean, and for each row that mean's own.
fn chunk_squares(start: u32, chunk: u32, c: vec4<u32>, mean: vec4<f32>) -> vec4<f32> {
  let count = f32(min(256u, params.rows - chunk * 256u));
  let distance = sums_quad(start, chunk, c) / count - mean;
  return (count * distance) * distance + sums_quad(start + params.channels, chunk, c);
}

fn sums_quad(start: u32, chunk: u32, c: vec4<u32>) -> vec4<f32> {
  let i = vec4<u32>(start + chunk * 2u * params.channels) + c;
  if (WORDS == 1u) {
    return sums[i.x >> 2u];
  }
  return vec4<f32>(
    sums[i.x >> 2u][i.x & 3u],
    sums[i.y >> 2u][i.y & 3u],
    sums[i.z >> 2u][i.z & 3u],
    sums[i.w >> 2u][i.w & 3u],
  );
}

// All are read before one is written: the last channel may stand there more than once.
fn move_running(start: u32, c: vec4<u32>, values: vec4<f32>) {
  let i = vec4<u32>(start) + c;
  let old = vec4<f32>(running[i.x], running[i.y], running[i.z], running[i.w]);
  let moved = flush_small4(params.momentum * (values - old) + old);
  running[i.x] = moved.x;
  running[i.y] = moved.y;
  running[i.z] = moved.z;
  running[i.w] = moved.w;
}

fn store(start: u32, c: vec4<u32>, values: vec4<f32>) {
  statistics[start + c.x] = values.x;
  statistics[start + c.y] = values.y;
  statistics[start + c.z] = values.z;
  statistics[start + c.w] = values.w;
}
