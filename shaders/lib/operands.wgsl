// The two sides of a matrix product, four terms of four neighbouring rows or columns at a time. Rows and columns past the edge repeat
// the last ones and are not stored; terms past the depth are 0·0. The kernel says what is multiplied:
//   problem(member) -> Problem         rows, cols and depth, and whatever else of the parameters the functions below need
//   left_at(p, row, k) -> f32          left_quad -> vec4: the same for four neighbours at once
//   column(p, col) -> Column           what of a column, or of four at once, is the same for all terms
//   right_at(p, column, k) -> f32      right_quad -> vec4
//   finish(p, row, sums: vec4) -> vec4, store(p, row, col, value)
// Problem and columns are made before all loops: within them some adapters load every uniform lane by lane.

// Along which side four neighbours lie in memory, aligned: 0 neither, 1 the depth, 2 the rows (left) or columns (right).
const LEFT: u32 = 0u;
const RIGHT: u32 = 0u;
// Levels of sums that the depth needs.
const LEVELS: u32 = 3u;

const NEITHER: u32 = 0u;
const DEPTH: u32 = 1u;

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

// Four neighbouring columns; where they are read at once, all that counts is the first.
struct Columns {
  column0: Column,
  column1: Column,
  column2: Column,
  column3: Column,
}

fn four_columns(p: Problem, col: u32) -> Columns {
  if (RIGHT > DEPTH) {
    let quad = column(p, min(col, (p.cols - 1u) & ~3u));
    return Columns(quad, quad, quad, quad);
  }
  let last = p.cols - 1u;
  return Columns(
    column(p, min(col, last)),
    column(p, min(col + 1u, last)),
    column(p, min(col + 2u, last)),
    column(p, min(col + 3u, last)),
  );
}

fn load_right(p: Problem, columns: Columns, k: u32) -> Panel {
  if (RIGHT == DEPTH) {
    return turned_panel(
      right_quad(p, columns.column0, k),
      right_quad(p, columns.column1, k),
      right_quad(p, columns.column2, k),
      right_quad(p, columns.column3, k),
    );
  }
  return Panel(
    right_term(p, columns, k),
    right_term(p, columns, k + 1u),
    right_term(p, columns, k + 2u),
    right_term(p, columns, k + 3u),
  );
}

// A term of four columns.
fn right_term(p: Problem, columns: Columns, k: u32) -> vec4<f32> {
  let term = min(k, p.depth - 1u);
  if (RIGHT == NEITHER) {
    let values = vec4<f32>(
      right_at(p, columns.column0, term),
      right_at(p, columns.column1, term),
      right_at(p, columns.column2, term),
      right_at(p, columns.column3, term),
    );
    return select(vec4<f32>(), values, k < p.depth);
  }
  return select(vec4<f32>(), right_quad(p, columns.column0, term), k < p.depth);
}

fn store_row(p: Problem, row: u32, col: u32, sums: vec4<f32>) {
  if (row >= p.rows || col >= p.cols) {
    return;
  }
  let values = finish(p, row, sums);
  store(p, row, col, values.x);
  if (col + 1u < p.cols) {
    store(p, row, col + 1u, values.y);
  }
  if (col + 2u < p.cols) {
    store(p, row, col + 2u, values.z);
  }
  if (col + 3u < p.cols) {
    store(p, row, col + 3u, values.w);
  }
}
