/** How often the model may be asked: ten times a second, and while something trains for at most a twentieth of the time. */

export interface Pace {
  /** Waits until the next look is due, or the signal is aborted. */
  wait(signal: AbortSignal): Promise<void>;
  /** Likewise for the next question of the same look. */
  waitWithin(signal: AbortSignal): Promise<void>;
  /** A question has kept the device busy for so long. */
  spent(milliseconds: number): void;
}

const leastMilliseconds = 100;
/** A question is followed by a rest of so many times its own length. */
const restFactor = 19;

export function openPace(isTraining: () => boolean, now: () => number = () => performance.now()): Pace {
  let asked = -Infinity;
  let cost = 0;
  async function waitFor(least: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rest = Math.max(least, isTraining() ? restFactor * cost : 0);
      const left = asked + rest - now();
      if (left <= 0) return;
      // In short stretches: the training may end meanwhile.
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, leastMilliseconds)));
    }
  }
  return {
    wait: (signal) => waitFor(leastMilliseconds, signal),
    waitWithin: (signal) => waitFor(0, signal),
    spent(milliseconds) {
      asked = now();
      cost = milliseconds;
    },
  };
}
