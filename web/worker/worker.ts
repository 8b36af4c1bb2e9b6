/** The worker's entry: answers the page's calls. The first message says how the page was opened. */
import { DescentError } from '../../src/errors.ts';
import type { CallContext, Failure, FromWorker, ToWorker } from '../protocol/calls.ts';
import { createHandlers } from './handlers.ts';
import type { AnyHandlers, WorkerStart } from './handlers.ts';

// TypeScript's DOM library types the global object as a window.
const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<WorkerStart | ToWorker>) => void): void;
};

let handlers: AnyHandlers | undefined;
const running = new Map<number, AbortController>();

scope.addEventListener('message', ({ data }) => {
  if (!('type' in data)) {
    handlers = createHandlers(data);
    return;
  }
  if (data.type === 'cancel') running.get(data.id)?.abort();
  else void answer(data.id, data.name, data.argument);
});

async function answer(id: number, name: string, argument: unknown): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const context: CallContext<unknown> = {
    signal: controller.signal,
    emit: (event) => scope.postMessage({ type: 'event', id, event }),
  };
  try {
    const handler = handlers?.[name];
    if (handler === undefined) throw new Error(`the worker has no call "${name}"`);
    const result = await handler(argument, context);
    scope.postMessage({ type: 'result', id, result });
  } catch (cause) {
    scope.postMessage({ type: 'failure', id, failure: describeFailure(cause) });
  } finally {
    running.delete(id);
  }
}

function describeFailure(cause: unknown): Failure {
  if (cause instanceof DescentError) return { name: cause.name, message: cause.message, kind: cause.kind };
  if (!(cause instanceof Error)) return { name: 'Error', message: String(cause) };
  return { name: cause.name, message: cause.message, ...(cause.stack !== undefined && { stack: cause.stack }) };
}
