// Philox4x32-10 and the draws made of it, equal to src/random/philox.ts and src/random/draws.ts in every bit.
// Source: J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).

// High word of a 32 x 32 bit product, through 16-bit halves.
fn multiply_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let first = a_high * b_low + ((a_low * b_low) >> 16u);
  let second = a_low * b_high + (first & 0xffffu);
  return a_high * b_high + (first >> 16u) + (second >> 16u);
}

fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let low0 = c.x * 0xd2511f53u;
    let low1 = c.z * 0xcd9e8d57u;
    let high0 = multiply_high(c.x, 0xd2511f53u);
    let high1 = multiply_high(c.z, 0xcd9e8d57u);
    c = vec4<u32>(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// The words of indices 4*block to 4*block + 3 of a stream at a step; salt tells tensors apart.
fn draw4(seed: u32, stream: u32, step: u32, salt: u32, block: u32) -> vec4<u32> {
  return philox(vec4<u32>(block, step, salt, 0u), vec2<u32>(seed, stream));
}

// Strictly inside (0, 1), and exact: an odd multiple of 2^-24.
fn uniform_open(bits: u32) -> f32 {
  return f32(bits >> 9u) * 0x1p-23 + 0x1p-24;
}
