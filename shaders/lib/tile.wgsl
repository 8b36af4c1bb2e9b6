//! use lib/linear.wgsl
//! use lib/product.wgsl
// One thread's part of a matrix product: a tile of TILE x TILE outputs of one member. The including file declares the constant TILE
// and defines left_start, right_start, store and the steps; rows and columns past the edge repeat the last one and are not stored.
fn run_tile(thread: u32, member: u32, rows: u32, cols: u32, leftStep: u32, rightStep: u32, depth: u32) {
  let tileCols = (cols + TILE - 1u) / TILE;
  let tileRows = (rows + TILE - 1u) / TILE;
  if (thread >= tileCols * tileRows) {
    return;
  }
  let row = (thread / tileCols) * TILE;
  let col = (thread % tileCols) * TILE;
  if (TILE == 1u) {
    store(member, row, col, product_single(left_start(member, row), leftStep, right_start(member, col), rightStep, depth));
    return;
  }
  let left = vec4<u32>(
    left_start(member, row),
    left_start(member, min(row + 1u, rows - 1u)),
    left_start(member, min(row + 2u, rows - 1u)),
    left_start(member, min(row + 3u, rows - 1u)),
  );
  let right = vec4<u32>(
    right_start(member, col),
    right_start(member, min(col + 1u, cols - 1u)),
    right_start(member, min(col + 2u, cols - 1u)),
    right_start(member, min(col + 3u, cols - 1u)),
  );
  let tile = product_tile4x4(left, leftStep, right, rightStep, depth);
  store_row(member, row, col, rows, cols, tile.row0);
  store_row(member, row + 1u, col, rows, cols, tile.row1);
  store_row(member, row + 2u, col, rows, cols, tile.row2);
  store_row(member, row + 3u, col, rows, cols, tile.row3);
}

fn store_row(member: u32, row: u32, col: u32, rows: u32, cols: u32, values: vec4<f32>) {
  if (row >= rows) {
    return;
  }
  store(member, row, col, values.x);
  if (col + 1u < cols) {
    store(member, row, col + 1u, values.y);
  }
  if (col + 2u < cols) {
    store(member, row, col + 2u, values.z);
  }
  if (col + 3u < cols) {
    store(member, row, col + 3u, values.w);
  }
}
