/** The recipe that the address brings: the draft when the page opens, and whenever such a link is followed. */
import { signal } from '@preact/signals';
import { replaceDraft } from '../state/draft.ts';
import { recipeOfHash } from './recipe-link.ts';

/** Why the link that was opened brought no recipe. */
export const linkFault = signal<string | undefined>(undefined);

export function followRecipeLinks(): void {
  const open = (): void => {
    linkFault.value = undefined;
    try {
      const recipe = recipeOfHash(location.hash);
      if (recipe !== undefined) replaceDraft(recipe);
    } catch (cause) {
      linkFault.value = cause instanceof Error ? cause.message : String(cause);
    }
  };
  open();
  addEventListener('hashchange', open);
}
