// The channel to the worker, and what becomes of calls where that ends or never was.
import { beforeEach, expect, test, vi } from 'vitest';
import type { FromWorker, ToWorker } from '../../web/protocol/calls.ts';

class FakeWorker extends EventTarget {
  readonly posted: ToWorker[] = [];
  isTerminated = false;
  postMessage(message: ToWorker): void {
    this.posted.push(message);
  }
  terminate(): void {
    this.isTerminated = true;
  }
  answer(data: FromWorker): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}
let worker = new FakeWorker();
vi.stubGlobal(
  'Worker',
  class {
    constructor() {
      worker = new FakeWorker();
      return worker;
    }
  },
);
vi.stubGlobal('location', { search: '' });
vi.stubGlobal('document', { querySelector: () => null });
const { openEngine } = await import('../../web/engine/engine.ts');

let engine = openEngine();
beforeEach(() => {
  engine = openEngine();
});

test('a call is answered, with its events on the way', async () => {
  const events: unknown[] = [];
  const called = engine.call('addFiles', { files: [] }, { onEvent: (event) => events.push(event) });
  const { id } = worker.posted.at(-1)!;
  worker.answer({ type: 'event', id, event: 'half' });
  worker.answer({ type: 'result', id, result: 'done' });
  worker.answer({ type: 'event', id, event: 'late' });
  expect(await called).toBe('done');
  expect(events).toEqual(['half']);
});

test('where the script of the worker does not load, every call says so, also those that come later', async () => {
  const before = engine.call('listRuns', undefined);
  worker.dispatchEvent(new Event('error'));
  await expect(before).rejects.toThrow('its script did not load');
  await expect(engine.call('listRuns', undefined)).rejects.toThrow('its script did not load');
});

test('a fault in a worker that lives ends what is under way, and the next call is asked', async () => {
  const before = engine.call('listRuns', undefined);
  worker.dispatchEvent(Object.assign(new Event('error'), { message: 'oh no' }));
  await expect(before).rejects.toThrow('the worker failed: oh no');
  const after = engine.call('listRuns', undefined);
  worker.answer({ type: 'result', id: worker.posted.at(-1)!.id, result: { runs: [] } });
  expect(await after).toEqual({ runs: [] });
});

test('a worker that was ended answers nothing more: calls before and after are stopped', async () => {
  const before = engine.call('listRuns', undefined);
  engine[Symbol.dispose]();
  expect(worker.isTerminated).toBe(true);
  await expect(before).rejects.toMatchObject({ kind: 'interrupted' });
  await expect(engine.call('listRuns', undefined)).rejects.toMatchObject({ kind: 'interrupted' });
});
