/** How many steps one submit holds: as many as fit a time budget, which adapts itself to what the last chunks took. */
export interface Chunks {
  /** Steps of the next chunk. */
  steps(): number;
  /** Whether a chunk has been timed: until then a second one must not wait behind the first. */
  timed(): boolean;
  /** The device starts on steps again, after an evaluation: what came before does not count. */
  resume(): void;
  /** A chunk of so many steps is done. */
  finished(steps: number): void;
}

export function createChunks(budgetMilliseconds: number, mostSteps: number): Chunks {
  // A step of unknown length may be a long one.
  let size = 1;
  let isTimed = false;
  let last = performance.now();
  return {
    steps: () => size,
    timed: () => isTimed,
    resume() {
      last = performance.now();
    },
    finished(steps) {
      const now = performance.now();
      const perStep = (now - last) / steps;
      last = now;
      isTimed = true;
      const fitting = Math.round(budgetMilliseconds / Math.max(perStep, 1e-3));
      size = Math.max(1, Math.min(mostSteps, fitting, size * 2));
    },
  };
}
