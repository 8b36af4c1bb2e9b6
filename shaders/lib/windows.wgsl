//! use lib/divide.wgsl
// Windows that move over an image, along one side of it. Window `o` begins at o·stride - pad; what lies outside is padding.

// The elements [x, y) of window `o` that lie inside the image.
fn taps_inside(o: u32, stride: u32, pad: u32, kernel: u32, size: u32) -> vec2<u32> {
  let begin = o * stride;
  return vec2<u32>(select(0u, pad - begin, begin < pad), min(kernel, size + pad - begin));
}

// The windows [x, y) that cover element `i` of the image.
fn windows_over(i: u32, stride: u32, pad: u32, kernel: u32, count: u32) -> vec2<u32> {
  let place = i + pad;
  let first = select(0u, quotient(max(place, kernel) - kernel, stride) + 1u, place >= kernel);
  return vec2<u32>(first, min(quotient(place, stride) + 1u, count));
}
