/** Scores of a trained classifier beyond loss and accuracy: confusion matrix, per-class table, probabilities. In float64. */

export interface ClassScores {
  readonly name: string;
  /** Of the rows that were given this class, the share that have it; 0 if there are none. */
  readonly precision: number;
  /** Of the rows that have this class, the share that were given it; 0 if there are none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Rows that have this class. */
  readonly support: number;
}

/** Index of the largest output of each row of [rows, outputCount]; the first of equals. */
export function largestOutputs(outputs: Float32Array, outputCount: number): Uint32Array {
  return Uint32Array.from({ length: outputs.length / outputCount }, (_, row) => {
    let best = row * outputCount;
    for (let i = best + 1; i < (row + 1) * outputCount; i++) if (outputs[i]! > outputs[best]!) best = i;
    return best - row * outputCount;
  });
}

/** Rows counted by class (first index) and predicted class (second index). */
export function confusionMatrix(labels: Uint32Array, predicted: Uint32Array, classCount: number): number[][] {
  const matrix = Array.from({ length: classCount }, () => Array.from({ length: classCount }, () => 0));
  for (const [row, label] of labels.entries()) matrix[label]![predicted[row]!]!++;
  return matrix;
}

export function classScores(confusion: readonly (readonly number[])[], names: readonly string[]): ClassScores[] {
  return names.map((name, label) => {
    const right = confusion[label]?.[label] ?? 0;
    const support = (confusion[label] ?? []).reduce((sum, count) => sum + count, 0);
    const given = confusion.reduce((sum, row) => sum + (row[label] ?? 0), 0);
    const precision = given === 0 ? 0 : right / given;
    const recall = support === 0 ? 0 : right / support;
    const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { name, precision, recall, f1, support };
  });
}

/** Softmax of each row of logits [rows, outputCount], in float64. */
export function probabilities(logits: Float32Array, outputCount: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += outputCount) {
    const row = logits.subarray(start, start + outputCount);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (const logit of row) sum += Math.exp(logit - largest);
    for (const [index, logit] of row.entries()) result[start + index] = Math.exp(logit - largest) / sum;
  }
  return result;
}
