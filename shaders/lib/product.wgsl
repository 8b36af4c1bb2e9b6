// Sum over k < depth of left(k)·right(k) by the project's rule: chunks of 256 terms in index order, then the chunk sums in index order,
// again in chunks of 256. Twin of src/ops/product.ts. The including file defines
//   left_at(offset: u32) -> f32   and   right_at(offset: u32) -> f32
// where offsets go up by a fixed step per term. Offsets past the edge of a matrix are clamped by the caller: such sums are not stored.
struct Tile {
  row0: vec4<f32>,
  row1: vec4<f32>,
  row2: vec4<f32>,
  row3: vec4<f32>,
}

fn product_tile4x4(leftStart: vec4<u32>, leftStep: u32, rightStart: vec4<u32>, rightStep: u32, depth: u32) -> Tile {
  var left = leftStart;
  var right = rightStart;
  var part0 = vec4<f32>();
  var part1 = vec4<f32>();
  var part2 = vec4<f32>();
  var part3 = vec4<f32>();
  var total0 = vec4<f32>();
  var total1 = vec4<f32>();
  var total2 = vec4<f32>();
  var total3 = vec4<f32>();
  var k = 0u;
  while (k < depth) {
    let end = min(k + 256u, depth);
    var sum0 = vec4<f32>();
    var sum1 = vec4<f32>();
    var sum2 = vec4<f32>();
    var sum3 = vec4<f32>();
    while (k < end) {
      let b = vec4<f32>(right_at(right.x), right_at(right.y), right_at(right.z), right_at(right.w));
      sum0 += left_at(left.x) * b;
      sum1 += left_at(left.y) * b;
      sum2 += left_at(left.z) * b;
      sum3 += left_at(left.w) * b;
      left += leftStep;
      right += rightStep;
      k++;
    }
    part0 += sum0;
    part1 += sum1;
    part2 += sum2;
    part3 += sum3;
    if ((k & 0xffffu) == 0u) {
      total0 += part0;
      total1 += part1;
      total2 += part2;
      total3 += part3;
      part0 = vec4<f32>();
      part1 = vec4<f32>();
      part2 = vec4<f32>();
      part3 = vec4<f32>();
    }
  }
  return Tile(total0 + part0, total1 + part1, total2 + part2, total3 + part3);
}

fn product_single(leftStart: u32, leftStep: u32, rightStart: u32, rightStep: u32, depth: u32) -> f32 {
  var left = leftStart;
  var right = rightStart;
  var part = 0.0;
  var total = 0.0;
  var k = 0u;
  while (k < depth) {
    let end = min(k + 256u, depth);
    var sum = 0.0;
    while (k < end) {
      sum += left_at(left) * right_at(right);
      left += leftStep;
      right += rightStep;
      k++;
    }
    part += sum;
    if ((k & 0xffffu) == 0u) {
      total += part;
      part = 0.0;
    }
  }
  return total + part;
}
