/**
 * When to observe by the clock: so often, and for no more than a share of the time. What an observation costs is measured: a chunk of steps that
 * ends with one takes so much longer than its steps do elsewhere.
 */
export interface ClockOptions {
  /** Whenever so much time has passed. */
  readonly everySeconds: number;
  /** What observing may take of the time, above 0 to 1; default: whatever it takes. */
  readonly mostShare?: number;
}

export interface ObserveClock {
  /** Whether the chunk that is about to be run ends with an observed step. */
  isDue(): boolean;
  /** The device starts on steps again: what came before does not count. */
  resume(): void;
  /** A chunk of so many steps is done. */
  finished(steps: number, isObserved: boolean): void;
}

/** Of so many last measurements the one in the middle counts: any of them may have been kept waiting by other work. */
const mostMeasured = 5;

export function openObserveClock(
  { everySeconds, mostShare = 1 }: ClockOptions,
  now: () => number = () => performance.now(),
): ObserveClock {
  /** When the next observation is due; undefined before the first. */
  let due: number | undefined;
  let last = now();
  /** Milliseconds of a step, in chunks without an observation. */
  const stepTimes = openMedian();
  /** Milliseconds that an observation adds to its chunk. */
  const costs = openMedian();
  let isCompiled = false;

  return {
    isDue() {
      const time = now();
      // What it costs is not known before a chunk without one has been timed.
      if (due !== undefined && (time < due || (mostShare < 1 && stepTimes.value() === undefined))) return false;
      const rest = mostShare < 1 ? (costs.value() ?? 0) / mostShare : 0;
      // Chunks do not end on time: what one comes too late, the next may come earlier.
      due = Math.max((due ?? time) + everySeconds * 1000, time + rest);
      return true;
    },
    resume() {
      last = now();
    },
    finished(steps, isObserved) {
      const time = now();
      const taken = time - last;
      last = time;
      const stepTime = stepTimes.value();
      if (!isObserved) stepTimes.add(taken / steps);
      else if (isCompiled && stepTime !== undefined) costs.add(Math.max(0, taken - steps * stepTime));
      // The first observation compiles what only observed steps need.
      else isCompiled = true;
    },
  };
}

function openMedian(): { add(value: number): void; value(): number | undefined } {
  let values: readonly number[] = [];
  return {
    add(value) {
      values = [...values, value].slice(-mostMeasured);
    },
    value: () => values.toSorted((a, b) => a - b)[values.length >> 1],
  };
}
