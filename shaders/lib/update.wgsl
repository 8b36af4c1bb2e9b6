//! use lib/linear.wgsl
//! use lib/hyper.wgsl
// What every update starts with: the penalised and clipped gradient and the decayed weight. Twin of updateAll in src/ops/optimizers.ts.
// The including file binds dw, hyper, penalised, members, normSquares and w, has params.count, params.stride and params.columns, and defines
// update(index, quad, rates, isUpdated). Threads past the end repeat the last quad and drop what they computed from it.
//
// Each thread updates PARTS times four elements, in a loop: on a software adapter a thread costs more to start than an update, and
// written out the parts outgrow the instruction cache. Such adapters load what all threads share once for all, as long as they are in no
// branch or loop: so rates come first.
override WIDTH: u32 = 64u;
override CLIP: u32 = 0u;
const PARTS: u32 = 1u;

struct Rates {
  rate: f32,
  penalty: f32,
  keep: f32,
  decay1: f32,
  gain1: f32,
  decay2: f32,
  gain2: f32,
  correction2: f32,
  epsilon: f32,
  clip: f32,
}

struct Update {
  gradient: vec4<f32>,
  weight: vec4<f32>,
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let member = group.z;
  let rates = rates_of(member);
  let isActive = members[member * params.columns + MEMBER_ACTIVE] == 1u;
  let quads = params.count / 4u;
  // Eight neighbouring threads go through memory in one stream.
  let first = linear_index(group, groups, (lane & ~7u) * PARTS, WIDTH * PARTS) + (lane & 7u);
  for (var part = 0u; part < PARTS; part++) {
    let quad = min(first + part * 8u, quads - 1u);
    update(member * (params.stride / 4u) + quad, quad, rates, isActive && first + part * 8u < quads);
  }
}

fn rates_of(member: u32) -> Rates {
  var clip = 1.0;
  if (CLIP == 1u) {
    clip = clip_scale(hyper_at(member, HYPER_CLIP_NORM), normSquares[member]);
  }
  return Rates(
    hyper_at(member, HYPER_RATE),
    hyper_at(member, HYPER_PENALTY),
    hyper_at(member, HYPER_KEEP),
    hyper_at(member, HYPER_DECAY1),
    hyper_at(member, HYPER_GAIN1),
    hyper_at(member, HYPER_DECAY2),
    hyper_at(member, HYPER_GAIN2),
    hyper_at(member, HYPER_CORRECTION2),
    hyper_at(member, HYPER_EPSILON),
    clip,
  );
}

fn begin_update(index: u32, quad: u32, rates: Rates) -> Update {
  let weight = w[index];
  var gradient = penalised_gradient(dw[index], weight, quad, rates.penalty);
  if (CLIP == 1u) {
    gradient = gradient * rates.clip;
  }
  return Update(gradient, weight * rates.keep);
}

// Factor that brings the gradient's norm down to clipNorm (torch.nn.utils.clip_grad_norm_: 1e-6 on the norm).
fn clip_scale(clipNorm: f32, normSquare: f32) -> f32 {
  let scale = clipNorm / (sqrt(normSquare) + 1e-6);
  return select(1.0, scale, scale < 1.0);
}
