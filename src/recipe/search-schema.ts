/** The section `search` of a recipe: which of its fields are varied, over what, and how the trials are chosen. */
import * as v from 'valibot';

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));
const atLeastTwo = v.pipe(v.number(), v.integer(), v.minValue(2));
const number = v.pipe(v.number(), v.finite());
const positive = v.pipe(number, v.gtValue(0));
const whole = v.pipe(number, v.integer());
/** Any value that the field takes: a number, a text, an object. */
const values = v.pipe(v.array(v.unknown()), v.minLength(1));

/** How one field is varied: an object with one of these. */
const dimension = v.strictObject({
  /** Between two numbers, evenly. */
  uniform: v.optional(v.strictTuple([number, number])),
  /** Between two positive numbers, their logarithms evenly. */
  logUniform: v.optional(v.strictTuple([positive, positive])),
  /** A whole number from the first to the second, both included. */
  int: v.optional(v.strictTuple([whole, whole])),
  /** One of these, drawn at random; all of them in a grid search. */
  choice: v.optional(values),
  /** Each of these, for every draw of the other fields. */
  grid: v.optional(values),
});

/** The ways to vary a field. */
export const dimensionNames: readonly string[] = Object.keys(dimension.entries);

export const strategyNames = ['grid', 'random', 'coarseToFine', 'halving'] as const;

export const searchSchema = v.strictObject({
  /**
   * What is varied, by dotted path of the recipe: `l2`, `optimizer.learningRate`, `model.layers.0.units`; `model.layers.*.rate` is the rate
   * of every layer that has one.
   */
  space: v.record(v.string(), dimension),
  /**
   * `grid`: every combination. `random`: so many draws. `coarseToFine`: so many draws, then finer ones around the best. `halving`: so many
   * draws, of which the worse are given up as the training goes on (successive halving, Jamieson and Talwalkar 2016).
   */
  strategy: v.optional(v.picklist(strategyNames), 'random'),
  /** Draws; each is taken with every combination of the fields under `grid`. Default: 16, or 1 where nothing is drawn. */
  trials: v.optional(positiveInteger),
  /** Cross-validation: each trial is trained so many times, each time validated on another part of the training rows. */
  folds: v.optional(atLeastTwo),
  /** Each trial is trained with so many seeds, from the recipe's `seed` on. */
  repeats: v.optional(positiveInteger, 1),
  /** Seed of the draws. */
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff)), 0),
  /** Trials are compared by this number on validation. Default: accuracy, of a regression loss. */
  metric: v.optional(v.picklist(['accuracy', 'loss'])),
  /** Of `coarseToFine`: the draws of the finer search, and how many of the best trials it spans. */
  fine: v.optional(
    v.strictObject({ trials: v.optional(positiveInteger, 8), around: v.optional(positiveInteger, 2) }),
    {},
  ),
  /** Of `halving`: one trial in so many goes on at each cut. */
  factor: v.optional(atLeastTwo, 3),
});

export type SearchRecipe = v.InferOutput<typeof searchSchema>;
export type Dimension = v.InferOutput<typeof dimension>;
