/** The recipe that the address brings: the draft when the page opens, and whenever another such link is followed. */
import { signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { replaceDraft } from '../state/draft.ts';
import { decodeRecipe, recipeTextOfHash } from './recipe-link.ts';

/** Why the link that was opened brought no recipe. */
export const linkFault = signal<string | undefined>(undefined);

export function followRecipeLinks(): void {
  let opened: string | undefined;
  const open = (): void => {
    const text = recipeTextOfHash(location.hash);
    // Whoever comes back to the address goes on with the draft as it is by now.
    if (text === undefined || text === opened) return;
    opened = text;
    linkFault.value = undefined;
    try {
      replaceDraft(decodeRecipe(text));
    } catch (cause) {
      linkFault.value = sayCause(cause);
    }
  };
  open();
  addEventListener('hashchange', open);
}
