//! use lib/math.wgsl
// Inverse of the standard normal distribution function, equal to `normal` in src/arithmetic/float32.ts in every bit.
// Source: M. J. Wichura, Algorithm AS 241: the percentage points of the normal distribution (1988), PPND7.

// u in (0, 1).
fn normal_from_uniform(u: f32) -> f32 {
  let q = u - 0.5;
  if (abs(q) <= 0.425) {
    let r = -q * q + 0.180625;
    var numerator = 59.10937472;
    numerator = numerator * r + 159.29113202;
    numerator = numerator * r + 50.434271938;
    numerator = numerator * r + 3.3871327179;
    var denominator = 67.1875636;
    denominator = denominator * r + 78.757757664;
    denominator = denominator * r + 17.895169469;
    denominator = denominator * r + 1.0;
    return q * numerator / denominator;
  }
  let distance = sqrt(-log_f(min(u, 1.0 - u)));
  var y: f32;
  if (distance > 5.0) {
    let r = distance - 5.0;
    var numerator = 0.017337203997;
    numerator = numerator * r + 0.42868294337;
    numerator = numerator * r + 3.081226386;
    numerator = numerator * r + 6.657905115;
    var denominator = 0.012258202635;
    denominator = denominator * r + 0.24197894225;
    denominator = denominator * r + 1.0;
    y = numerator / denominator;
  } else {
    let r = distance - 1.6;
    var numerator = 0.17023821103;
    numerator = numerator * r + 1.3067284816;
    numerator = numerator * r + 2.75681539;
    numerator = numerator * r + 1.4234372777;
    var denominator = 0.12021132975;
    denominator = denominator * r + 0.7370016425;
    denominator = denominator * r + 1.0;
    y = numerator / denominator;
  }
  return select(y, -y, q < 0.0);
}
