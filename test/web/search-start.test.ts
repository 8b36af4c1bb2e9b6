// The search on the page, with a worker that does what the test says.
import { afterEach, expect, test, vi } from 'vitest';
import type { SearchRequest } from '../../web/protocol/searching.ts';

const { requests, answers } = vi.hoisted(() => ({
  requests: [] as SearchRequest[],
  /** What the next calls come to; then they finish. */
  answers: [] as Promise<unknown>[],
}));
vi.mock('../../web/state/view.ts', () => ({ showView: () => undefined }));
vi.mock('../../web/engine/engine.ts', () => ({
  EngineError: class extends Error {},
  engine: {
    call(name: string, argument: SearchRequest) {
      if (name !== 'search') return Promise.resolve(undefined);
      requests.push(argument);
      return answers.shift() ?? Promise.resolve({ state: 'finished' });
    },
  },
}));
const { resumeSearch, search, startSearch } = await import('../../web/state/search.ts');

afterEach(() => vi.unstubAllGlobals());

test('a search starts also where the page came over plain HTTP, and each has an id of its own', async () => {
  // Without a secure context this is all that there is of `crypto`.
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  await startSearch();
  await startSearch();
  expect(search.value?.state).toBe('finished');
  expect(requests.map(({ id }) => id.length)).toEqual([32, 32]);
  expect(requests[0]?.id).not.toBe(requests[1]?.id);
});

test('a search that is gone on with no longer says why it had failed', async () => {
  answers.push(Promise.reject(new Error('a training is under way.')));
  await startSearch();
  expect(search.value).toMatchObject({ state: 'failed', message: 'a training is under way.' });
  const resumed = resumeSearch();
  expect(search.value?.message).toBeUndefined();
  await resumed;
  expect(search.value).toMatchObject({ state: 'finished', message: undefined });
});
