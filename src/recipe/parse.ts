/**
 * From JSON to a checked recipe: unknown fields, wrong types and contradictions each become one sentence with the place and
 * the cure. `--set` style overrides and the members of a population go through the same check.
 */
import * as v from 'valibot';
import { RecipeError } from '../errors.ts';
import { isObject } from './paths.ts';
import { recipeSchema } from './schema.ts';
import type { DataRecipe, Recipe } from './schema.ts';

type AnySchema = v.GenericSchema & { readonly [key: string]: unknown };

/** Validates JSON and fills in every default. Throws RecipeError naming the first faulty place. */
export function parseRecipe(json: unknown): Recipe {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new RecipeError('recipe', 'expected a JSON object with at least "data", "model" and "epochs".');
  }
  const result = v.safeParse(recipeSchema, json);
  if (!result.success) throw describeIssue(firstFault(result.issues), json);
  const recipe = result.output;
  checkDuration(recipe);
  checkFolds(recipe);
  checkLoss(recipe);
  checkMembers(recipe);
  return recipe;
}

/** Validates the section `data` of a recipe by itself and fills in its defaults. Throws RecipeError. */
export function parseData(json: unknown): DataRecipe {
  return parseRecipe({ data: json, model: { layers: [{ type: 'dense', units: 1 }] }, epochs: 1 }).data;
}

const durationNames = ['epochs', 'steps', 'cycles'] as const;

/** A stored recipe with the names that its fields have today; what is no recipe comes back as it is. */
export function upgradeRecipe(json: unknown): unknown {
  const augmentation = isObject(json) ? json['augmentation'] : undefined;
  if (!isObject(json) || !isObject(augmentation) || !('shiftPixels' in augmentation)) return json;
  const { shiftPixels: cropPadding, ...others } = augmentation;
  return { ...json, augmentation: { ...others, cropPadding } };
}

/** Applies overrides by dotted path (`optimizer.learningRate`, `model.layers.0.units`) and validates again. */
export function overrideRecipe(json: unknown, overrides: Readonly<Record<string, unknown>>): Recipe {
  return parseRecipe(overrideJson(json, overrides));
}

/** A copy of a recipe as it was written, with overrides by dotted path; only the places of these are checked. Throws RecipeError. */
export function overrideJson(json: unknown, overrides: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = structuredClone(json) as Record<string, unknown>;
  // A run has one length: a new one takes the place of the other.
  const length = durationNames.find((name) => name in overrides);
  if (length !== undefined) for (const name of durationNames) if (name !== length) delete copy[name];
  for (const [path, value] of Object.entries(overrides)) {
    fillSection(copy, path);
    setPath(copy, path, value);
  }
  return copy;
}

/** The recipes of the members of a population, each as it would be run alone; a plain recipe is its own only member. */
export function memberRecipes(recipe: Recipe): readonly Recipe[] {
  if (recipe.members === undefined) return [recipe];
  const { members, ...base } = recipe;
  return members.map((overrides, index) => {
    try {
      return overrideRecipe(base, overrides);
    } catch (cause) {
      if (!(cause instanceof RecipeError)) throw cause;
      throw new RecipeError(`members[${index}]`, cause.message);
    }
  });
}

/** Fields that may differ between the members of one population: numbers of a table that has a row for each, and each member's rows. */
const memberFields = [
  /^(data\.)?seed$/,
  /^data\.fold$/,
  /^(l2|labelSmoothing)$/,
  /^optimizer\.(learningRate|weightDecay|momentum|alpha|beta1|beta2|epsilon)$/,
  /^schedule\.(decay|factor|minimum|etaMin|etaMax|from|to|stepSize|riseFraction|startFactor|endFactor|threshold|everyEpochs|patience|warmupSteps)$/,
  /^model\.layers\.\d+\.rate$/,
];

/** Whether `data.seed` draws the rows of the data set themselves. */
export function drawsItsRows({ data }: Recipe): boolean {
  return data.source === 'spirals' || data.source === 'points';
}

/** Whether the members of one population may differ in a field of this recipe. */
export function mayDiffer(recipe: Recipe, path: string): boolean {
  // Where cycles are counted, their length is that of the run.
  if (path === 'data.seed' && drawsItsRows(recipe)) return false;
  if (path === 'schedule.stepSize' && recipe.cycles !== undefined) return false;
  return memberFields.some((field) => field.test(path));
}

function checkMembers(recipe: Recipe): void {
  if (recipe.members === undefined) return;
  if (recipe.members.length === 0) throw new RecipeError('members', 'expected at least one member, got an empty list.');
  for (const [index, overrides] of recipe.members.entries()) {
    if ('data.seed' in overrides && drawsItsRows(recipe)) {
      throw new RecipeError(
        `members[${index}]`,
        '"data.seed" draws the rows of this data set, so it cannot differ between the members of a population. ' +
          'Train it as a run of its own.',
      );
    }
    for (const path of Object.keys(overrides)) {
      if (!memberFields.some((field) => field.test(path))) {
        throw new RecipeError(
          `members[${index}]`,
          `"${path}" cannot differ between the members of a population; only the seeds, the fold, l2, label smoothing, dropout ` +
            'rates and the numbers of optimizer and schedule can. Train it as a run of its own.',
        );
      }
    }
  }
  memberRecipes(recipe);
}

function checkDuration(recipe: Recipe): void {
  const given = durationNames.filter((name) => recipe[name] !== undefined);
  if (given.length !== 1) {
    const came = given.length === 0 ? 'none of them' : given.join(' and ');
    throw new RecipeError('recipe', `needs exactly one of "epochs", "steps" and "cycles", got ${came}.`);
  }
  if (recipe.cycles !== undefined && recipe.schedule.type !== 'cyclic') {
    throw new RecipeError(
      'cycles',
      `counts cycles of the cyclic schedule, but schedule.type is "${recipe.schedule.type}". Use "epochs" instead.`,
    );
  }
  if (recipe.evaluation.everyEpochs !== undefined && recipe.evaluation.everySteps !== undefined) {
    throw new RecipeError('evaluation', 'takes "everyEpochs" or "everySteps", not both.');
  }
}

function checkFolds({ data }: Recipe): void {
  if (data.fold !== undefined && data.folds === undefined) {
    throw new RecipeError('data.fold', 'is a part of "data.folds", which is missing. Say into how many parts to cut.');
  }
}

/** Fields that say something of one loss only, with it. */
export const lossOfField = {
  huberDelta: 'huber',
  labelSmoothing: 'crossEntropy',
  classWeights: 'crossEntropy',
  'evaluation.topK': 'crossEntropy',
} as const satisfies Readonly<Record<string, Recipe['loss']>>;

function checkLoss({ loss, huberDelta, labelSmoothing, classWeights, evaluation }: Recipe): void {
  const isSet: Readonly<Record<keyof typeof lossOfField, boolean>> = {
    huberDelta: huberDelta !== 1,
    labelSmoothing: labelSmoothing > 0,
    classWeights: classWeights !== undefined,
    'evaluation.topK': evaluation.topK !== undefined,
  };
  for (const place of Object.keys(lossOfField) as (keyof typeof lossOfField)[]) {
    const of = lossOfField[place];
    if (!isSet[place] || loss === of) continue;
    throw new RecipeError(place, `belongs to the loss "${of}", but loss is "${loss}". Leave it out.`);
  }
}

type Issue = v.BaseIssue<unknown>;
type Keys = readonly (string | number)[];

/** The issue to report: a misspelt field before the field that is missing for it. */
function firstFault(issues: readonly [Issue, ...Issue[]]): Issue {
  return issues.find(isUnknownField) ?? issues[0];
}

function isUnknownField(issue: Issue): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

/** Turns one issue of the schema into a sentence: what was expected at which place, what came, what is known there. */
function describeIssue(issue: Issue, json: unknown, parents: Keys = []): RecipeError {
  const keys = [...parents, ...(issue.path ?? []).map((item) => item.key as string | number)];
  const inner = issue.issues?.filter(({ path }) => path !== undefined);
  if (inner?.[0] !== undefined) return describeIssue(firstFault([inner[0], ...inner]), json, keys);
  const place = keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
  if (isUnknownField(issue)) {
    const known = knownKeys(keys.slice(0, -1), json);
    const near = nearest(String(keys.at(-1)), known);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    return new RecipeError(place === '' ? '""' : place, `unknown field.${hint} Known here: ${known.join(', ')}.`);
  }
  if (issue.received === 'undefined') {
    // For a missing field the schema says its name, not what belongs there.
    const wanted = issue.type === 'strict_object' ? sayWanted(schemasAt(keys, json)) : sayExpected(issue);
    return new RecipeError(place, `is missing. Expected ${wanted}.`);
  }
  const near = typeof issue.input === 'string' ? nearest(issue.input, quotedNames(issue.expected ?? '')) : undefined;
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  return new RecipeError(place, `expected ${sayExpected(issue)}, got ${sayValue(issue.input)}.${hint}`);
}

function sayValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function sayExpected(issue: v.BaseIssue<unknown>): string {
  switch (issue.type) {
    case 'integer':
      return 'a whole number';
    case 'finite':
      return 'a finite number';
    case 'min_value':
      return `a number of at least ${String(issue.requirement)}`;
    case 'max_value':
      return `a number of at most ${String(issue.requirement)}`;
    case 'gt_value':
      return `a number above ${String(issue.requirement)}`;
    case 'lt_value':
      return `a number below ${String(issue.requirement)}`;
    case 'strict_tuple':
      return 'no more of them';
    case 'min_length':
      return `a list of at least ${String(issue.requirement)}`;
  }
  const expected = (issue.expected ?? 'another value').replace(/[()]/g, '').split(' | ');
  if (expected.every((name) => name.startsWith('"'))) return `one of ${quotedNames(expected.join()).join(', ')}`;
  return sayTypes(expected);
}

const typeWords: Readonly<Record<string, string>> = {
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  object: 'an object {…}',
  array: 'a list […]',
};

function sayTypes(types: readonly string[]): string {
  return [...new Set(types.map((type) => typeWords[type.toLowerCase()] ?? type))].join(' or ');
}

/** What a field of these schemas takes, in words. */
function sayWanted(schemas: readonly AnySchema[]): string {
  return sayTypes(schemas.map(({ type }) => (type === 'strict_object' ? 'object' : String(type))));
}

function quotedNames(expected: string): string[] {
  return [...expected.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
}

/** The field names that the schema knows at a path of the given JSON. */
function knownKeys(path: Keys, json: unknown): string[] {
  return [
    ...new Set(schemasAt(path, json).flatMap((schema) => Object.keys((schema.entries as object | undefined) ?? {}))),
  ];
}

/** The schemas at a path of the given JSON; variants are chosen by the JSON itself. */
function schemasAt(path: Keys, json: unknown): AnySchema[] {
  let options = resolve([recipeSchema as unknown as AnySchema], json);
  let value: unknown = json;
  for (const key of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[key];
    const next = options.flatMap((schema) => {
      if (schema.type === 'array') return [schema.item as AnySchema];
      if (schema.type === 'record') return [schema.value as AnySchema];
      const entries = schema.entries as Record<string, AnySchema> | undefined;
      const entry = entries?.[String(key)];
      return entry === undefined ? [] : [entry];
    });
    options = resolve(next, value);
  }
  return options;
}

/** Unwraps optionals, unions and pipes; keeps of a variant the option that the value names. */
function resolve(schemas: readonly AnySchema[], value: unknown): AnySchema[] {
  return schemas.flatMap((schema) => {
    if (schema.wrapped !== undefined) return resolve([schema.wrapped as AnySchema], value);
    if (schema.type === 'variant') {
      if (value === undefined) return schema.options as AnySchema[];
      const discriminator = (value as Record<string, unknown>)[schema.key as string];
      return (schema.options as AnySchema[]).filter((option) => {
        const literal = (option.entries as Record<string, AnySchema>)[schema.key as string];
        return literal?.literal === discriminator;
      });
    }
    if (schema.type === 'union') return resolve(schema.options as AnySchema[], value);
    return [schema];
  });
}

/** The known name within two edits of the given one, if there is one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({
    candidate,
    edits: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  scored.sort((a, b) => a.edits - b.edits);
  const best = scored[0];
  return best !== undefined && best.edits <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A section that the recipe leaves out starts from its default, so that one field of it can be set. */
function fillSection(target: Record<string, unknown>, path: string): void {
  const [name = ''] = path.split('.');
  const section = (recipeSchema.entries as Readonly<Record<string, v.GenericSchema>>)[name];
  if (section === undefined || name === path || target[name] !== undefined) return;
  const preset: unknown = v.getDefault(section);
  if (typeof preset === 'object' && preset !== null) target[name] = structuredClone(preset);
}

function setPath(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let node: Record<string, unknown> = target;
  for (const [depth, key] of keys.entries()) {
    if (key === '__proto__' || (Array.isArray(node) && !Object.hasOwn(node, key))) {
      const place = keys.slice(0, depth).join('.') || 'recipe';
      const cure = Array.isArray(node) ? `has the entries 0 to ${node.length - 1}` : 'has no such field';
      throw new RecipeError(path, `"${place}" ${cure}, got "${key}".`);
    }
    if (depth === keys.length - 1) {
      node[key] = value;
      return;
    }
    const child = node[key] ?? (node[key] = {});
    if (typeof child !== 'object' || child === null) {
      const place = keys.slice(0, depth + 1).join('.');
      throw new RecipeError(path, `"${place}" is ${JSON.stringify(child)}, it has no fields.`);
    }
    node = child as Record<string, unknown>;
  }
}
