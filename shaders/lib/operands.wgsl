// The two sides of a matrix product, four terms of four neighbouring rows or columns at a time. Rows and columns past the edge repeat
// the last ones and are not stored; terms past the depth are 0·0. The kernel says what is multiplied:
//   problem() -> Problem                                  left_at(member, row, k), right_at(member, col, k) -> f32
//   finish(member, row, sums: vec4) -> vec4               left_quad, right_quad: the same for four neighbours at once
//   store(member, row, col, value)

// Along which side four neighbours lie in memory, aligned: 0 neither, 1 the depth, 2 the rows (left) or columns (right).
const LEFT: u32 = 0u;
const RIGHT: u32 = 0u;
// Levels of sums that the depth needs.
const LEVELS: u32 = 3u;

const NEITHER: u32 = 0u;
const DEPTH: u32 = 1u;

struct Problem {
  rows: u32,
  cols: u32,
  depth: u32,
}

// Four terms: for each the values of four neighbouring rows or columns.
struct Panel {
  term0: vec4<f32>,
  term1: vec4<f32>,
  term2: vec4<f32>,
  term3: vec4<f32>,
}

// From four terms of each row or column.
fn turned_panel(line0: vec4<f32>, line1: vec4<f32>, line2: vec4<f32>, line3: vec4<f32>) -> Panel {
  return Panel(
    vec4<f32>(line0.x, line1.x, line2.x, line3.x),
    vec4<f32>(line0.y, line1.y, line2.y, line3.y),
    vec4<f32>(line0.z, line1.z, line2.z, line3.z),
    vec4<f32>(line0.w, line1.w, line2.w, line3.w),
  );
}

fn load_right(p: Problem, member: u32, col: u32, k: u32) -> Panel {
  if (RIGHT == DEPTH) {
    let last = p.cols - 1u;
    return turned_panel(
      right_quad(member, min(col, last), k),
      right_quad(member, min(col + 1u, last), k),
      right_quad(member, min(col + 2u, last), k),
      right_quad(member, min(col + 3u, last), k),
    );
  }
  return Panel(
    right_term(p, member, col, k),
    right_term(p, member, col, k + 1u),
    right_term(p, member, col, k + 2u),
    right_term(p, member, col, k + 3u),
  );
}

// A term of four columns.
fn right_term(p: Problem, member: u32, col: u32, k: u32) -> vec4<f32> {
  let term = min(k, p.depth - 1u);
  if (RIGHT == NEITHER) {
    let last = p.cols - 1u;
    let values = vec4<f32>(
      right_at(member, min(col, last), term),
      right_at(member, min(col + 1u, last), term),
      right_at(member, min(col + 2u, last), term),
      right_at(member, min(col + 3u, last), term),
    );
    return select(vec4<f32>(), values, k < p.depth);
  }
  return select(vec4<f32>(), right_quad(member, min(col, (p.cols - 1u) & ~3u), term), k < p.depth);
}

fn store_row(p: Problem, member: u32, row: u32, col: u32, sums: vec4<f32>) {
  if (row >= p.rows || col >= p.cols) {
    return;
  }
  let values = finish(member, row, sums);
  store(member, row, col, values.x);
  if (col + 1u < p.cols) {
    store(member, row, col + 1u, values.y);
  }
  if (col + 2u < p.cols) {
    store(member, row, col + 2u, values.z);
  }
  if (col + 3u < p.cols) {
    store(member, row, col + 3u, values.w);
  }
}
