/** A part of the recipe behind its name and what it says now; the fault that belongs to it is seen even while it is closed. */
import { computed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { draft, fault } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/panel.tsx';
import { placeOfFault } from './fault-place.ts';
import type { Part } from './field-words.ts';
import { fitDraft } from './fit.ts';
import { layersOf } from './recipe-edits.ts';

const faultAt = computed(() => (fault.value === undefined ? undefined : placeOfFault(fault.value)));

/** The fault of the draft, where it belongs to this part, or to this layer of it. */
export function FaultOf({ part, layer }: { readonly part: Part | undefined; readonly layer?: number | undefined }) {
  const place = faultAt.value;
  if (place === undefined || place.part !== part || place.layer !== layer) return null;
  const layers = layersOf(draft.value);
  const isOfOutputs = part === 'loss' || (layer === layers.length - 1 && layers.at(-1)?.['type'] === 'dense');
  return (
    <Notice tone="bad">
      {fault.value}
      {isOfOutputs && (
        <div class="button-row">
          <Button kind="quiet" onClick={() => void fitDraft()}>
            Fit outputs and loss to the data
          </Button>
        </div>
      )}
    </Notice>
  );
}

interface FoldProps {
  readonly title: string;
  readonly part: Part;
  /** What the part says now, in a few words. */
  readonly summary: string;
  readonly children: ComponentChildren;
}

export function Fold({ title, part, summary, children }: FoldProps) {
  return (
    <div class="build-fold">
      <details>
        <summary>
          <span class="build-fold-title">{title}</span>
          <span class="build-fold-summary">{summary}</span>
        </summary>
        <div class="build-fold-body">{children}</div>
      </details>
      <FaultOf part={part} />
    </div>
  );
}
