/** `descent recipes [NAME]`: the recipes that come with the project, by the report that they follow, or one of them as JSON to copy and change. */
import { Command } from 'commander';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { publishedReports } from '../reproduce/published.ts';
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
    io.stdout(json === true ? formatJson({ recipes }) : listRecipes(recipes));
  });
}

/** A heading and a table for each report, in the order of its rows; a recipe stands with the first report that takes it. */
function listRecipes(recipes: readonly { readonly name: string; readonly description: string }[]): string {
  const waiting = new Map(recipes.map((recipe) => [recipe.name, recipe]));
  const takeAll = (names: Iterable<string>): string[][] =>
    [...new Set(names)].flatMap((name) => {
      const recipe = waiting.get(name);
      return waiting.delete(name) && recipe !== undefined ? [[`  ${recipe.name}`, recipe.description]] : [];
    });
  const groups = publishedReports.map(({ name, title, rows }) => ({
    title: `${name}: ${title}`,
    rows: takeAll(rows.flatMap((row) => ('recipe' in row ? [row.recipe] : []))),
  }));
  return [...groups, { title: 'others', rows: takeAll([...waiting.keys()]) }]
    .filter(({ rows }) => rows.length > 0)
    .map((group) => `${group.title}\n${formatTable(group.rows, 'll')}`)
    .join('\n');
}
