/** The recipes that come with the project, by name; each is also a file in `built-in/` to copy and change. */
import type { RecipeInput } from './schema.ts';

const files = import.meta.glob<RecipeInput>('./built-in/*.json', { eager: true, import: 'default' });

export const builtInRecipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  Object.values(files)
    .map((recipe) => [recipe.name ?? '', recipe] as const)
    .sort(([a], [b]) => a.localeCompare(b)),
);
