/** Compaction: the members that go on after a cut, put together into the state of a smaller population. */
import type { Checkpoint } from '../train/checkpoint.ts';

/** One member of a population that was trained up to a cut. */
export interface CutMember {
  readonly checkpoint: Checkpoint;
  readonly member: number;
}

/**
 * The state of a population made of these members, in this order. Its counters begin anew but for the step: it is another run, with times
 * and evaluations of its own. All members come from the same cut of the same kind of run.
 */
export function compact(members: readonly CutMember[], memberStride: number): Checkpoint {
  const [first] = members;
  if (first === undefined) throw new Error('a population has at least one member');
  const arenas = Object.keys(first.checkpoint.arenas).map((name): [string, Float32Array] => {
    const arena = new Float32Array(members.length * memberStride);
    for (const [index, { checkpoint, member }] of members.entries()) {
      const source = checkpoint.arenas[name];
      if (source === undefined) throw new Error(`a member has no arena "${name}"`);
      arena.set(source.subarray(member * memberStride, (member + 1) * memberStride), index * memberStride);
    }
    return [name, arena];
  });
  // Where all members of a population were stopped early, its step lies before the cut.
  const step = Math.max(...members.map(({ checkpoint }) => checkpoint.counters.step));
  return {
    counters: {
      step,
      evaluatedAt: step,
      evaluations: 0,
      secondsTrained: 0,
      secondsTotal: 0,
      members: members.map(({ checkpoint, member }) => {
        const progress = checkpoint.counters.members[member];
        if (progress === undefined) throw new Error(`a checkpoint has no member ${member}`);
        return progress;
      }),
    },
    arenas: Object.fromEntries(arenas),
  };
}
