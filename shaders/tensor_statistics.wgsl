//! use lib/math.wgsl
//! use lib/regions.wgsl
//! use lib/step.wgsl
// Extremes, mean, root mean square and histogram of at most 64·256 sampled elements. One workgroup per region and member, twice over the
// samples: first the extremes; then each thread adds and counts one chunk of 256, scaled so that no square overflows or vanishes.
override WIDTH: u32 = 64u;

struct Params {
  firstRegion: u32,
  regionCount: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read> regions: array<u32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

const LARGEST: f32 = 0x1.fffffep+127f;

// Of each thread: extremes, then sums of values and of squares.
var<workgroup> first: array<f32, 64>;
var<workgroup> second: array<f32, 64>;
var<workgroup> finite: atomic<u32>;
var<workgroup> zeros: atomic<u32>;
var<workgroup> bins: array<atomic<u32>, 64>;
var<workgroup> low: f32;
var<workgroup> binsPerUnit: f32;
var<workgroup> exponent: u32;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let region = params.firstRegion + group.x;
  let count = regions[region * REGION_COLUMNS + REGION_COUNT];
  let stride = regions[region * REGION_COLUMNS + REGION_STRIDE];
  let start = region_start(region, group.z);
  let out = (region * params.population + group.z) * STATISTICS_STRIDE;

  var lowest = LARGEST;
  var highest = -LARGEST;
  var finiteCount = 0u;
  var zeroCount = 0u;
  for (var i = lane; i < count; i += WIDTH) {
    let value = flush_small(values[start + sample_offset(i, stride)]);
    let counts = is_finite(value);
    lowest = select(lowest, value, counts && value < lowest);
    highest = select(highest, value, counts && value > highest);
    finiteCount += select(0u, 1u, counts);
    zeroCount += select(0u, 1u, value == 0.0);
  }
  first[lane] = lowest;
  second[lane] = highest;
  atomicAdd(&finite, finiteCount);
  atomicAdd(&zeros, zeroCount);
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < min(WIDTH, count); other++) {
      lowest = select(lowest, first[other], first[other] < lowest);
      highest = select(highest, second[other], second[other] > highest);
    }
    let span = highest - lowest;
    low = lowest;
    // Equal values, and spans that no float32 holds, have one bin.
    binsPerUnit = select(0.0, 64.0 / span, span >= 0x1p-100f && is_finite(span));
    exponent = max(bitcast<u32>(max(abs(lowest), abs(highest))) >> 23u, 1u);
    statistics[out + STATISTICS_COUNT] = f32(atomicLoad(&finite));
    statistics[out + STATISTICS_MIN] = lowest;
    statistics[out + STATISTICS_MAX] = highest;
    statistics[out + STATISTICS_ZEROS] = f32(atomicLoad(&zeros));
  }
  workgroupBarrier();

  let origin = low;
  let slope = binsPerUnit;
  // The largest becomes 2 to 4.
  let scale = bitcast<f32>((255u - exponent) << 23u);
  var sum = 0.0;
  var squares = 0.0;
  for (var i = lane * 256u; i < min((lane + 1u) * 256u, count); i++) {
    let value = flush_small(values[start + sample_offset(i, stride)]);
    if (is_finite(value)) {
      let scaled = flush_small(value * scale);
      sum += scaled;
      squares += flush_small(scaled * scaled);
      let bin = select(0u, min(u32((value - origin) * slope), 63u), slope > 0.0);
      atomicAdd(&bins[bin], 1u);
    }
  }
  first[lane] = sum;
  second[lane] = squares;
  workgroupBarrier();
  if (lane == 0u) {
    for (var chunk = 1u; chunk < (count + 255u) / 256u; chunk++) {
      sum += first[chunk];
      squares += second[chunk];
    }
    let terms = f32(max(atomicLoad(&finite), 1u));
    let unit = bitcast<f32>((exponent - 1u) << 23u);
    statistics[out + STATISTICS_MEAN] = flush_small(sum / terms * unit);
    statistics[out + STATISTICS_ROOT_MEAN_SQUARE] = flush_small(sqrt(squares / terms) * unit);
  }
  statistics[out + STATISTICS_BINS + lane] = f32(atomicLoad(&bins[lane]));
}
