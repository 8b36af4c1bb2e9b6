//! use lib/linear.wgsl
//! use lib/hyper.wgsl
// What every update starts with: the penalised and clipped gradient and the decayed weight. Twin of updateAll in src/ops/optimizers.ts.
// Each thread updates PARTS times four elements: finding out which one it is costs a thread of a software adapter more than an update.
// Such adapters also load what all threads share once for all of them, as long as they are in no branch: so the guard comes last.
// The including file binds dw, hyper, penalised, members, normSquares and w, and defines update(member, quad, isUpdated).
override WIDTH: u32 = 64u;
override CLIP: u32 = 0u;
const PARTS: u32 = 1u;
const PART: u32 = 0u;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = linear_index(group, groups, 0u, WIDTH * PARTS) + lane;
  //! each PART < PARTS
  update_part(group.z, first + PART * WIDTH);
  //! end
}

// Threads past the arena repeat its last four elements and do not store them; nor do those of members that are frozen.
fn update_part(member: u32, quad: u32) {
  let isActive = members[member * params.columns + MEMBER_ACTIVE] == 1u;
  let quads = params.count / 4u;
  update(member, min(quad, quads - 1u), isActive && quad < quads);
}

struct Update {
  gradient: vec4<f32>,
  weight: vec4<f32>,
  rate: f32,
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
