//! use lib/activation.wgsl
//! use lib/step.wgsl
//! use lib/product.wgsl
// y = activation(x·W + b), as a product whose rows are the outputs and whose columns are the batch.
override ACTIVATION: u32 = 0u;

struct Params {
  batch: u32,
  inSize: u32,
  outSize: u32,
  xStride: u32,
  wStride: u32,
  population: u32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(1) @binding(0) var<uniform> step: Step;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
  // Where the member's part of each tensor starts.
  x: u32,
  w: u32,
  y: u32,
}
fn problem(member: u32) -> Problem {
  return Problem(
    params.outSize, params.batch, params.inSize,
    member * params.xStride, member * params.wStride, member * params.batch * params.outSize,
  );
}

fn left_at(p: Problem, row: u32, k: u32) -> f32 {
  let offset = p.w + k * p.rows + row;
  return w[offset >> 2u][offset & 3u];
}
fn left_quad(p: Problem, row: u32, k: u32) -> vec4<f32> { return w[(p.w + k * p.rows + row) >> 2u]; }

// Where a column starts is multiplied anew for each term: software adapters would keep four starts in memory.
struct Column {
  index: u32,
}
fn column(p: Problem, col: u32) -> Column { return Column(col); }
fn x_offset(p: Problem, column: Column, k: u32) -> u32 { return p.x + column.index * p.depth + k; }
fn right_at(p: Problem, column: Column, k: u32) -> f32 {
  let offset = x_offset(p, column, k);
  return x[offset >> 2u][offset & 3u];
}
fn right_quad(p: Problem, column: Column, k: u32) -> vec4<f32> { return x[x_offset(p, column, k) >> 2u]; }

// The bias is the last row of the block.
fn finish(p: Problem, row: u32, sums: vec4<f32>) -> vec4<f32> { return sums + left_at(p, row, p.depth); }

fn store(p: Problem, row: u32, col: u32, value: f32) {
  y[p.y + col * p.rows + row] = activate(ACTIVATION, value);
}
