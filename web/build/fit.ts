/** Another set for the draft: its outputs, loss and split follow what the worker says of the set. */
import { parseData } from '../../src/recipe/parse.ts';
import type { DataSource } from '../../src/recipe/schema.ts';
import { engine } from '../engine/engine.ts';
import { draft, replaceDraft } from '../state/draft.ts';
import { changeSource, fitToData } from './recipe-edits.ts';

export async function chooseSource(source: DataSource): Promise<void> {
  const label = `data ${source}`;
  replaceDraft(changeSource(draft.value, source), label);
  await fitDraft(label);
}

/** Sets the outputs of the last layer, and a loss that the task allows. A set that cannot be loaded is told of with the draft. */
export async function fitDraft(label?: string): Promise<void> {
  const of = draft.value;
  try {
    const description = await engine.call('describeData', { data: parseData(of['data']) });
    if (draft.value === of) replaceDraft(fitToData(of, description), label);
  } catch {
    // Describing the draft fails likewise, with the sentence.
  }
}
