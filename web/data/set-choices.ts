/** The sets as a person chooses among them: those that are listed, the points in the plane by their shape, each with its data and recipe. */
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import type { ListedSet } from '../protocol/data.ts';
import type { DataInput } from './starting-recipe.ts';

export interface SetChoice {
  readonly title: string;
  readonly text: string;
  readonly set: ListedSet;
  readonly data: DataInput;
  /** The built-in recipe to begin with; absent for sets of one's own. */
  readonly recipe?: string;
}

/** In the order of the page: the recipe to begin with, and what the set is called. */
const known = [
  { recipe: 'digits', title: 'Digits' },
  { recipe: 'fashion-mlp', title: 'Fashion-MNIST' },
  { recipe: 'cifar10-cyclic', title: 'CIFAR-10' },
  { recipe: 'circles', title: 'Circles' },
  { recipe: 'moons', title: 'Moons' },
  { recipe: 'xor', title: 'Xor' },
  { recipe: 'blobs', title: 'Blobs' },
  { recipe: 'spirals', title: 'Spirals' },
  { recipe: 'two-peaks-adam', title: 'Two peaks' },
] as const;

export function setChoices(sets: readonly ListedSet[]): readonly SetChoice[] {
  const listed = known.flatMap(({ recipe, title }): SetChoice[] => {
    const data = builtInRecipes[recipe]?.data;
    const set = sets.find(({ source, file }) => file === undefined && source === data?.source);
    if (set === undefined || data === undefined) return [];
    const text = data.source === 'points' ? pointTexts[data.shape] : set.title;
    return [{ title, text, set, data, recipe }];
  });
  const own = sets.flatMap((set): SetChoice[] => {
    const { source, file, title } = set;
    if (file === undefined || (source !== 'csv' && source !== 'images')) return [];
    return [{ title: setName(file), text: title, set, data: { source, file } }];
  });
  return [...listed, ...own];
}

/** A file as a person calls it: without folders and ending. */
export function setName(file: string): string {
  return (file.split('/').at(-1) ?? file).replace(/\.(csv|csv\.gz|safetensors)$/i, '');
}

const pointTexts: Readonly<Record<Extract<DataInput, { source: 'points' }>['shape'], string>> = {
  circles: 'a circle inside a circle',
  moons: 'two half moons',
  xor: 'four quadrants, two classes',
  blobs: 'round clouds of points',
};
