//! use lib/quads.wgsl
// Elements i of x, which the including file binds: one load where rows start at multiples of four.
fn x_quad(i: vec4<u32>) -> vec4<f32> {
  if (WORDS == 1u) {
    return x[i.x >> 2u];
  }
  return vec4<f32>(x[i.x >> 2u][i.x & 3u], x[i.y >> 2u][i.y & 3u], x[i.z >> 2u][i.z & 3u], x[i.w >> 2u][i.w & 3u]);
}
