/** The recipes that come with the project, by data set; the chosen one takes the place of the draft. */
import { useState } from 'preact/hooks';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import type { DataSource, RecipeInput } from '../../src/recipe/schema.ts';
import { draft, replaceDraft } from '../state/draft.ts';
import type { RecipeJson } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { Modal } from '../ui/modal.tsx';
import { sourceWords } from './field-words.ts';

interface Group {
  readonly source: DataSource;
  readonly recipes: readonly RecipeInput[];
}

/** In the order of the sets, of which those that come with the page are first. */
function groupRecipes(wanted: string): Group[] {
  const words = wanted.toLowerCase().split(/\s+/);
  const found = Object.values(builtInRecipes).filter(({ name = '', description = '', data }) => {
    const text = `${name} ${description} ${sourceWords[data.source].title}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (Object.keys(sourceWords) as DataSource[])
    .map((source) => ({ source, recipes: found.filter(({ data }) => data.source === source) }))
    .filter(({ recipes }) => recipes.length > 0);
}

export function RecipePicker() {
  const [isOpen, setOpen] = useState(false);
  const { name, description } = draft.value;
  return (
    <div class="build-picker">
      <div>
        <strong>{String(name ?? 'Recipe')}</strong>
        <p class="small muted">{String(description ?? '')}</p>
      </div>
      <Button onClick={() => setOpen(true)}>Recipes</Button>
      {isOpen && <RecipesDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

function RecipesDialog({ onClose }: { readonly onClose: () => void }) {
  const [wanted, setWanted] = useState('');
  const groups = groupRecipes(wanted);
  return (
    <Modal title="Recipes" onClose={onClose}>
      <div class="build-recipes">
        <header>
          <input
            type="search"
            aria-label="Find a recipe"
            placeholder="Find a recipe"
            value={wanted}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
          <Button kind="quiet" onClick={onClose}>
            Close
          </Button>
        </header>
        {groups.length === 0 && <p class="muted">No recipe has these words. Look for a set, a layer or a schedule.</p>}
        {groups.map(({ source, recipes }) => (
          <section key={source} aria-label={sourceWords[source].title}>
            <h3>
              {sourceWords[source].title}
              <span>{sourceWords[source].embedded ? 'on this page' : 'needs files'}</span>
            </h3>
            <ul>
              {recipes.map((recipe) => (
                <li key={recipe.name}>
                  <button
                    type="button"
                    aria-current={recipe.name === draft.value['name']}
                    onClick={() => {
                      replaceDraft(recipe as RecipeJson);
                      onClose();
                    }}
                  >
                    <strong>{recipe.name}</strong>
                    <span class="small muted">{recipe.description}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Modal>
  );
}
