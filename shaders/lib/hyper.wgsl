//! use lib/tables.wgsl
// The chunk's hyper-parameters and the penalty on weights. The including file binds hyper and penalised.
fn hyper_at(member: u32, column: u32) -> f32 {
  return hyper[(step.row * params.population + member) * HYPER_COLUMNS + column];
}

// The L2 penalty falls on weights and not on biases: one bit per element tells.
fn penalised_gradient(gradient: f32, weight: f32, i: u32, penalty: f32) -> f32 {
  let counts = ((penalised[i >> 5u] >> (i & 31u)) & 1u) == 1u;
  return select(gradient, penalty * weight + gradient, counts);
}
