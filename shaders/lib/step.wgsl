// Scalars of the step, one row of the chunk's table per step (dynamic offset). The file that uses this declares
// `@group(1) @binding(0) var<uniform> step: Step;`.
struct Step {
  step: u32,
  row: u32,
  validRows: u32,
}
