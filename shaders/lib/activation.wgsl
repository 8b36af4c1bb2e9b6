//! use lib/math.wgsl
// Activations by code and their slopes, equal to src/ops/activation.ts.
// Comparisons are written so that NaN goes through.
fn activate(code: u32, z: f32) -> f32 {
  switch code {
    case 1u: { return select(z, 0.0, z < 0.0); }
    case 2u: { return select(z, 0.01 * z, z < 0.0); }
    case 3u: { return sigmoid_f(z); }
    case 4u: { return tanh_f(z); }
    case 5u: { return z * normal_distribution(z); }
    default: { return z; }
  }
}

// `y` is the output; for gelu the input.
fn activation_slope(code: u32, y: f32) -> f32 {
  switch code {
    case 1u: { return select(0.0, 1.0, y > 0.0); }
    case 2u: { return select(0.01, 1.0, y > 0.0); }
    case 3u: { return y * (1.0 - y); }
    case 4u: { return (-y) * y + 1.0; }
    case 5u: {
      let density = 0.3989422804 * exp_f((-0.5 * y) * y);
      return y * density + normal_distribution(y);
    }
    default: { return 1.0; }
  }
}

// Distribution function of the standard normal.
fn normal_distribution(z: f32) -> f32 {
  return 0.5 * erfc_f((-z) * 0.70710678118);
}
