/** How many steps a tool takes: the field, and what a tool panel wants of it. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { NumberField } from '../ui/fields.tsx';

export interface StepsChoiceOptions {
  readonly label: string;
  readonly usual: number;
  readonly disabled: boolean;
  readonly title?: string;
}

/** Properties of a tool panel; `choice` is the number of steps. */
export interface StepsChoice {
  readonly choice: number;
  readonly isReady: boolean;
  readonly controls: ComponentChildren;
}

export function useStepsChoice({ usual, ...field }: StepsChoiceOptions): StepsChoice {
  const steps = useSignal<number | undefined>(usual);
  const choice = steps.value ?? 0;
  return {
    choice,
    isReady: Number.isInteger(choice) && choice >= 1,
    controls: (
      <div class="fields">
        <NumberField
          {...field}
          value={steps.value}
          onChange={(next) => {
            steps.value = next;
          }}
        />
      </div>
    ),
  };
}
