/**
 * The page's side of the channel to the worker, where all computing is done. A second worker can be started for work that blocks the thread and
 * is stopped by ending it.
 */
import type { ErrorKind } from '../../src/errors.ts';
import type { Failure, FromWorker, ToWorker } from '../protocol/calls.ts';
import type { CallName, Calls } from '../protocol/index.ts';

/** What went wrong in the worker; `kind` is absent where Descent itself is broken. */
export class EngineError extends Error {
  readonly kind: ErrorKind | undefined;
  constructor({ name, message, kind, stack }: Failure) {
    super(message);
    this.name = name;
    this.kind = kind;
    if (stack !== undefined) this.stack = stack;
  }
}

export interface CallOptions<Event> {
  readonly onEvent?: (event: Event) => void;
  readonly signal?: AbortSignal;
  /** Objects that move to the worker instead of being copied. */
  readonly transfer?: Transferable[];
}

export interface Engine extends Disposable {
  /** Rejects with EngineError. */
  call<Name extends CallName>(
    name: Name,
    argument: Calls[Name]['argument'],
    options?: CallOptions<Calls[Name]['event']>,
  ): Promise<Calls[Name]['result']>;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (cause: unknown) => void;
  readonly onEvent?: (event: never) => void;
}

function startEngine(dataUrl: string | undefined): Engine {
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' });
  const pending = new Map<number, Pending>();
  let last = 0;
  /** Why nothing is answered any more. */
  let end: Failure | undefined;

  function fail(failure: Failure): void {
    for (const { reject } of pending.values()) reject(new EngineError(failure));
    pending.clear();
  }
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    const call = pending.get(data.id);
    if (call === undefined) return;
    if (data.type === 'event') {
      call.onEvent?.(data.event as never);
      return;
    }
    pending.delete(data.id);
    if (data.type === 'result') call.resolve(data.result as never);
    else call.reject(new EngineError(data.failure));
  });
  worker.addEventListener('error', ({ message = '' }) => {
    if (message === '') {
      end = { name: 'Error', message: 'the worker failed: its script did not load. Reload the page.' };
    }
    fail(end ?? { name: 'Error', message: `the worker failed: ${message}` });
  });
  const post = (message: ToWorker, transfer: Transferable[] = []): void => worker.postMessage(message, transfer);
  worker.postMessage({ dataUrl, hooks: new URLSearchParams(location.search).has('hooks') });

  return {
    call(name, argument, { onEvent, signal, transfer } = {}) {
      if (end !== undefined) return Promise.reject(new EngineError(end));
      const id = ++last;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, ...(onEvent && { onEvent }) });
        post({ type: 'call', id, name, argument }, transfer);
        if (signal?.aborted === true) post({ type: 'cancel', id });
        else signal?.addEventListener('abort', () => post({ type: 'cancel', id }), { once: true });
      });
    },
    [Symbol.dispose]() {
      worker.terminate();
      end = { name: 'InterruptedError', kind: 'interrupted', message: 'stopped.' };
      fail(end);
    },
  };
}

/** The `data/` of `descent serve`, which says so in the page's head. */
function servedData(): string | undefined {
  const content = document.querySelector<HTMLMetaElement>('meta[name="descent-data"]')?.content;
  return content === undefined ? undefined : new URL(content, document.baseURI).href;
}

export const openEngine = (): Engine => startEngine(servedData());

/** The one that holds the device, the data and the run in training. */
export const engine: Engine = openEngine();
