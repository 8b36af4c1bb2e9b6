/**
 * Which rows to learn from, to choose by and to report on. Numbers are drawn from the set's training part (all rows, if
 * it has no parts) without the rows that other shares name; a set's own test part is never drawn from.
 */
import { RecipeError } from '../errors.ts';
import { permutation, streams } from '../random/draws.ts';
import { nearest } from '../recipe/parse.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { Dataset } from './dataset.ts';

/** Row indices into the data set; no row occurs twice. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

export type SplitName = keyof Split;
type Share = NonNullable<DataRecipe['train']>;
type PartShare = Extract<Share, object>;

const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/**
 * Splits a data set as its recipe says. Drawn rows keep the order of the draw, so that the first N of a split are a
 * random sample of it; parts and unshuffled splits keep the order of the file. Throws RecipeError for what the set does
 * not have.
 */
export function splitDataset(dataset: Dataset, data: DataRecipe): Split {
  const shares: Record<SplitName, Share | undefined> = {
    train: data.train,
    validation: data.validation ?? 0,
    test: data.test ?? (dataset.parts['test'] === undefined ? 0 : { part: 'test' }),
  };
  const split: Record<SplitName, Uint32Array> = {
    train: new Uint32Array(),
    validation: new Uint32Array(),
    test: new Uint32Array(),
  };
  const takenBy = new Map<number, SplitName>();
  for (const name of splitNames) {
    const share = shares[name];
    if (typeof share !== 'object') continue;
    split[name] = partRows(dataset, name, share);
    for (const row of split[name]) {
      const other = takenBy.get(row);
      if (other !== undefined) {
        throw new RecipeError(`data.${name}`, `shares rows with data.${other}. Name parts that do not overlap.`);
      }
      takenBy.set(row, name);
    }
  }

  const pool = drawablePool(dataset, data, takenBy);
  const counts = countShares(shares, pool.length);
  const drawn = data.stratify ? drawStratified(dataset, pool, counts) : drawInOrder(pool, counts);
  for (const name of splitNames) if (typeof shares[name] !== 'object') split[name] = drawn[name];
  if (split.train.length === 0) throw new RecipeError('data.train', 'has no rows. Give training at least one.');
  return data.folds === undefined ? split : takeFold(dataset, data, data.folds, split);
}

/**
 * Cuts the training rows into parts of equal size, one of which becomes the validation split; the rows that are left over are trained on
 * in every fold, so that all folds have equal lengths. Stratified, each part has of every class its share up to one row.
 */
function takeFold(dataset: Dataset, data: DataRecipe, folds: number, split: Split): Split {
  const { train, validation, test } = split;
  const { fold = 0 } = data;
  if (validation.length > 0) {
    throw new RecipeError(
      'data.folds',
      'takes the validation rows from the training rows. Leave out data.validation, or set it to 0.',
    );
  }
  if (fold >= folds) throw new RecipeError('data.fold', `is ${fold}; folds count from 0 to ${folds - 1}.`);
  const partRowCount = Math.floor(train.length / folds);
  if (partRowCount === 0) {
    throw new RecipeError(
      'data.folds',
      `asks for ${folds} parts of ${train.length} training rows. Use at most ${train.length} folds.`,
    );
  }
  const dealt = Uint32Array.from(train.keys());
  const label = (index: number): number => dataset.labels?.[train[index] ?? 0] ?? 0;
  if (data.stratify) dealt.sort((a, b) => label(a) - label(b) || a - b);
  const isValidation = new Uint8Array(train.length);
  for (let place = 0; place < partRowCount; place++) {
    isValidation[dealt[data.stratify ? place * folds + fold : fold * partRowCount + place] ?? 0] = 1;
  }
  return {
    train: train.filter((_, index) => isValidation[index] === 0),
    validation: train.filter((_, index) => isValidation[index] === 1),
    test,
  };
}

function partRows(dataset: Dataset, name: SplitName, share: PartShare): Uint32Array {
  const range = Object.hasOwn(dataset.parts, share.part) ? dataset.parts[share.part] : undefined;
  if (range === undefined) {
    const known = Object.keys(dataset.parts);
    const near = nearest(share.part, known);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    const cure =
      known.length === 0
        ? 'It comes without parts: give a number of rows or a fraction.'
        : `It has: ${known.join(', ')}.`;
    throw new RecipeError(`data.${name}.part`, `"${share.part}" is no part of ${dataset.name}.${hint} ${cure}`);
  }
  const partCount = range.to - range.from;
  const rowCount = share.first ?? partCount;
  if (rowCount > partCount) {
    throw new RecipeError(
      `data.${name}.first`,
      `asks for the first ${rowCount} rows, part "${share.part}" has ${partCount}. Ask for at most ${partCount}.`,
    );
  }
  return Uint32Array.from({ length: rowCount }, (_, index) => range.from + index);
}

/** The rows that numbers draw from, in the order in which they are dealt. */
function drawablePool(dataset: Dataset, data: DataRecipe, taken: ReadonlyMap<number, SplitName>): Uint32Array {
  const withoutTrainPart = Object.keys(dataset.parts).length === 0 ? dataset.rowCount : 0;
  const { from, to } = dataset.parts['train'] ?? { from: 0, to: withoutTrainPart };
  const rows = Uint32Array.from({ length: to - from }, (_, index) => from + index).filter((row) => !taken.has(row));
  if (!data.shuffleSplit) return rows;
  return permutation(rows.length, data.seed, streams.split, 0).map((index) => rows[index] ?? 0);
}

/** Rows per drawn split; parts count 0. Fractions that add up to 1 leave no row over: training takes the rest. */
function countShares(
  shares: Readonly<Record<SplitName, Share | undefined>>,
  poolCount: number,
): Record<SplitName, number> {
  const validation = countShare('validation', shares.validation, poolCount);
  const test = countShare('test', shares.test, poolCount);
  const rest = poolCount - validation - test;
  let train = shares.train === undefined ? rest : countShare('train', shares.train, poolCount);
  const drawn = splitNames.map((name) => shares[name]).filter((share) => typeof share === 'number' && share > 0);
  if (isFraction(shares.train) && drawn.every(isFraction)) {
    const sum = drawn.reduce((total, share) => total + share, 0);
    if (Math.abs(sum - 1) < 1e-9) train = rest;
    else if (sum < 1) train = Math.min(train, rest);
  }
  if (rest < 0 || train > rest || (shares.train === undefined && rest === 0)) {
    throw new RecipeError(
      'data',
      `train, validation and test ask for ${shares.train === undefined ? 'at least 1' : train}, ${validation} and ` +
        `${test} rows; there are ${poolCount} to draw from. Ask for fewer.`,
    );
  }
  return { train, validation, test };
}

function countShare(name: SplitName, share: Share | undefined, poolCount: number): number {
  if (typeof share !== 'number') return 0;
  if (share >= 1 && !Number.isInteger(share)) {
    throw new RecipeError(`data.${name}`, `is ${share}. Give a whole number of rows, or a fraction below 1.`);
  }
  const rowCount = share < 1 ? Math.round(share * poolCount) : share;
  if (share > 0 && rowCount === 0) {
    throw new RecipeError(
      `data.${name}`,
      `${share} of ${poolCount} rows is none. Give a larger fraction, or 0 for none.`,
    );
  }
  return rowCount;
}

function isFraction(share: Share | undefined): share is number {
  return typeof share === 'number' && share > 0 && share < 1;
}

function drawInOrder(pool: Uint32Array, counts: Readonly<Record<SplitName, number>>): Split {
  const validationFrom = counts.train;
  const testFrom = validationFrom + counts.validation;
  return {
    train: pool.subarray(0, validationFrom),
    validation: pool.subarray(validationFrom, testFrom),
    test: pool.subarray(testFrom, testFrom + counts.test),
  };
}

/** Deals the pool so that every split gets of every class its share of the pool, up to rounding. */
function drawStratified(dataset: Dataset, pool: Uint32Array, counts: Readonly<Record<SplitName, number>>): Split {
  const { labels } = dataset;
  if (labels === undefined) {
    throw new RecipeError('data.stratify', `${dataset.name} has no classes. Leave stratify out.`);
  }
  const left = Array.from({ length: dataset.outputCount }, () => 0);
  for (const row of pool) left[labels[row] ?? 0] = (left[labels[row] ?? 0] ?? 0) + 1;
  const takeQuota = (name: SplitName): { readonly name: SplitName; readonly quota: number[] } => {
    const quota = apportion(left, counts[name]);
    for (const [label, rowCount] of quota.entries()) left[label] = (left[label] ?? 0) - rowCount;
    return { name, quota };
  };
  const quotas = [takeQuota('test'), takeQuota('validation'), takeQuota('train')].reverse();
  const rows: Record<SplitName, number[]> = { train: [], validation: [], test: [] };
  for (const row of pool) {
    const label = labels[row] ?? 0;
    const open = quotas.find(({ quota }) => (quota[label] ?? 0) > 0);
    if (open === undefined) continue;
    open.quota[label] = (open.quota[label] ?? 0) - 1;
    rows[open.name].push(row);
  }
  return {
    train: Uint32Array.from(rows.train),
    validation: Uint32Array.from(rows.validation),
    test: Uint32Array.from(rows.test),
  };
}

/** Shares `count` rows among the classes in proportion to their rows, by largest remainders. */
function apportion(classRows: readonly number[], count: number): number[] {
  const rowCount = classRows.reduce((sum, rows) => sum + rows, 0);
  const exact = classRows.map((rows) => (rowCount === 0 ? 0 : (rows * count) / rowCount));
  const quota = exact.map(Math.floor);
  const remainder = (label: number): number => (exact[label] ?? 0) - (quota[label] ?? 0);
  const byRemainder = [...exact.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b);
  const missing = count - quota.reduce((sum, rows) => sum + rows, 0);
  for (const label of byRemainder.slice(0, missing)) quota[label] = (quota[label] ?? 0) + 1;
  return quota;
}
