/** Shapes of tensors, as files and plans give them: the last axis runs fastest. */

/** Elements of a tensor of this shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
