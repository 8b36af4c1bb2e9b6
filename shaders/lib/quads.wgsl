// Four neighbouring channels (or elements) at a time. Where their count is no multiple of four the last one stands for those past it: it
// is computed and stored again, alike.

// 1 where every row starts at a multiple of four elements: a quad is then one load.
const WORDS: u32 = 0u;

fn quad_of(first: u32, count: u32) -> vec4<u32> {
  return min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
}

fn is_inside(first: u32, end: u32) -> vec4<bool> {
  return vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end);
}
