//! use lib/linear.wgsl
//! use lib/hyper.wgsl
// What every update starts with: the penalised and clipped gradient and the decayed weight. Twin of updateAll in src/ops/optimizers.ts.
// Each thread updates four elements. The including file binds dw, hyper, penalised, members, normSquares and w.
// Software adapters load what all threads share once for all of them, as long as no branch has been taken: so the guard comes last.
override CLIP: u32 = 0u;

struct Update {
  gradient: vec4<f32>,
  weight: vec4<f32>,
  rate: f32,
}

// Threads past the arena repeat its last four elements, which are_updated keeps them from storing.
fn quad_of(thread: u32) -> u32 {
  return min(thread, params.count / 4u - 1u);
}

// False for threads past the arena and for members that are frozen.
fn are_updated(member: u32, thread: u32) -> bool {
  return thread < params.count / 4u && members[member * params.columns + MEMBER_ACTIVE] == 1u;
}

fn begin_update(member: u32, quad: u32) -> Update {
  let index = member * (params.count / 4u) + quad;
  let weight = w[index];
  var gradient = penalised_gradient(dw[index], weight, quad, hyper_at(member, HYPER_PENALTY));
  if (CLIP == 1u) {
    gradient = gradient * clip_scale(hyper_at(member, HYPER_CLIP_NORM), normSquares[member]);
  }
  return Update(gradient, weight * hyper_at(member, HYPER_KEEP), hyper_at(member, HYPER_RATE));
}

// Factor that brings the gradient's norm down to clipNorm (torch.nn.utils.clip_grad_norm_: 1e-6 on the norm).
fn clip_scale(clipNorm: f32, normSquare: f32) -> f32 {
  let scale = clipNorm / (sqrt(normSquare) + 1e-6);
  return select(1.0, scale, scale < 1.0);
}
