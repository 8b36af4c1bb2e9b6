// Index of a thread in a launch whose workgroups are split over x and y (65,535 at most each).
fn linear_index(group: vec3<u32>, groups: vec3<u32>, lane: u32, width: u32) -> u32 {
  return (group.y * groups.x + group.x) * width + lane;
}
