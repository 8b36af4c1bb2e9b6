//! use lib/activation.wgsl
//! use lib/divide.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// dx = (dy spread over the input with w) · slope(x), as a product whose rows are the channels of the input and whose columns are its
// positions. With iy + padTop = qy·strideH + my and r = ay·strideH + by, tap r meets row iy where my = by, from row qy - ay of dy.
override ACTIVATION: u32 = 0u;

struct Params {
  batch: u32,
  inH: u32,
  inW: u32,
  inC: u32,
  outH: u32,
  outW: u32,
  outC: u32,
  kernelH: u32,
  kernelW: u32,
  strideH: u32,
  strideW: u32,
  padTop: u32,
  padLeft: u32,
  bias: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
  inArea: Divisor,
  inW: Divisor,
  outH: u32,
  outW: u32,
  outC: Divisor,
  kernelW: Divisor,
  strideH: Divisor,
  strideW: Divisor,
  padTop: u32,
  padLeft: u32,
  // Where the member's part of each tensor starts.
  dy: u32,
  w: u32,
  dx: u32,
}
fn problem(member: u32) -> Problem {
  let cols = params.batch * params.inH * params.inW;
  return Problem(
    params.inC, cols, params.kernelH * params.kernelW * params.outC,
    divisor(params.inH * params.inW), divisor(params.inW), params.outH, params.outW, divisor(params.outC), divisor(params.kernelW),
    divisor(params.strideH), divisor(params.strideW), params.padTop, params.padLeft,
    member * params.batch * params.outH * params.outW * params.outC, member * params.wStride,
    member * cols * params.inC,
  );
}

fn w_offset(p: Problem, row: u32, k: u32) -> u32 {
  let channel = divide(k, p.outC);
  return p.w + (channel.quotient * p.rows + row) * p.outC.value + channel.rest;
}
fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = w_offset(p, row, k);
  return w[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return w[w_offset(p, row, k) >> 2u]; }

// A position of the input: where the last row and column of dy that it meets lie, and by how much the strides overshoot them.
struct Column {
  start: u32,
  y: u32,
  x: u32,
  phase: u32,
}
fn column(p: Problem, col: u32) -> Column {
  let image = divide(col, p.inArea);
  let line = divide(image.rest, p.inW);
  let y = divide(line.quotient + p.padTop, p.strideH);
  let x = divide(line.rest + p.padLeft, p.strideW);
  let start = ((image.quotient * p.outH + y.quotient) * p.outW + x.quotient) * p.outC.value;
  return Column(start, y.quotient, x.quotient, y.rest * p.strideW.value + x.rest);
}

// Where dy has what tap k brings to a position.
struct Source {
  offset: u32,
  isInside: bool,
}
fn dy_source(p: Problem, column: Column, k: u32) -> Source {
  let channel = divide(k, p.outC);
  let tap = divide(channel.quotient, p.kernelW);
  let y = divide(tap.quotient, p.strideH);
  let x = divide(tap.rest, p.strideW);
  let isInside = (column.phase == y.rest * p.strideW.value + x.rest) &
    (column.y - y.quotient < p.outH) & (column.x - x.quotient < p.outW);
  let offset = column.start - (y.quotient * p.outW + x.quotient) * p.outC.value + channel.rest;
  return Source(p.dy + select(0u, offset, isInside), isInside);
}
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let source = dy_source(p, column, k);
  return select(0.0, dy[source.offset >> 2u][source.offset & 3u], source.isInside);
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> {
  let source = dy_source(p, column, k);
  return select(vec4<f32>(), dy[source.offset >> 2u], source.isInside);
}

fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums; }

fn store(p: Problem, row: u32, col: u32, value: f32) {
  let index = p.dx + col * p.rows + row;
  dx[index] = flush_small(value * activation_slope(ACTIVATION, dx[index]));
}
