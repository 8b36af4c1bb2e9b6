/**
 * The embedded two-peak regression: 100 training and 100 test rows of x, y. Both peaks lie in gaps of the training
 * rows, which a network has to bridge. See embedded/SOURCES.md for the formula.
 */
import { numberCell, readTable } from '../formats/csv.ts';
import type { Dataset } from './dataset.ts';
import testCsv from './embedded/two-peaks-test.csv?raw';
import trainCsv from './embedded/two-peaks-train.csv?raw';

/**
 * The curve without its noise: f(x) = 1 + 3 exp(-(x + 2)^2) + 5 exp(-((x - 2) / 0.7)^2) - 0.03 x^2, from embedded/SOURCES.md. The rows
 * are f(x) + e with e ~ N(0, 0.25^2).
 */
export function twoPeaksCurve(x: number): number {
  return 1 + 3 * Math.exp(-((x + 2) ** 2)) + 5 * Math.exp(-(((x - 2) / 0.7) ** 2)) - 0.03 * x ** 2;
}

/** Inputs [200, 1], targets [200, 1]; parts `train` and `test`. */
export function loadTwoPeaks(): Dataset {
  const tables = [trainCsv, testCsv].map((text) =>
    readTable(new TextEncoder().encode(text), 'the embedded two-peaks table'),
  );
  const column = (index: number): number[] =>
    tables.flatMap((table) => table.rows.map((_, row) => numberCell(table, row, index)));
  const inputs = Float64Array.from(column(0));
  return {
    name: 'two-peaks',
    task: 'regression',
    rowCount: inputs.length,
    inputShape: [1],
    inputs,
    inputNames: ['x'],
    targets: Float32Array.from(column(1)),
    outputCount: 1,
    parts: { train: { from: 0, to: 100 }, test: { from: 100, to: inputs.length } },
    notes: [],
  };
}
