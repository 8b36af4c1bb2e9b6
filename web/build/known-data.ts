/** What is known of the data of the draft, also while something else of it does not fit. */
import type { Description } from '../protocol/build.ts';
import { draft, lastKnown } from '../state/draft.ts';
import type { RecipeJson } from '../state/draft.ts';

/** Whether another recipe says the same of the data as the draft. */
export function isSameData(other: RecipeJson): boolean {
  return JSON.stringify(other['data']) === JSON.stringify(draft.value['data']);
}

/** Undefined until the data of the draft has been described. */
export function descriptionOfData(): Description | undefined {
  return lastKnown.value !== undefined && isSameData(lastKnown.value.of) ? lastKnown.value.description : undefined;
}
