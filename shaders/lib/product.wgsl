//! use lib/linear.wgsl
//! use lib/lanes_one.wgsl
//! use lib/operands.wgsl
// out(row, col) = Σ over k < depth of left(row, k)·right(col, k) by the project's rule for sums: chunks of 256 terms in index order, then
// the chunk sums in index order, again in chunks of 256. Twin of src/ops/product.ts.
//
// A group of LANES threads computes a tile of ROWS rows with four columns for each lane. Of the left side each lane loads a share, and
// subgroupBroadcast hands every value to all; of the right side it loads its own columns.
const ROWS: u32 = 1u;
const LANES: u32 = 1u;

// Quads of the left side that a lane loads for four terms: a group needs one for each row, or one for each term and four rows.
const LOADS: u32 = 1u;
// Rows by fours: from one term to the next the rows begin SHIFT elements further past an aligned quad. A term takes TERM_QUADS quads, and
// its first row is element BEGIN of the four terms' quads.
const SHIFT: u32 = 0u;
const TERM_QUADS: u32 = (ROWS + 3u) / 4u + select(0u, 1u, SHIFT > 0u);
const BEGIN0: u32 = 0u;
const BEGIN1: u32 = 4u * TERM_QUADS + SHIFT;
const BEGIN2: u32 = 8u * TERM_QUADS + 2u * SHIFT % 4u;
const BEGIN3: u32 = 12u * TERM_QUADS + 3u * SHIFT % 4u;

// Counters of the repeated lines.
const ROW: u32 = 0u;
const LOAD: u32 = 0u;

fn run_product(member: u32, tile: u32, lane: u32) {
  let p = problem(member);
  let tileCols = (p.cols + 4u * LANES - 1u) / (4u * LANES);
  let tileRows = (p.rows + ROWS - 1u) / ROWS;
  if (tile >= tileCols * tileRows) {
    return;
  }
  let row = (tile / tileCols) * ROWS;
  let col = ((tile % tileCols) * LANES + lane) * 4u;
  let columns = four_columns(p, col);
  var left: array<vec4<f32>, LOADS>;
  var sums: array<vec4<f32>, ROWS>;
  var parts: array<vec4<f32>, ROWS>;
  var totals: array<vec4<f32>, ROWS>;
  var k = 0u;
  while (k < p.depth) {
    let end = min(k + 256u, p.depth);
    //! each ROW < ROWS
    sums[ROW] = vec4<f32>();
    //! end
    while (k < end) {
      //! each LOAD < LOADS
      left[LOAD] = load_left(p, row, k, LOAD * LANES + lane);
      //! end
      let right = load_right(p, columns, k);
      if (LEFT < 2u) {
        //! each ROW < ROWS
        sums[ROW] = add_terms(sums[ROW], right,
          subgroupBroadcast(left[min(ROW / LANES, LOADS - 1u)].x, ROW % LANES),
          subgroupBroadcast(left[min(ROW / LANES, LOADS - 1u)].y, ROW % LANES),
          subgroupBroadcast(left[min(ROW / LANES, LOADS - 1u)].z, ROW % LANES),
          subgroupBroadcast(left[min(ROW / LANES, LOADS - 1u)].w, ROW % LANES));
        //! end
      } else {
        //! each ROW < ROWS
        sums[ROW] = add_terms(sums[ROW], right,
          subgroupBroadcast(left[min((BEGIN0 + ROW) / 4u / LANES, LOADS - 1u)][(BEGIN0 + ROW) % 4u], (BEGIN0 + ROW) / 4u % LANES),
          subgroupBroadcast(left[min((BEGIN1 + ROW) / 4u / LANES, LOADS - 1u)][(BEGIN1 + ROW) % 4u], (BEGIN1 + ROW) / 4u % LANES),
          subgroupBroadcast(left[min((BEGIN2 + ROW) / 4u / LANES, LOADS - 1u)][(BEGIN2 + ROW) % 4u], (BEGIN2 + ROW) / 4u % LANES),
          subgroupBroadcast(left[min((BEGIN3 + ROW) / 4u / LANES, LOADS - 1u)][(BEGIN3 + ROW) % 4u], (BEGIN3 + ROW) / 4u % LANES));
        //! end
      }
      k += 4u;
    }
    if (LEVELS > 1u) {
      //! each ROW < ROWS
      parts[ROW] += sums[ROW];
      //! end
    }
    if (LEVELS > 2u && (k & 0xffffu) == 0u) {
      //! each ROW < ROWS
      totals[ROW] += parts[ROW];
      parts[ROW] = vec4<f32>();
      //! end
    }
  }
  // A loop, and one over an array of its own: written out, storing would be most of the code that an adapter has to compile.
  var finished: array<vec4<f32>, ROWS>;
  if (LEVELS == 1u) {
    finished = sums;
  } else if (LEVELS == 2u) {
    finished = parts;
  } else {
    //! each ROW < ROWS
    finished[ROW] = totals[ROW] + parts[ROW];
    //! end
  }
  for (var i = 0u; i < min(ROWS, p.rows - row); i++) {
    store_row(p, row + i, col, finished[i]);
  }
}

fn add_terms(sums: vec4<f32>, right: Panel, left0: f32, left1: f32, left2: f32, left3: f32) -> vec4<f32> {
  var added = sums;
  added += left0 * right.term0;
  added += left1 * right.term1;
  added += left2 * right.term2;
  added += left3 * right.term3;
  return added;
}

// Quad `index` of the left side of a tile: four terms of a row, or four rows of a term.
fn load_left(p: Problem, firstRow: u32, k: u32, index: u32) -> vec4<f32> {
  if (LEFT > DEPTH) {
    let term = k + index / TERM_QUADS;
    let shift = (term * SHIFT) & 3u;
    let row = min(firstRow + (index % TERM_QUADS) * 4u, (p.rows - 1u + shift) & ~3u);
    return select(vec4<f32>(), left_quad(p, row, min(term, p.depth - 1u)), term < p.depth);
  }
  let row = min(firstRow + index, p.rows - 1u);
  if (LEFT == DEPTH) {
    return left_quad(p, row, k);
  }
  return vec4<f32>(
    left_term(p, row, k),
    left_term(p, row, k + 1u),
    left_term(p, row, k + 2u),
    left_term(p, row, k + 3u),
  );
}

fn left_term(p: Problem, row: u32, k: u32) -> f32 {
  return select(0.0, left_at(p, row, min(k, p.depth - 1u)), k < p.depth);
}
