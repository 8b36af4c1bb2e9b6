// Elementary functions, equal to src/arithmetic/float32.ts in every bit: a change here is a change there. The builtins
// are wrong by up to thousands of ulp, each adapter in its own way. Pure Horner chains only: other forms are
// re-associated. Sources of the coefficients: see the twin.

// Whatever is smaller than 2^-100 becomes +0, told by the bits: some adapters flush subnormals. NaN stays.
fn flush_small(x: f32) -> f32 {
  return select(x, 0.0, (bitcast<u32>(x) & 0x7fffffffu) < 0x0d800000u);
}

fn flush_small4(x: vec4<f32>) -> vec4<f32> {
  return select(x, vec4<f32>(), (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) < vec4<u32>(0x0d800000u));
}

fn power_of_two(exponent: i32) -> f32 {
  return bitcast<f32>(u32(exponent + 127) << 23u);
}

// e^x; 0 below 2^-100, +infinity above 88.7228.
fn exp_f(x: f32) -> f32 {
  let bounded = select(x, -70.0, x < -70.0);
  let v = select(bounded, 89.0, bounded > 89.0);
  let n = floor(v * 1.44269504 + 0.5);
  var r = n * -0.693359375 + v;
  r = n * 2.1219444e-4 + r;
  var p = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * r + 1.0;
  p = p * r + 1.0;
  let exponent = i32(n);
  let half = exponent >> 1u;
  return flush_small(p * power_of_two(half) * power_of_two(exponent - half));
}

// Natural logarithm; zero and subnormals give log(2^-126) = -87.33655, negative numbers NaN.
fn log_f(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let b = select(bits, 0x00800000u, (bits & 0x7fffffffu) < 0x00800000u);
  if (b >= 0x7f800000u) {
    return bitcast<f32>(select(b | 0x7fc00000u, b, b == 0x7f800000u));
  }
  // x = (1 + f) 2^e with 1 + f between sqrt(1/2) and sqrt(2), whose bits are 0x3f3504f3.
  let offset = b - 0x3f3504f3u;
  let f = bitcast<f32>((offset & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  let e = f32(bitcast<i32>(offset) >> 23u);
  var p = 7.0376836292e-2;
  p = p * f + -1.151461031e-1;
  p = p * f + 1.1676998740e-1;
  p = p * f + -1.2420140846e-1;
  p = p * f + 1.4249322787e-1;
  p = p * f + -1.6668057665e-1;
  p = p * f + 2.0000714765e-1;
  p = p * f + -2.4999993993e-1;
  p = p * f + 3.3333331174e-1;
  p = p * f + -0.5;
  let s = p * f;
  var y = s * f + f;
  y = e * -2.1219444e-4 + y;
  y = e * 0.693359375 + y;
  return y;
}

// Below 2^-100: +0.
fn tanh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.625) {
    let z = x * x;
    var p = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z + -5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z + -3.33332819422e-1;
    let s = p * z;
    return flush_small(s * x + x);
  }
  let e = exp_f(select(2.0 * a, 20.0, a > 10.0));
  let y = 1.0 - 2.0 / (e + 1.0);
  return select(y, -y, x < 0.0);
}

fn sigmoid_f(x: f32) -> f32 {
  let e = exp_f(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}

// Complementary error function; 0 below 2^-100.
fn erfc_f(x: f32) -> f32 {
  let a = select(abs(x), 9.5, abs(x) > 9.5);
  let t = (a - 2.0) / (a + 2.0);
  var p = -0.0004280009;
  p = p * t + -0.001272774;
  p = p * t + 0.0013248988;
  p = p * t + 0.0086694835;
  p = p * t + -0.008057609;
  p = p * t + -0.05421506;
  p = p * t + 0.16405424;
  p = p * t + -0.1660304;
  p = p * t + -0.092763916;
  p = p * t + 1.2769784;
  let q = p / (2.0 * a + 1.0);
  // a^2 = high^2 + (a - high)(a + high), where high has 12 bits: its square is exact.
  let high = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let low = (a - high) * (a + high);
  let y = flush_small(q * exp_f(-low) * exp_f(-high * high));
  return select(y, 2.0 - y, x < 0.0);
}
