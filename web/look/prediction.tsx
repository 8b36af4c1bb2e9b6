/** Bars of the outputs for the chosen input; they move at every frame of a drawing, hence past Preact. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LookSubject } from '../protocol/looking.ts';
import { formatNumber, formatShare } from '../ui/format.ts';
import { InputPicker } from './input-picker.tsx';
import { largestSize } from './colours.ts';
import { picked, seenOf, useLook } from './looking.ts';

export function PredictionView({ about }: { readonly about: LookSubject }) {
  useLook(() => ({ kind: 'input', input: picked.value, activations: false }));
  return (
    <div class="stack">
      <InputPicker about={about} />
      <Verdict about={about} />
      <Bars about={about} />
    </div>
  );
}

/** Index of the largest number, the first of equals. */
function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  return best;
}

function Verdict({ about: { task, outputNames } }: { readonly about: LookSubject }) {
  const text = useRef<HTMLParagraphElement>(null);
  useEffect(
    () =>
      effect(() => {
        const seen = seenOf('input');
        if (text.current === null) return;
        if (seen === undefined) {
          text.current.textContent = 'Waiting for the model.';
        } else if (seen.outputs.some((value) => !Number.isFinite(value))) {
          text.current.textContent = 'The outputs are not finite: the run has diverged. Lower the learning rate.';
        } else if (task === 'classification') {
          const given = outputNames[indexOfLargest(seen.outputs)] ?? '';
          const truth = seen.label === undefined ? undefined : (outputNames[seen.label] ?? '');
          const verdict = truth === undefined ? '' : truth === given ? ', which is right' : `, and it is ${truth}`;
          text.current.textContent = `The model says ${given}${verdict}.`;
        } else {
          const sayAll = (values: Iterable<number>): string =>
            Array.from(values, (value) => formatNumber(value)).join(', ');
          const truth = seen.targets === undefined ? '' : `; it should be ${sayAll(seen.targets)}`;
          text.current.textContent = `The model says ${sayAll(seen.outputs)}${truth}.`;
        }
      }),
    [task, outputNames],
  );
  return <p ref={text} class="look-verdict" />;
}

function Bars({ about: { outputNames, probabilities } }: { readonly about: LookSubject }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(
    () =>
      effect(() => {
        const seen = seenOf('input');
        if (list.current === null || seen === undefined) return;
        const largest = probabilities ? 1 : largestSize(seen.outputs) || 1;
        const best = indexOfLargest(seen.outputs);
        for (const [index, bar] of Array.from(list.current.children).entries()) {
          const value = seen.outputs[index] ?? Number.NaN;
          const [fill, number] = [bar.querySelector<HTMLElement>('.look-fill'), bar.querySelector('.number')];
          if (fill === null || number === null) continue;
          fill.style.transform = `scaleX(${Number.isFinite(value) ? Math.abs(value) / largest : 0})`;
          fill.dataset['sign'] = value < 0 ? 'minus' : 'plus';
          number.textContent = probabilities ? formatShare(value, 1) : formatNumber(value);
          bar.toggleAttribute('data-best', index === best);
          bar.toggleAttribute('data-given', index === seen.label);
        }
      }),
    [outputNames, probabilities],
  );
  return (
    <ul ref={list} class="look-bars" aria-label={probabilities ? 'Probability of each class' : 'Outputs'}>
      {outputNames.map((name) => (
        <li key={name}>
          <span class="look-name" title={name}>
            {name}
          </span>
          <span class="look-bar">
            <span class="look-fill" />
          </span>
          <span class="number">–</span>
        </li>
      ))}
    </ul>
  );
}
