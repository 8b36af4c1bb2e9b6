// The draft: undo, fields by path, and one question at a time to the worker, however slow it is.
import { beforeEach, expect, test, vi } from 'vitest';
import type { Recipe } from '../../src/recipe/schema.ts';

interface Question {
  readonly recipe: Recipe;
  readonly answer: (description: unknown) => void;
  readonly refuse: (cause: Error) => void;
}

const asked: Question[] = [];

vi.mock('../../web/engine/engine.ts', () => ({
  engine: {
    call: (_: string, { recipe }: { readonly recipe: Recipe }) =>
      new Promise((answer, refuse) => asked.push({ recipe, answer, refuse })),
  },
}));

const draftModule = () => import('../../web/state/draft.ts');
let draft: Awaited<ReturnType<typeof draftModule>>;

const afterAMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

beforeEach(async () => {
  vi.resetModules();
  asked.length = 0;
  draft = await draftModule();
});

test('a change is undone and comes again', () => {
  const first = draft.draft.value;
  draft.setFields({ batch: 16 });
  draft.setFields({ epochs: 5 });
  expect(draft.draft.value).toMatchObject({ batch: 16, epochs: 5 });
  draft.undo();
  draft.undo();
  expect(draft.draft.value).toEqual(first);
  expect(draft.canUndo.value).toBe(false);
  draft.redo();
  draft.redo();
  expect(draft.draft.value).toMatchObject({ batch: 16, epochs: 5 });
  expect(draft.canRedo.value).toBe(false);
});

test('what is typed into one field in quick succession is one step of undo', () => {
  for (const batch of [1, 12, 128]) draft.setFields({ batch });
  draft.undo();
  expect(draft.draft.value['batch']).toBe(32);
});

test('a change after an undo takes the place of what was undone', () => {
  draft.setFields({ batch: 16 });
  draft.undo();
  draft.setFields({ epochs: 5 });
  expect(draft.canRedo.value).toBe(false);
  expect(draft.draft.value).toMatchObject({ batch: 32, epochs: 5 });
});

test('a field that is set to nothing is gone from the recipe', () => {
  draft.setFields({ loss: undefined, 'optimizer.learningRate': undefined });
  expect(draft.draft.value).not.toHaveProperty('loss');
  expect(draft.draft.value['optimizer']).toEqual({ type: 'adam' });
});

test('a length in another unit takes the place of the first', () => {
  draft.setFields({ steps: 100 });
  expect(draft.draft.value).not.toHaveProperty('epochs');
});

test('a fault of the recipe is told at once, and the worker is not asked', async () => {
  draft.setFields({ batch: -1 });
  expect(draft.fault.value).toBe('batch: expected a number of at least 1, got -1.');
  await draft.describeDraft();
  expect(asked).toEqual([]);
});

test('a slow worker is asked about the newest draft only, one question at a time', async () => {
  const done = draft.describeDraft();
  await afterAMoment();
  for (const batch of [1, 2, 3]) {
    draft.setFields({ batch });
    void draft.describeDraft();
  }
  await afterAMoment();
  expect(asked.map(({ recipe }) => recipe.batch)).toEqual([32]);
  asked[0]?.answer('of 32');
  await afterAMoment();
  // The answer is about a draft that is gone.
  expect(draft.described.value).toEqual({ state: 'asking' });
  expect(asked.map(({ recipe }) => recipe.batch)).toEqual([32, 3]);
  asked[1]?.answer('of 3');
  await done;
  expect(draft.described.value).toEqual({ state: 'known', of: draft.draft.value, description: 'of 3' });
  expect(draft.isDescribing.value).toBe(false);
});

test('a draft that does not fit is told of, and what was known before stays known', async () => {
  const first = draft.describeDraft();
  await afterAMoment();
  asked[0]?.answer('fits');
  await first;
  draft.setFields({ 'model.layers.0.units': 7 });
  const second = draft.describeDraft();
  expect(draft.isDescribing.value).toBe(true);
  await afterAMoment();
  asked[1]?.refuse(new Error('model.layers[0]: does not fit.'));
  await second;
  expect(draft.fault.value).toBe('model.layers[0]: does not fit.');
  expect(draft.lastKnown.value?.description).toBe('fits');
});

test('data that came is asked about with the same draft', async () => {
  const first = draft.describeDraft();
  await afterAMoment();
  asked[0]?.refuse(new Error('digits: not found.'));
  await first;
  const second = draft.describeDraft();
  await afterAMoment();
  asked[1]?.answer('found');
  await second;
  expect(draft.described.value).toMatchObject({ state: 'known', description: 'found' });
  expect(draft.fault.value).toBeUndefined();
});

test('a recipe from a text has the names of today, and one that is wrong gives the sentence of the command line', () => {
  const recipe = { data: { source: 'digits' }, model: { layers: [{ type: 'dense', units: 10 }] }, epochs: 1 };
  const old = JSON.stringify({ ...recipe, augmentation: { shiftPixels: 2 } });
  expect(draft.readRecipeText(old, 'recipe.json')).toEqual({ ...recipe, augmentation: { cropPadding: 2 } });
  expect(() => draft.readRecipeText('{', 'recipe.json')).toThrow(/^recipe\.json: is not JSON: the file ends too early/);
  expect(() => draft.readRecipeText('{"data": {"source": "digits"}}', 'recipe.json')).toThrow('model: is missing.');
});
