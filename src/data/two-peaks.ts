/**
 * The embedded two-peak regression: 100 training and 100 test rows of x, y. Both peaks lie in gaps of the training
 * rows, which a network has to bridge. See embedded/SOURCES.md for the formula.
 */
import { numberCell, readTable } from '../formats/csv.ts';
import type { Dataset } from './dataset.ts';
import testCsv from './embedded/two-peaks-test.csv?raw';
import trainCsv from './embedded/two-peaks-train.csv?raw';

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
