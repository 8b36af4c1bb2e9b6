enable subgroups;
//! use lib/linear.wgsl
// A workgroup is one subgroup of LANES threads, which compute a tile together. Only for adapters whose subgroups all have that size.
@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  run_product(group.z, linear_index(group, groups, 0u, 1u), lane);
}
