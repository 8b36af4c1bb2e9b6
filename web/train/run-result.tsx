/** What came of a finished run: its metrics, and the hash that tells its weights from all others. */
import { useState } from 'preact/hooks';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import { Button } from '../ui/button.tsx';
import { metricTitles } from '../ui/metrics.ts';
import { headline, memberName, resultTable } from './result-table.ts';

interface RunResultProps {
  readonly recipe: Recipe;
  readonly result: ResultJson;
}

export function RunResult({ recipe, result }: RunResultProps) {
  const { label, value } = headline(result);
  const { head, metrics, rows } = resultTable(result, recipe);
  const hashes = [result.weightsSha256 ?? []].flat();
  return (
    <section class="run-result" aria-label="Result">
      <dl class="headline">
        <dt>{label}</dt>
        <dd>{value}</dd>
      </dl>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{head}</th>
              {metrics.map((metric) => (
                <th key={metric} scope="col" class="numeric">
                  {metricTitles[metric]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, cells }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, index) => (
                  <td key={metrics[index]} class="numeric">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul class="hashes">
        {hashes.map((hash, member) => (
          <li key={member}>
            <WeightsHash hash={hash} of={hashes.length > 1 ? memberName(recipe, member) : undefined} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface WeightsHashProps {
  readonly hash: string;
  /** The member, in a population. */
  readonly of: string | undefined;
}

/** Shortened; the whole of it is copied, or shown where there is no clipboard to copy to. */
function WeightsHash({ hash, of }: WeightsHashProps) {
  const [state, setState] = useState<'short' | 'copied' | 'whole'>('short');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(hash);
      setState('copied');
    } catch {
      setState('whole');
    }
  }
  return (
    <p class="small" data-weights-sha256={hash}>
      <span class="muted" title="Equal hashes: equal weights, to the bit. The command line gives the same.">
        Weights{of === undefined ? '' : ` of ${of}`}, sha256
      </span>{' '}
      <code>{state === 'whole' ? hash : `${hash.slice(0, 12)}…`}</code>
      <Button kind="quiet" label="Copy the sha256 of the weights" onClick={() => void copy()}>
        {state === 'copied' ? 'Copied' : 'Copy'}
      </Button>
    </p>
  );
}
