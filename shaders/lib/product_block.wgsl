//! use lib/linear.wgsl
//! use lib/operands.wgsl
// lib/product.wgsl for adapters with workgroup memory of their own: the same sums in the same order, other threads.
//
// A team of GROUP_ROWS x GROUP_COLS threads computes a block of outputs, ROWS x COLS by each thread, from TERMS terms of both sides at
// a time, which it brings to workgroup memory. SPLITS teams share a workgroup and a block: each adds up a chunk of 256 terms of its
// own, then they add their chunk sums one after the other, in index order. TERMS divides 256, so that chunks end between two loads.
//
// A thread reads (ROWS + COLS) / 4 quads of workgroup memory for ROWS·COLS multiply-adds. With 4x4 an NVIDIA core loads about as long as
// it calculates; with 8x8 half as long, but the registers for sums and parts leave room for one workgroup at a time.
const ROWS: u32 = 4u;
const COLS: u32 = 4u;
const GROUP_ROWS: u32 = 16u;
const GROUP_COLS: u32 = 16u;
const TERMS: u32 = 8u;
const SPLITS: u32 = 1u;
// Of a thread's outputs: quads of rows, quads of columns, and rows times quads of columns.
const ROW_QUADS: u32 = 1u;
const COL_QUADS: u32 = 1u;
const CELLS: u32 = 4u;

const CHUNK: u32 = 256u;
const TEAM: u32 = GROUP_ROWS * GROUP_COLS;
// Quads of the block's rows and columns. The quads of a thread are as far apart as the team is wide, so that neighbouring threads read
// neighbouring quads, which lie in different banks of the memory.
const LEFT_QUADS: u32 = ROW_QUADS * GROUP_ROWS;
const RIGHT_QUADS: u32 = COL_QUADS * GROUP_COLS;
const QUADS: u32 = LEFT_QUADS + RIGHT_QUADS;
// Panels of the block; a thread loads one at most.
const LEFT_PANELS: u32 = LEFT_QUADS * TERMS / 4u;
const RIGHT_PANELS: u32 = RIGHT_QUADS * TERMS / 4u;

// Counters of the repeated lines.
const QUAD: u32 = 0u;
const CELL: u32 = 0u;

// Of each team the terms of its chunk: the quads of the left side, then those of the right.
var<workgroup> terms: array<array<array<vec4<f32>, QUADS>, TERMS>, SPLITS>;

@compute @workgroup_size(TEAM * SPLITS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let p = problem(group.z);
  let tileCols = (p.cols + 4u * RIGHT_QUADS - 1u) / (4u * RIGHT_QUADS);
  let tileRows = (p.rows + 4u * LEFT_QUADS - 1u) / (4u * LEFT_QUADS);
  let tile = linear_index(group, groups, 0u, 1u);
  if (tile >= tileCols * tileRows) {
    return;
  }
  let team = thread / TEAM;
  let lane = thread % TEAM;
  let laneRow = lane / GROUP_COLS;
  let laneCol = lane % GROUP_COLS;
  let firstRow = (tile / tileCols) * 4u * LEFT_QUADS;
  let firstCol = (tile % tileCols) * 4u * RIGHT_QUADS;
  let place = panel_place(lane);
  let columns = four_columns(p, firstCol + (max(place.quad, LEFT_QUADS) - LEFT_QUADS) * 4u);
  var left: array<vec4<f32>, ROW_QUADS>;
  var right: array<vec4<f32>, COL_QUADS>;
  var sums: array<vec4<f32>, CELLS>;
  var parts: array<vec4<f32>, CELLS>;
  var totals: array<vec4<f32>, CELLS>;
  // Terms that the first team adds up, whose chunks are the longest: barriers are for all teams.
  let rounds = (p.depth - 1u) / (SPLITS * CHUNK);
  let span = rounds * CHUNK + min(CHUNK, p.depth - rounds * SPLITS * CHUNK);
  for (var k = 0u; ; k += TERMS) {
    // The next terms, on their way while those before are multiplied.
    let panel = load_panel(p, columns, firstRow, (k / CHUNK * SPLITS + team) * CHUNK + k % CHUNK, lane, place);
    if (k > 0u) {
      for (var term = 0u; term < TERMS; term++) {
        //! each QUAD < ROW_QUADS
        left[QUAD] = terms[team][term][QUAD * GROUP_ROWS + laneRow];
        //! end
        //! each QUAD < COL_QUADS
        right[QUAD] = terms[team][term][LEFT_QUADS + QUAD * GROUP_COLS + laneCol];
        //! end
        //! each CELL < CELLS
        sums[CELL] += left[CELL / COL_QUADS / 4u][CELL / COL_QUADS % 4u] * right[CELL % COL_QUADS];
        //! end
      }
    }
    if (LEVELS > 1u && k > 0u && (k % CHUNK == 0u || k >= span)) {
      if (SPLITS == 1u) {
        //! each CELL < CELLS
        parts[CELL] += sums[CELL];
        //! end
      } else {
        // Through the memory that holds no more terms. The last chunks may be fewer than the teams.
        let teams = min(SPLITS, (p.depth - 1u) / CHUNK + 1u - (k - 1u) / CHUNK * SPLITS);
        workgroupBarrier();
        for (var turn = 0u; turn < teams; turn++) {
          if (team == turn) {
            //! each CELL < CELLS
            hand_over(CELL * TEAM + lane, select(handed(CELL * TEAM + lane), parts[CELL], turn == 0u) + sums[CELL]);
            //! end
          }
          workgroupBarrier();
        }
        //! each CELL < CELLS
        parts[CELL] = handed(CELL * TEAM + lane);
        //! end
      }
      //! each CELL < CELLS
      sums[CELL] = vec4<f32>();
      //! end
      if (LEVELS > 2u && ((k * SPLITS) & 0xffffu) == 0u) {
        //! each CELL < CELLS
        totals[CELL] += parts[CELL];
        parts[CELL] = vec4<f32>();
        //! end
      }
    }
    if (k >= span) {
      break;
    }
    workgroupBarrier();
    if (lane < LEFT_PANELS + RIGHT_PANELS) {
      terms[team][place.term][place.quad] = panel.term0;
      terms[team][place.term + 1u][place.quad] = panel.term1;
      terms[team][place.term + 2u][place.quad] = panel.term2;
      terms[team][place.term + 3u][place.quad] = panel.term3;
    }
    workgroupBarrier();
  }
  if (team > 0u) {
    return;
  }
  // As in lib/product.wgsl, a loop over an array of its own.
  var finished: array<vec4<f32>, CELLS>;
  if (LEVELS == 1u) {
    finished = sums;
  } else if (LEVELS == 2u) {
    finished = parts;
  } else {
    //! each CELL < CELLS
    finished[CELL] = totals[CELL] + parts[CELL];
    //! end
  }
  for (var i = 0u; i < min(CELLS, (p.rows - firstRow) * COL_QUADS); i++) {
    let row = i / COL_QUADS;
    let tileRow = (row / 4u * GROUP_ROWS + laneRow) * 4u + row % 4u;
    let tileCol = (i % COL_QUADS * GROUP_COLS + laneCol) * 4u;
    store_row(p, firstRow + tileRow, firstCol + tileCol, finished[i]);
  }
}

fn hand_over(index: u32, sums: vec4<f32>) {
  terms[index / (TERMS * QUADS)][index / QUADS % TERMS][index % QUADS] = sums;
}

fn handed(index: u32) -> vec4<f32> {
  return terms[index / (TERMS * QUADS)][index / QUADS % TERMS][index % QUADS];
}

// Which panel of the block a thread brings: a quad, and the first of four terms.
struct Place {
  quad: u32,
  term: u32,
}

// Where nothing is aligned, the left side mostly lies along the rows and the right along the depth.
fn panel_place(lane: u32) -> Place {
  if (lane < LEFT_PANELS) {
    return spread(lane, LEFT_QUADS, LEFT == DEPTH);
  }
  let place = spread(lane - LEFT_PANELS, RIGHT_QUADS, RIGHT != 2u);
  return Place(LEFT_QUADS + place.quad, place.term);
}

// Neighbouring threads load what lies together: quad after quad, or, along the depth, two panels of each quad, which are the 32 bytes
// that NVIDIA and AMD fetch at least; more panels of one quad would be kept in the same banks.
fn spread(index: u32, quads: u32, alongDepth: bool) -> Place {
  if (alongDepth) {
    return Place(index / 2u % quads, (index % 2u + index / (2u * quads) * 2u) * 4u);
  }
  return Place(index % quads, index / quads * 4u);
}

fn load_panel(p: Problem, columns: Columns, firstRow: u32, firstTerm: u32, lane: u32, place: Place) -> Panel {
  let k = firstTerm + place.term;
  if (k >= p.depth || lane >= LEFT_PANELS + RIGHT_PANELS) {
    return Panel();
  }
  if (lane < LEFT_PANELS) {
    return load_left(p, firstRow + place.quad * 4u, k);
  }
  return load_right(p, columns, k);
}

fn load_left(p: Problem, row: u32, k: u32) -> Panel {
  if (LEFT == DEPTH) {
    let last = p.rows - 1u;
    return turned_panel(
      left_quad(p, min(row, last), k),
      left_quad(p, min(row + 1u, last), k),
      left_quad(p, min(row + 2u, last), k),
      left_quad(p, min(row + 3u, last), k),
    );
  }
  return Panel(
    left_term(p, row, k),
    left_term(p, row, k + 1u),
    left_term(p, row, k + 2u),
    left_term(p, row, k + 3u),
  );
}

// A term of four rows.
fn left_term(p: Problem, row: u32, k: u32) -> vec4<f32> {
  let term = min(k, p.depth - 1u);
  if (LEFT == NEITHER) {
    let last = p.rows - 1u;
    let values = vec4<f32>(
      left_at(p, min(row, last), term),
      left_at(p, min(row + 1u, last), term),
      left_at(p, min(row + 2u, last), term),
      left_at(p, min(row + 3u, last), term),
    );
    return select(vec4<f32>(), values, k < p.depth);
  }
  return select(vec4<f32>(), left_quad(p, min(row, (p.rows - 1u) & ~3u), term), k < p.depth);
}
