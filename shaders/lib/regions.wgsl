// Which elements of a tensor are looked at, and what is written of them; the same columns stand in src/ops/statistics.ts. The including
// file binds regions.
const REGION_OFFSET: u32 = 0u;
const REGION_COUNT: u32 = 1u;
const REGION_STRIDE: u32 = 2u;
const REGION_MEMBER_STRIDE: u32 = 3u;
const REGION_COLUMNS: u32 = 4u;

const STATISTICS_COUNT: u32 = 0u;
const STATISTICS_MIN: u32 = 1u;
const STATISTICS_MAX: u32 = 2u;
const STATISTICS_MEAN: u32 = 3u;
const STATISTICS_ROOT_MEAN_SQUARE: u32 = 4u;
const STATISTICS_ZEROS: u32 = 5u;
const STATISTICS_BINS: u32 = 6u;
const STATISTICS_STRIDE: u32 = 70u;

fn region_start(region: u32, member: u32) -> u32 {
  let row = region * REGION_COLUMNS;
  return regions[row + REGION_OFFSET] + member * regions[row + REGION_MEMBER_STRIDE];
}

// Samples lie in runs of 16, since a cache line costs as much as one element of it.
fn sample_offset(sample: u32, stride: u32) -> u32 {
  return (sample >> 4u) * stride + (sample & 15u);
}

// Told by the bits: compilers fold comparisons of NaN.
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
}
