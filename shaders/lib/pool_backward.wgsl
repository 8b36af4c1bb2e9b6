//! use lib/divide.wgsl
//! use lib/dy_quad.wgsl
//! use lib/linear.wgsl
//! use lib/quads.wgsl
//! use lib/windows.wgsl
// Gradient of a pool: for each element the sum, over the windows that cover it, of what they give to it. One thread for four channels of
// ROWS pixels. The including file has the sizes in params, binds dy and dx, and says what a pool does:
//   gradient_of(image, iy, ix, oy, ox, c) -> vec4   what window (oy, ox) gives to element (iy, ix)
//   finish(i, sums) -> vec4                         what is stored at i
override WIDTH: u32 = 64u;
// 1: no two windows overlap, so that an element lies in one at most.
const APART: u32 = 0u;
const ROWS: u32 = 1u;
const ROW: u32 = 0u;

// What pixels side by side share: where their line and the windows of their image start, their row, the last window that begins in it or
// above, and the column after the last.
struct Pixels {
  start: u32,
  image: u32,
  iy: u32,
  oy: u32,
  end: u32,
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, WIDTH);
  let quads = (params.channels + 3u) / 4u;
  let place = quotient(i, quads);
  let across = (params.inW + ROWS - 1u) / ROWS;
  let line = quotient(place, across);
  let lines = params.batch * params.inH;
  let n = quotient(min(line, lines - 1u), params.inH);
  let iy = min(line, lines - 1u) - n * params.inH;
  let c = quad_of((i - place * quads) * 4u, params.channels);
  let pixels = Pixels(
    (group.z * lines + min(line, lines - 1u)) * params.inW * params.channels,
    (group.z * params.batch + n) * params.outH * params.outW * params.channels,
    iy,
    min(quotient(iy + params.padTop, params.strideH), params.outH - 1u),
    select(0u, params.inW, line < lines),
  );
  let first = (place - line * across) * ROWS;
  if (APART == 1u) {
    //! each ROW < ROWS
    store_pixel(pixels, first + ROW, c);
    //! end
  } else {
    for (var col = first; col < first + ROWS; col++) {
      store_pixel(pixels, col, c);
    }
  }
}

fn store_pixel(pixels: Pixels, col: u32, c: vec4<u32>) {
  let ix = min(col, params.inW - 1u);
  var gradient: vec4<f32>;
  if (APART == 1u) {
    let ox = min(quotient(ix + params.padLeft, params.strideW), params.outW - 1u);
    gradient = gradient_of(pixels.image, pixels.iy, ix, pixels.oy, ox, c);
  } else {
    gradient = overlapping(pixels.image, pixels.iy, ix, c);
  }
  let out = vec4<u32>(pixels.start + ix * params.channels) + c;
  let finished = finish(out, gradient);
  if (col >= pixels.end) {
    return;
  }
  dx[out.x] = finished.x;
  dx[out.y] = finished.y;
  dx[out.z] = finished.z;
  dx[out.w] = finished.w;
}

// The sum over the windows that cover the element, by the rule for sums.
fn overlapping(image: u32, iy: u32, ix: u32, c: vec4<u32>) -> vec4<f32> {
  let rows = windows_over(iy, params.strideH, params.padTop, params.kernelH, params.outH);
  let cols = windows_over(ix, params.strideW, params.padLeft, params.kernelW, params.outW);
  var terms = 0u;
  var sum = vec4<f32>();
  var part = vec4<f32>();
  var total = vec4<f32>();
  for (var oy = rows.x; oy < rows.y; oy++) {
    for (var ox = cols.x; ox < cols.y; ox++) {
      sum += gradient_of(image, iy, ix, oy, ox, c);
      terms++;
      if ((terms & 0xffu) == 0u) {
        part += sum;
        sum = vec4<f32>();
        if ((terms & 0xffffu) == 0u) {
          total += part;
          part = vec4<f32>();
        }
      }
    }
  }
  return total + (part + sum);
}
