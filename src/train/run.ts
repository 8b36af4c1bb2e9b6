/** The two ways to take a run: its events one by one, or only its result. */
import { InterruptedError } from '../errors.ts';
import type { TrainEvent, TrainResult } from './events.ts';

/** A run: iterate over its events, or just await its result. */
export interface Run<Event = TrainEvent, Result = TrainResult> extends AsyncIterable<Event> {
  /**
   * The result of the run. Read before the events are iterated over, it runs to the end and drops them; an iteration that begins
   * afterwards throws.
   */
  readonly result: Promise<Result>;
}

export function startRun<Event extends object, Result>(
  events: AsyncGenerator<Event, Result, void>,
): Run<Event, Result> {
  let taken: 'events' | 'result' | undefined;
  let step = 0;
  const { promise, resolve, reject } = settleable<Result>();
  // Errors reach whoever iterates; a result that nobody asked for must not end the process.
  promise.catch(() => undefined);
  const next = async (): Promise<IteratorResult<Event, Result>> => {
    try {
      const item = await events.next();
      if (item.done === true) resolve(item.value);
      else if ('step' in item.value && typeof item.value.step === 'number') ({ step } = item.value);
      return item;
    } catch (cause) {
      reject(cause);
      throw cause;
    }
  };
  return {
    [Symbol.asyncIterator]() {
      if (taken === 'result') {
        throw new Error('The result was read first, so the run drops its events. Iterate first, then read the result.');
      }
      taken = 'events';
      return {
        next,
        async return() {
          reject(new InterruptedError(step));
          return events.return(undefined as never);
        },
      };
    },
    get result() {
      if (taken === undefined) {
        taken = 'result';
        void (async () => {
          while ((await next()).done !== true);
        })().catch(() => undefined);
      }
      return promise;
    },
  };
}

function settleable<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (cause: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onCause) => {
    resolve = onValue;
    reject = onCause;
  });
  return { promise, resolve, reject };
}
