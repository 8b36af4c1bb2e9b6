/** `descent recipes [NAME]`: the recipes that come with the project, or one of them as JSON to copy and change. */
import { Command } from 'commander';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { addJsonOption, unknownRecipe } from './options.ts';

export function recipesCommand(io: Io): Command {
  const command = new Command('recipes')
    .description('list the built-in recipes, or print one as JSON')
    .argument('[name]', 'a built-in recipe');
  return addJsonOption(command).action((name: string | undefined, { json }: { readonly json?: boolean }) => {
    if (name !== undefined) {
      const recipe = Object.hasOwn(builtInRecipes, name) ? builtInRecipes[name] : undefined;
      if (recipe === undefined) throw unknownRecipe(name);
      io.stdout(`${JSON.stringify(recipe, undefined, 2)}\n`);
      return;
    }
    const recipes = Object.entries(builtInRecipes).map(([key, { description = '' }]) => ({ name: key, description }));
    if (json === true) io.stdout(formatJson({ recipes }));
    else
      io.stdout(
        formatTable(
          recipes.map((recipe) => [recipe.name, recipe.description]),
          'll',
        ),
      );
  });
}
