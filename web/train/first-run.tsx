/** Before there is a run: what a click on Train will do, and a run from before that can be gone on with. */
import { checked, described, fault } from '../state/draft.ts';
import { resumeUnfinished, unfinished, unfinishedFault } from '../state/unfinished.ts';
import { Button } from '../ui/button.tsx';
import { formatCount } from '../ui/format.ts';
import { EmptyState, Notice } from '../ui/panel.tsx';

/** Of the forward pass: so many take seconds on whatever computes. */
const quickMultiplyAdds = 2e9;

export function FirstRun() {
  return (
    <>
      <UnfinishedRun />
      <EmptyState title="Train a network">
        <p>{announce()}</p>
        <ul class="first-steps">
          <li>The curves come here while it learns; what it has learnt shows beside them.</li>
          <li>Change its layers, data or learning rate in the recipe, and train again.</li>
          <li>Nothing leaves this device. Every run stays in this browser, under Runs.</li>
        </ul>
      </EmptyState>
    </>
  );
}

function announce(): string {
  if (fault.value !== undefined) return 'The recipe cannot be trained as it is; the sentence above says why.';
  if (described.value.state !== 'known' || !('recipe' in checked.value)) return 'Looking at the recipe.';
  const { name, batch, epochs } = checked.value.recipe;
  const { rows, parameters, steps, population, multiplyAdds } = described.value.description;
  const what = population === 1 ? 'one network' : `${population} networks`;
  const length = epochs === undefined ? '' : `${formatCount(epochs)} ${epochs === 1 ? 'epoch' : 'epochs'}, `;
  const isShort = multiplyAdds * batch * population * steps < quickMultiplyAdds;
  return (
    `One click on Train starts “${name}”: ${what} of ${formatCount(parameters)} parameters, ` +
    `${formatCount(rows.train)} rows, ${length}${formatCount(steps)} steps.${isShort ? ' It takes seconds.' : ''}`
  );
}

function UnfinishedRun() {
  const entry = unfinished.value;
  if (entry === undefined) return undefined;
  return (
    <Notice>
      <div class="unfinished">
        <p>
          <strong>{entry.name}</strong> stands at step {formatCount(entry.step)} of {formatCount(entry.steps)}.
        </p>
        <Button onClick={() => void resumeUnfinished()}>Resume run {entry.name}</Button>
        <Button
          kind="quiet"
          onClick={() => {
            unfinished.value = undefined;
          }}
        >
          Not now
        </Button>
      </div>
      {unfinishedFault.value !== undefined && <p role="alert">{unfinishedFault.value}</p>}
    </Notice>
  );
}
