//! use lib/quads.wgsl
// Elements i of statistics, which the including file binds: one load where rows start at multiples of four.
fn statistics_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return statistics[i.x >> 2u];
  }
  return vec4<f32>(
    statistics[i.x >> 2u][i.x & 3u],
    statistics[i.y >> 2u][i.y & 3u],
    statistics[i.z >> 2u][i.z & 3u],
    statistics[i.w >> 2u][i.w & 3u],
  );
}
