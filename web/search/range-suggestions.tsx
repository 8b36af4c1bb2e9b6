/** What a range test suggests, a sentence for each, and a button that takes it into the draft. */
import { valueAt } from '../../src/recipe/paths.ts';
import { checked } from '../state/draft.ts';
import { rangeProposal, takeRange } from '../state/range-test.ts';
import type { RangeResult } from '../protocol/range-testing.ts';
import { Button } from '../ui/button.tsx';
import { formatNumber } from '../ui/format.ts';
import { Notice, Panel } from '../ui/panel.tsx';

export function RangeSuggestions({ result: { suggested, suggestions } }: { readonly result: RangeResult }) {
  return (
    <Panel title="What it suggests">
      <div class="stack">
        <dl class="search-suggestions">
          {suggested.map(({ name, rate, meaning }) => (
            <div key={name} data-suggestion={name} data-rate={rate}>
              <dt>{name}</dt>
              <dd class="number">{rate === undefined ? '–' : formatNumber(rate)}</dd>
              <dd class="small muted">{meaning}</dd>
            </div>
          ))}
        </dl>
        {suggestions.notes.map((note) => (
          <p key={note} class="small muted">
            {note}
          </p>
        ))}
        <Proposal />
      </div>
    </Panel>
  );
}

/** What the button changes, by name. */
function Proposal() {
  const proposal = rangeProposal.value;
  if (proposal === undefined) return undefined;
  const recipe = 'recipe' in checked.value ? checked.value.recipe : undefined;
  const changes = proposal.changes.map(({ path, value }) => ({ path, value, now: valueAt(recipe, path) }));
  const isTaken = changes.every(({ value, now }) => value === now);
  if (changes.length === 0) return <Notice>Nothing in the recipe can be set from this test.</Notice>;
  return (
    <>
      <ul class="search-changes">
        {changes.map(({ path, value, now }) => (
          <li key={path}>
            <code>
              {path}: {typeof now === 'number' && now !== value ? `${formatNumber(now)} → ` : ''}
              {formatNumber(value)}
            </code>
          </li>
        ))}
      </ul>
      <div class="button-row">
        <Button kind="primary" disabled={isTaken} onClick={takeRange}>
          {isTaken ? 'In the recipe' : changes.length > 1 ? 'Use these rates' : 'Use this rate'}
        </Button>
      </div>
    </>
  );
}
