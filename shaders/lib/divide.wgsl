// Quotients of whole numbers by way of floats: a u32 division is eight divisions one by one on software adapters, and dozens of
// instructions on GPUs. Exact for numbers below 2^31 and divisors up to 2^19: the first quotient is off by 2^10 at most, so that the
// second has a rest of at most 2^10 + 1 divisors, and half of one is more than it can err.
struct Divisor {
  value: u32,
  reciprocal: f32,
}

fn divisor(value: u32) -> Divisor { return Divisor(value, 1.0 / f32(i32(value))); }

fn divide(number: u32, by: Divisor) -> u32 {
  let first = i32(f32(i32(number)) * by.reciprocal);
  let rest = i32(number) - first * i32(by.value);
  return u32(first + i32(floor((f32(rest) + 0.5) * by.reciprocal)));
}

// For a single quotient.
fn quotient(number: u32, by: u32) -> u32 { return divide(number, divisor(by)); }
