/**
 * A recipe in the address: JSON without its defaults, deflated, in the characters that addresses take. It stands behind the view, as
 * `#train?recipe=…`, where no server sees it.
 */
import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';
import { RecipeError } from '../../src/errors.ts';
import { withoutDefaults } from '../../src/recipe/fields.ts';
import { parseRecipe, upgradeRecipe } from '../../src/recipe/parse.ts';
import type { RecipeJson } from '../state/draft.ts';

/** No recipe is as long; what inflates to more is cut off and is then no JSON. */
const mostBytes = 1 << 20;

/** Of a right recipe. */
export function encodeRecipe(recipe: RecipeJson): string {
  const bytes = deflateSync(strToU8(JSON.stringify(withoutDefaults(recipe))), { level: 9 });
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Throws RecipeError for what is no recipe. */
export function decodeRecipe(text: string): RecipeJson {
  let json: unknown;
  try {
    const characters = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    json = JSON.parse(strFromU8(inflateSync(bytes, { out: new Uint8Array(mostBytes) })));
  } catch {
    throw new RecipeError('link', 'holds no whole recipe. Copy it again, from its first to its last character.');
  }
  const upgraded = upgradeRecipe(json);
  parseRecipe(upgraded);
  return upgraded as RecipeJson;
}

/** The address that opens a recipe, on the page at `base`. */
export function linkTo(recipe: RecipeJson, base: string): string {
  const url = new URL(base);
  url.search = '';
  url.hash = `train?recipe=${encodeRecipe(recipe)}`;
  return url.href;
}

/** The encoded recipe in the part of an address behind `#`; undefined if it brings none. */
export function recipeTextOfHash(hash: string): string | undefined {
  const question = hash.indexOf('?');
  return question < 0 ? undefined : (new URLSearchParams(hash.slice(question)).get('recipe') ?? undefined);
}
