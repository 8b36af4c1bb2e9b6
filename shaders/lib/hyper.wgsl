//! use lib/tables.wgsl
// The chunk's hyper-parameters and the penalty on weights. The including file binds hyper and penalised.
fn hyper_at(member: u32, column: u32) -> f32 {
  return hyper[(step.row * params.population + member) * HYPER_COLUMNS + column];
}

// The L2 penalty falls on weights and not on biases: one bit per element tells. For the four elements from 4·quad on.
fn penalised_gradient(gradient: vec4<f32>, weight: vec4<f32>, quad: u32, penalty: f32) -> vec4<f32> {
  return select(gradient, penalty * weight + gradient, is_penalised(quad));
}

fn is_penalised(quad: u32) -> vec4<bool> {
  let bits = penalised[quad >> 3u] >> ((quad & 7u) * 4u);
  return (vec4<u32>(bits) & vec4<u32>(1u, 2u, 4u, 8u)) != vec4<u32>();
}
