//! use lib/linear.wgsl
// Each thread computes a tile alone: what the others of its group would send it, it has itself. The function stands in for WGSL's.
override WIDTH: u32 = 64u;

fn subgroupBroadcast(value: f32, lane: u32) -> f32 { return value; }

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  run_product(group.z, linear_index(group, groups, thread, WIDTH), 0u);
}
