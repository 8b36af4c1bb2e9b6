//! use lib/linear.wgsl
//! use lib/hyper.wgsl
// What every update starts with: the penalised and clipped gradient and the decayed weight. Twin of updateAll in src/ops/optimizers.ts.
// The including file binds dw, hyper, penalised, members, normSquares and w.
override CLIP: u32 = 0u;

struct Update {
  gradient: f32,
  weight: f32,
  rate: f32,
}

// False for threads past the arena and for members that are frozen.
fn is_updated(member: u32, i: u32) -> bool {
  return i < params.count && members[member * params.columns + MEMBER_ACTIVE] == 1u;
}

fn begin_update(member: u32, i: u32) -> Update {
  let index = member * params.count + i;
  var gradient = penalised_gradient(dw[index], w[index], i, hyper_at(member, HYPER_PENALTY));
  if (CLIP == 1u) {
    gradient = gradient * clip_scale(hyper_at(member, HYPER_CLIP_NORM), normSquares[member]);
  }
  return Update(gradient, w[index] * hyper_at(member, HYPER_KEEP), hyper_at(member, HYPER_RATE));
}

// Factor that brings the gradient's norm down to clipNorm (torch.nn.utils.clip_grad_norm_: 1e-6 on the norm).
fn clip_scale(clipNorm: f32, normSquare: f32) -> f32 {
  let scale = clipNorm / (sqrt(normSquare) + 1e-6);
  return select(1.0, scale, scale < 1.0);
}
