//! use lib/quads.wgsl
// Elements i of dy, which the including file binds: one load where rows start at multiples of four.
fn dy_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return dy[i.x >> 2u];
  }
  return vec4<f32>(dy[i.x >> 2u][i.x & 3u], dy[i.y >> 2u][i.y & 3u], dy[i.z >> 2u][i.z & 3u], dy[i.w >> 2u][i.w & 3u]);
}
