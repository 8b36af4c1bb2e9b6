/** Puts what a range test suggests into a recipe as a person wrote it: nothing else in it changes, no default is filled in. */
import { parseRecipe } from '../recipe/parse.ts';
import type { RateSuggestions } from './rate-suggestions.ts';

export interface RangeChange {
  /** Dotted path of the field. */
  readonly path: string;
  readonly value: number;
}

/**
 * A copy of the recipe with the range in it, and what was changed: a cyclic schedule gets etaMin and etaMax, a oneCycle schedule etaMax, and
 * with any other the optimizer's learning rate becomes the valley, else the steepest. What was not found is left as it is; so is etaMin or
 * etaMax alone where it would not fit the other. Throws RecipeError for what is no recipe.
 */
export function applyRange(
  json: unknown,
  suggestions: RateSuggestions,
): { readonly recipe: Readonly<Record<string, unknown>>; readonly changes: readonly RangeChange[] } {
  const { schedule, optimizer } = parseRecipe(json);
  const copy = structuredClone(json) as Record<string, unknown>;
  const { etaMin, etaMax, valley, steepest } = suggestions;
  switch (schedule.type) {
    case 'cyclic': {
      const range = { ...(etaMin !== undefined && { etaMin }), ...(etaMax !== undefined && { etaMax }) };
      const { etaMin: least, etaMax: most } = { ...schedule, ...range };
      if (least >= most) return { recipe: copy, changes: [] };
      copy['schedule'] = { ...(copy['schedule'] as object), ...range };
      return { recipe: copy, changes: listChanges('schedule', range) };
    }
    case 'oneCycle': {
      if (etaMax === undefined) return { recipe: copy, changes: [] };
      copy['schedule'] = { ...(copy['schedule'] as object), etaMax };
      return { recipe: copy, changes: listChanges('schedule', { etaMax }) };
    }
    case 'constant':
    case 'exponential':
    case 'step':
    case 'cosine':
    case 'plateau':
    case 'rangeTest': {
      const learningRate = valley ?? steepest;
      if (learningRate === undefined) return { recipe: copy, changes: [] };
      // A recipe without an optimizer has the standard one.
      const { type } = optimizer;
      copy['optimizer'] = { ...((copy['optimizer'] as object | undefined) ?? { type }), learningRate };
      return { recipe: copy, changes: listChanges('optimizer', { learningRate }) };
    }
  }
  return schedule satisfies never;
}

function listChanges(section: string, fields: Readonly<Record<string, number>>): readonly RangeChange[] {
  return Object.entries(fields).map(([field, value]) => ({ path: `${section}.${field}`, value }));
}
