//! use lib/quads.wgsl
// Elements i of w, which the including file binds: one load where rows start at multiples of four.
fn w_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return w[i.x >> 2u];
  }
  return vec4<f32>(w[i.x >> 2u][i.x & 3u], w[i.y >> 2u][i.y & 3u], w[i.z >> 2u][i.z & 3u], w[i.w >> 2u][i.w & 3u]);
}
