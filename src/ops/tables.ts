/**
 * The small tables that kernels read besides tensors: per-member numbers that stay (`members`), and per-step, per-member numbers
 * that the host computes for each chunk (`hyper`). The same columns stand in `shaders/lib/tables.wgsl`.
 */

/**
 * Columns of `members` [population, columns], u32: the seed; 1 while the member is trained, 0 once it is frozen; the bits of its label
 * smoothing; then for each dropout layer its threshold (rate·2³²) and the bits of its scale 1/(1-rate).
 */
export const memberColumns = { seed: 0, active: 1, smoothing: 2, first: 3 } as const;

/**
 * Numbers that each row of a batch leaves in `rows` and that are summed in `metrics`: its loss; whether it was right; and for
 * classifiers whether its label is among the k largest outputs, for other losses its squared error.
 */
export const lossColumns = 3;

/** Columns of `hyper` [rows of the chunk, population, columns], f32. */
export const hyperColumns = [
  /** Learning rate of the step; for Adam divided by 1 - beta1^t. */
  'rate',
  /** Gradient of the penalty is this times w: 2·l2·factor. */
  'penalty',
  /** Weights are first multiplied by this: 1 - learningRate·weightDecay. */
  'keep',
  /** momentum, alpha or beta1, and 1 minus it. */
  'decay1',
  'gain1',
  /** beta2, and 1 minus it. */
  'decay2',
  'gain2',
  /** sqrt(1 - beta2^t). */
  'correction2',
  'epsilon',
  /** Largest norm of the gradient; 0 does not clip. */
  'clipNorm',
] as const;
export type HyperColumn = (typeof hyperColumns)[number];

/** Index of a column in a row of `hyper`. */
export const hyperColumn = Object.fromEntries(hyperColumns.map((name, index) => [name, index])) as Record<
  HyperColumn,
  number
>;

const scratch = new DataView(new ArrayBuffer(4));

export function floatOfBits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

export function bitsOfFloat(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}
