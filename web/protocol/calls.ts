/**
 * The shape of every call from the page to the worker. A call has an argument, a result, and events on the way; it can be cancelled. All of it
 * is plain data that can be posted.
 */
import type { ErrorKind } from '../../src/errors.ts';

export interface Call<Argument, Result, Event = never> {
  readonly argument: Argument;
  readonly result: Result;
  readonly event: Event;
}

/** An error on its way through the channel. */
export interface Failure {
  /** `RecipeError`, `DataError` … */
  readonly name: string;
  readonly message: string;
  /** Of the errors that Descent raises on purpose; absent where something is broken. */
  readonly kind?: ErrorKind;
  readonly stack?: string;
}

export type ToWorker =
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly type: 'cancel'; readonly id: number };

export type FromWorker =
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure };

/** What answers the calls of one subject. */
export type Handlers<Calls> = {
  readonly [Name in keyof Calls]: Calls[Name] extends Call<infer Argument, infer Result, infer Event>
    ? (argument: Argument, context: CallContext<Event>) => Promise<Result> | Result
    : never;
};

export interface CallContext<Event> {
  /** Aborted when the page cancels the call. */
  readonly signal: AbortSignal;
  emit(event: Event): void;
}
