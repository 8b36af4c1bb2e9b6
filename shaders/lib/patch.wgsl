//! use lib/divide.wgsl
// Patches of an image: what a convolution multiplies with its kernel. Output position (n, oy, ox) has the patch that starts at row
// oy·strideH - padTop and column ox·strideW - padLeft, and tap (r, s, ci) is an element of it. Positions are numbered in the order
// n, oy, ox and taps in the order r, s, ci; an element's place is the sum of what belongs to its position and to its tap, where what
// would be below 0 wraps around, so that one comparison finds both edges.
struct PatchPart {
  start: u32,
  y: u32,
  x: u32,
}

// Sizes of a convolution with their reciprocals.
struct Patches {
  inH: u32,
  inW: u32,
  inC: Divisor,
  outArea: Divisor,
  outW: Divisor,
  kernelW: Divisor,
  strideH: u32,
  strideW: u32,
  padTop: u32,
  padLeft: u32,
}

fn patch_position(p: Patches, index: u32) -> PatchPart {
  let image = divide(index, p.outArea);
  let line = divide(image.rest, p.outW);
  let y = line.quotient * p.strideH - p.padTop;
  let x = line.rest * p.strideW - p.padLeft;
  return PatchPart(((image.quotient * p.inH + y) * p.inW + x) * p.inC.value, y, x);
}

fn patch_tap(p: Patches, index: u32) -> PatchPart {
  let channel = divide(index, p.inC);
  let tap = divide(channel.quotient, p.kernelW);
  return PatchPart((tap.quotient * p.inW + tap.rest) * p.inC.value + channel.rest, tap.quotient, tap.rest);
}

fn is_inside(p: Patches, position: PatchPart, tap: PatchPart) -> bool {
  return (position.y + tap.y < p.inH) & (position.x + tap.x < p.inW);
}
