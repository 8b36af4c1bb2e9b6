/** The model that is looked into: the run in training as of its last observation, or a run that is paused or done. */
import type { Prepared } from '../../src/train/session.ts';

export interface Snapshot {
  readonly runId: string;
  /** The data, the recipe and the plan; the plan is that of the whole population. */
  readonly prepared: Prepared;
  readonly step: number;
  /** [population, memberStride] */
  readonly parameters: Float32Array;
}

export interface LiveModel {
  latest(): Snapshot | undefined;
  /** A new snapshot: whoever looks is told. */
  show(snapshot: Snapshot): void;
  /** The latest snapshot as soon as it is another one than this; undefined once the signal is aborted. */
  next(than: Snapshot | undefined, signal: AbortSignal): Promise<Snapshot | undefined>;
}

export function openLiveModel(): LiveModel {
  let latest: Snapshot | undefined;
  const waiting = new Set<() => void>();
  return {
    latest: () => latest,
    show(snapshot) {
      latest = snapshot;
      for (const wake of waiting) wake();
      waiting.clear();
    },
    async next(than, signal) {
      while (!signal.aborted && latest === than) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          waiting.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      return signal.aborted ? undefined : latest;
    },
  };
}
