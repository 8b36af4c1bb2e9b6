/** What is said of a search while it goes, where nothing can be redrawn. */
import { expect, test } from 'vitest';
import { openSearchView } from '../../node/search/view.ts';
import type { SearchEvent } from '../../src/search/search.ts';
import { clouds } from '../train/support.ts';
import { searchAll, searchRecipe } from './searching.ts';

/** The lines that these events make. */
function sayAll(events: readonly SearchEvent[]): readonly string[] {
  let text = '';
  const view = openSearchView(
    {
      stdout: () => undefined,
      stderr: (each) => (text += each),
      terminalColumns: undefined,
      terminalRows: undefined,
      onInterrupt: () => () => undefined,
    },
    ['batch'],
  );
  for (const event of events) view.show(event);
  view.close();
  return text.trimEnd().split('\n');
}

test('every population has its line at its end, one that diverges right after an evaluation too', async () => {
  const recipe = searchRecipe({ space: { batch: { grid: [10, 20] } }, strategy: 'grid' });
  const { events } = await searchAll(recipe, { dataset: clouds() });
  const ends = [/^population 1 of 2: 1 run at step 36 of 36 /, /^population 2 of 2: 1 run at step 18 of 18 /];
  const lines = sayAll(events);
  expect(lines).toHaveLength(2);
  for (const [index, end] of ends.entries()) expect(lines[index]).toMatch(end);
  // As where the loss is not finite: nothing comes between an evaluation and the table of the end.
  const evaluation = events.findIndex((event) => event.type === 'population' && event.event.type === 'evaluation');
  const table = events.slice(evaluation).find((event) => event.type === 'table');
  expect(table).toBeDefined();
  const cut = [...events.slice(0, evaluation + 1), ...(table ? [table, table] : [])];
  expect(sayAll(cut)).toEqual([expect.stringMatching(/^population 1 of 2: 1 run at step \d+ of 36 /)]);
});
