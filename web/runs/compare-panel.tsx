/** The chosen runs beside one another: curves, final metrics, and what differs between their recipes. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { toggleRun } from '../state/runs.ts';
import type { ComparedRun } from '../state/runs.ts';
import { Segmented } from '../ui/fields.tsx';
import { Panel } from '../ui/panel.tsx';
import { CompareCurves } from './compare-curves.tsx';
import { differingFields, labelRuns, metricRows } from './compare.ts';
import type { Stand } from './compare.ts';
import { sayState } from './columns.ts';

/** With so many runs the two tables stand side by side. */
const mostBeside = 4;

interface ComparePanelProps {
  readonly runs: readonly ComparedRun[];
}

export function ComparePanel({ runs }: ComparePanelProps) {
  const stand = useSignal<Stand>('first');
  const stored = runs.map((each) => each.stored);
  const hasPopulation = stored.some(({ recipe }) => recipe.members !== undefined);
  const fields = differingFields(stored.map(({ recipe }) => recipe));
  return (
    <>
      {hasPopulation && (
        <div class="button-row">
          <span class="muted">Of a run with several members,</span>
          <Segmented
            label="What stands for a run with several members"
            value={stand.value}
            options={[
              { value: 'first', text: 'the first' },
              { value: 'mean', text: 'the mean' },
            ]}
            onChange={(next) => {
              stand.value = next;
            }}
          />
          <span class="muted">is shown.</span>
        </div>
      )}
      <CompareCurves runs={runs} stand={stand.value} />
      <div class="runs-tables" data-few={runs.length <= mostBeside}>
        <Panel title="Metrics">
          <ComparedTable label="Metrics of the chosen runs" runs={runs}>
            {metricRows(stored, stand.value).map(({ name, texts, best }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {texts.map((text, index) => (
                  <td key={runs[index]?.stored.entry.id} class="numeric" data-best={best.has(index)}>
                    {text}
                    {best.has(index) && <span class="visually-hidden"> (best)</span>}
                  </td>
                ))}
              </tr>
            ))}
          </ComparedTable>
        </Panel>
        <Panel title="What differs between the recipes">
          {runs.length < 2 ? (
            <p class="muted">Choose a second run to see what differs.</p>
          ) : fields.length === 0 ? (
            <p class="muted">Nothing: the recipes are the same.</p>
          ) : (
            <ComparedTable label="Fields in which the recipes differ" runs={runs}>
              {fields.map(({ place, texts }) => (
                <tr key={place}>
                  <th scope="row" class="runs-place">
                    {place}
                  </th>
                  {texts.map((text, index) => (
                    <td key={runs[index]?.stored.entry.id} class="numeric">
                      <span class="runs-value" title={text}>
                        {text}
                      </span>
                    </td>
                  ))}
                </tr>
              ))}
            </ComparedTable>
          )}
        </Panel>
      </div>
    </>
  );
}

interface ComparedTableProps extends ComparePanelProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** A table with one column for each run. */
function ComparedTable({ label, runs, children }: ComparedTableProps) {
  const labels = labelRuns(runs);
  return (
    <div class="table-scroll">
      <table class="runs-compared" aria-label={label}>
        <thead>
          <tr>
            <th />
            {runs.map(({ stored: { entry }, colour }, index) => (
              <th key={entry.id} scope="col" class="numeric">
                <button
                  type="button"
                  class="runs-head"
                  style={{ borderColor: `var(--series-${colour + 1})` }}
                  title={`Take ${labels[index] ?? ''} out of the comparison`}
                  onClick={() => void toggleRun(entry.id)}
                >
                  {labels[index]}
                </button>
                {entry.state !== 'finished' && <span class="runs-of">{sayState(entry)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
