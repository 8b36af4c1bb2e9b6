/** The recipes that come with the project, by name; each is also a file in `built-in/` to copy and change. */
import type { RecipeInput } from './schema.ts';

const files = import.meta.glob<RecipeInput>('./built-in/*.json', { eager: true, import: 'default' });

/** Pure, so that a program which names none of them does not carry them. */
export const builtInRecipes = /* @__PURE__ */ sortByName(files);

function sortByName(recipes: Readonly<Record<string, RecipeInput>>): Readonly<Record<string, RecipeInput>> {
  return Object.fromEntries(
    Object.values(recipes)
      .map((recipe) => [recipe.name ?? '', recipe] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}
