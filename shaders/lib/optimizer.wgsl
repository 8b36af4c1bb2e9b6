//! use lib/tables.wgsl
// What every update shares: the chunk's hyper-parameters, the penalty on weights and the clipping of the gradient. The including file
// binds hyper and penalised, and for clip_scale normSquares; twin of the shared part of src/ops/optimizers.ts.
fn hyper_at(member: u32, column: u32) -> f32 {
  return hyper[(step.row * params.population + member) * HYPER_COLUMNS + column];
}

// The L2 penalty falls on weights and not on biases: one bit per element tells.
fn penalised_gradient(gradient: f32, weight: f32, i: u32, penalty: f32) -> f32 {
  let counts = ((penalised[i >> 5u] >> (i & 31u)) & 1u) == 1u;
  return select(gradient, penalty * weight + gradient, counts);
}

// Factor that brings the gradient's norm down to clipNorm (torch.nn.utils.clip_grad_norm_: 1e-6 on the norm).
fn clip_scale(clipNorm: f32, normSquare: f32) -> f32 {
  let scale = clipNorm / (sqrt(normSquare) + 1e-6);
  return select(1.0, scale, scale < 1.0);
}
