// Quotients of whole numbers by way of floats: a u32 division is eight divisions one by one on software adapters, which also convert
// floats to integers one by one, and dozens of instructions on GPUs. Adding a power of two instead leaves a float's whole part in
// its last bits. Numbers are below 2^31; a reciprocal may err by 2.5 units in its last place.
struct Divisor {
  value: u32,
  reciprocal: f32,
}

struct Division {
  quotient: u32,
  rest: u32,
}

fn divisor(value: u32) -> Divisor { return Divisor(value, 1.0 / f32(i32(value))); }

// For quotients below 2^20: the product errs by less than a half, so that the nearest whole number is the quotient or one more.
fn divide(number: u32, by: Divisor) -> Division {
  let nearest = bitcast<u32>(f32(i32(number)) * by.reciprocal + 8388608.0) - 0x4b000000u;
  let rest = i32(number - nearest * by.value);
  let over = u32(rest >> 31u);
  return Division(nearest + over, u32(rest) + (over & by.value));
}

// For all quotients by numbers below 2^19, in two steps: the first is off by less than 3,000.
fn quotient(number: u32, by: u32) -> u32 {
  let reciprocal = divisor(by).reciprocal;
  let thousands = bitcast<u32>(f32(i32(number)) * reciprocal + 34359738368.0) - 0x51000000u;
  let left = i32(number - (thousands << 12u) * by);
  let nearest = bitcast<u32>(f32(left) * reciprocal + 12582912.0) - 0x4b400000u;
  let rest = left - i32(nearest * by);
  return (thousands << 12u) + nearest + u32(rest >> 31u);
}
