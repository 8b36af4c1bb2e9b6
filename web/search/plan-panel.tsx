/** What the search of the draft comes to on this device, before it is started. */
import { planned } from '../state/search.ts';
import { draft } from '../state/draft.ts';
import type { SearchPlanReport } from '../protocol/searching.ts';
import { formatBytes, formatCount, formatShare, sayCount } from '../ui/format.ts';
import { Notice, Panel, Readout } from '../ui/panel.tsx';

export function PlanPanel() {
  if (draft.value['search'] === undefined) return undefined;
  const { value } = planned;
  return (
    <Panel title="Plan">
      {value.state === 'fault' && <Notice tone="bad">{value.fault}</Notice>}
      {value.state === 'asking' && <p class="muted">Planning</p>}
      {value.state === 'known' && <Plan plan={value.plan} />}
    </Panel>
  );
}

function Plan({ plan: { trials, runs, populations, cuts, memoryBytes, notes } }: { readonly plan: SearchPlanReport }) {
  const most = Math.max(...populations.map((each) => each.runs));
  const bytes = Math.max(...populations.map(({ deviceBytes }) => deviceBytes));
  const steps = [...new Set(populations.map((each) => each.steps))].toSorted((one, other) => one - other);
  return (
    <div class="stack">
      <dl class="readouts">
        <Readout label="Trials">{formatCount(trials)}</Readout>
        <Readout label="Runs" title="One for every fold and seed of a trial">
          {formatCount(runs)}
        </Readout>
        <Readout label="Populations" title="Runs of one population are trained together">
          {formatCount(populations.length)}
        </Readout>
        <Readout label="Together, at most">{formatCount(most)}</Readout>
        <Readout label="Steps of a run">
          {steps.length === 1
            ? formatCount(steps[0] ?? 0)
            : `${formatCount(steps[0] ?? 0)} to ${formatCount(steps.at(-1) ?? 0)}`}
        </Readout>
        <Readout label="Device memory" title={`${formatBytes(memoryBytes)} allowed`}>
          {formatBytes(bytes)}
        </Readout>
      </dl>
      {cuts.length > 0 && (
        <p class="small muted">
          {sayCount(cuts.length, 'cut')}, after {cuts.map((share) => formatShare(share, 0)).join(', ')} of the training.
        </p>
      )}
      {notes.map((note) => (
        <p key={note} class="small muted">
          {note}
        </p>
      ))}
    </div>
  );
}
