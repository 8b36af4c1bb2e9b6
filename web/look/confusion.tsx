/** Rows counted by class and by the class that the model gives; a cell opens the rows behind it. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SplitName } from '../../src/data/dataset.ts';
import { sayCause } from '../../src/errors.ts';
import { imageColour } from '../charts/canvas.ts';
import { engine } from '../engine/engine.ts';
import type { Example, LookSubject, SeenConfusion } from '../protocol/looking.ts';
import { Segmented } from '../ui/fields.tsx';
import { formatCount, formatShare } from '../ui/format.ts';
import { splitNames } from '../ui/metrics.ts';
import { Figure } from './figure.tsx';
import { pickRow } from './input-picker.tsx';
import { filledSplits, isDrawable, lookFault, member, seenOf, showTab, useLook, usualSplit } from './looking.ts';
import { drawTiles } from './tiles.ts';

const chosenSplit = signal<SplitName | undefined>(undefined);

interface Cell {
  readonly runId: string;
  readonly split: SplitName;
  readonly label: number;
  readonly predicted: number;
}
const cell = signal<Cell | undefined>(undefined);
const examples = signal<readonly Example[]>([]);

export function ConfusionView({ about }: { readonly about: LookSubject }) {
  const splits = filledSplits(about);
  const split = splits.find((each) => each === chosenSplit.value) ?? usualSplit(about);
  useLook(() => ({ kind: 'confusion', split }), [split]);
  const seen = seenOf('confusion');
  const open = cell.value?.runId === about.runId && cell.value.split === split ? cell.value : undefined;
  return (
    <div class="stack">
      <Segmented
        label="Rows that are counted"
        value={split}
        options={splits.map((value) => ({ value, text: splitNames[value] }))}
        onChange={(value) => {
          chosenSplit.value = value;
          cell.value = undefined;
        }}
      />
      {seen === undefined || seen.split !== split ? (
        <p class="muted">Counting.</p>
      ) : (
        <Matrix about={about} seen={seen} open={open} />
      )}
      {open !== undefined && <Examples about={about} of={open} />}
    </div>
  );
}

interface MatrixProps {
  readonly about: LookSubject;
  readonly seen: SeenConfusion;
  readonly open: Cell | undefined;
}

function Matrix({ about: { outputNames, runId }, seen: { counts, split, step }, open }: MatrixProps) {
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, label) => sum + (row[label] ?? 0), 0);
  const nameOf = (label: number): string => outputNames[label] ?? String(label);
  return (
    <>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
        <table class="look-confusion">
          <caption class="small muted">
            Each row of the table is a class, each column what the model says. Choose a number to see the rows behind
            it.
          </caption>
          <thead>
            <tr>
              <td />
              {outputNames.map((name) => (
                <th key={name} scope="col" title={`The model says ${name}`}>
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, label) => {
              const ofClass = row.reduce((sum, count) => sum + count, 0) || 1;
              return (
                <tr key={nameOf(label)}>
                  <th scope="row" title={nameOf(label)}>
                    <span>{nameOf(label)}</span>
                  </th>
                  {row.map((count, predicted) => (
                    <td key={nameOf(predicted)}>
                      <button
                        type="button"
                        disabled={count === 0}
                        data-right={label === predicted ? '' : undefined}
                        aria-pressed={open?.label === label && open.predicted === predicted}
                        aria-label={`${count} of class ${nameOf(label)} that the model calls ${nameOf(predicted)}`}
                        style={{ '--share': `${Math.round(100 * Math.sqrt(count / ofClass))}%` }}
                        onClick={() => {
                          cell.value = { runId, split, label, predicted };
                        }}
                      >
                        {count === 0 ? '·' : count}
                      </button>
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="small muted number">
        Step {formatCount(step)}: {formatCount(right)} of {formatCount(total)} are right, {formatShare(right / total)}.
      </p>
    </>
  );
}

function Examples({ about, of }: { readonly about: LookSubject; readonly of: Cell }) {
  const { split, label, predicted } = of;
  useEffect(() => {
    const controller = new AbortController();
    const request = { member: member.value, split, label, predicted };
    engine.call('findExamples', request, { signal: controller.signal }).then(
      (found) => {
        if (!controller.signal.aborted) examples.value = found;
      },
      (cause: unknown) => {
        lookFault.value = sayCause(cause);
      },
    );
    return () => {
      controller.abort();
      examples.value = [];
    };
  }, [of]);
  const nameOf = (each: number): string => about.outputNames[each] ?? String(each);
  const says = label === predicted ? 'rightly' : `as ${nameOf(predicted)}`;
  return (
    <section aria-label="Rows behind the number">
      <h3>
        {nameOf(label)} that the model gives {says}
      </h3>
      <div class="look-examples">
        {examples.value.map((example) => {
          const words = `Row ${example.index + 1}: ${nameOf(label)}, given ${nameOf(predicted)} with ${formatShare(example.sureness, 1)}`;
          return (
            <button
              key={example.index}
              type="button"
              aria-label={words}
              title={`${words}. Look at its activations.`}
              onClick={() => {
                pickRow(split, example.index);
                showTab('activations');
              }}
            >
              {isDrawable(about) ? (
                <Thumbnail about={about} values={example.values} />
              ) : (
                <span>{example.index + 1}</span>
              )}
              <span class="small number">{formatShare(example.sureness, 0)}</span>
            </button>
          );
        })}
      </div>
      {examples.value.length > 0 && (
        <p class="small muted">The surest first. Choose one to see what every layer makes of it.</p>
      )}
    </section>
  );
}

function Thumbnail({ about, values }: { readonly about: LookSubject; readonly values: Float32Array }) {
  const { inputShape, largestByte = 255 } = about;
  const [rows = 1, columns = 1] = inputShape;
  return (
    <Figure
      label="The picture of the row"
      height={(width) => (width * rows) / columns}
      draw={(context, width, height) => {
        const pixel = imageColour(values, inputShape, largestByte);
        drawTiles(
          context,
          { count: 1, rows, columns, colour: (_, row, column) => pixel(row, column) },
          { across: 1, width, height, totalHeight: height },
        );
      }}
    />
  );
}
