/**
 * What a published row is: the facts that a report states, and the built-in recipe that repeats them. Accuracies are shares, 0..1. A row's
 * `settings` are the report's; what it leaves open, and what was taken, stands in `chosen`.
 */
export const reportNames = ['report-000', 'report-001', 'report-002', 'report-003', 'report-004', 'best'] as const;

interface RowBase {
  /** Unique in its report, in kebab-case. */
  readonly id: string;
  readonly title: string;
  /** As the report states them. */
  readonly settings: string;
  /** What the report leaves open, and what was taken. */
  readonly chosen?: string;
  /** Name of a built-in recipe. */
  readonly recipe: string;
}

/** One training. */
export interface TrainRow extends RowBase {
  readonly kind: 'train';
  readonly metric: 'accuracy' | 'loss';
  readonly published: {
    readonly train?: number;
    readonly validation?: number;
    readonly test?: number;
    /** What is said in place of a number, or beside it. */
    readonly text?: string;
  };
}

/** One search: the trials that the report gives numbers of. */
export interface SearchRow extends RowBase {
  readonly kind: 'search';
  readonly metric: 'accuracy' | 'loss';
  readonly published: readonly {
    /** By dotted path of the recipe's space. */
    readonly values: Readonly<Record<string, unknown>>;
    readonly validation?: number;
    readonly test?: number;
  }[];
  readonly text?: string;
}

/** Gradients against finite differences. */
export interface GradientRow extends RowBase {
  readonly kind: 'gradients';
  readonly measure: 'relativeError' | 'meanDifference';
  readonly scenes: readonly {
    readonly title: string;
    /** Only the first so many features of each row; default: all. */
    readonly features?: number;
    /** The first so many rows of the training split. */
    readonly rows: number;
  }[];
  /** By tensor, such as `dense1.weight`; of the last scene. */
  readonly published: Readonly<Record<string, number>>;
}

/** A few examples learnt by heart. */
export interface OverfitRow extends RowBase {
  readonly kind: 'overfit';
  readonly text: string;
}

/** A range test of the learning rate. */
export interface RangeRow extends RowBase {
  readonly kind: 'rangeTest';
  readonly published: { readonly etaMin: number; readonly etaMax: number; readonly text?: string };
}

/** A calculation by hand, answered by the worked example (docs/worked-example.md). */
export interface ExerciseRow {
  readonly kind: 'exercise';
  readonly id: string;
  readonly title: string;
  readonly settings: string;
  readonly text: string;
}

/** Pictures of a trained model. */
export interface FiguresRow extends RowBase {
  readonly kind: 'figures';
  /** Id of the train row whose run is drawn. */
  readonly of: string;
  readonly figures: readonly string[];
}

export type PublishedRow = TrainRow | SearchRow | GradientRow | OverfitRow | RangeRow | ExerciseRow | FiguresRow;

export interface PublishedReport {
  readonly name: (typeof reportNames)[number];
  readonly title: string;
  readonly about: string;
  readonly rows: readonly PublishedRow[];
}
