// What charts do to numbers before they are drawn: thinning, smoothing, columns that grow, tables.
import { describe, expect, test } from 'vitest';
import { tableRows } from '../../web/charts/chart-table.tsx';
import { openColumns } from '../../web/charts/columns.ts';
import { smooth } from '../../web/charts/smooth.ts';
import { alignCurves, createThinner, extentOf, lowerBound } from '../../web/charts/thin.ts';

const count = 100_000;
const long = {
  x: Float64Array.from({ length: count }, (_, index) => index),
  y: Float64Array.from({ length: count }, (_, index) => Math.sin(index / 700)),
};
/** The curve with one value in the middle of a column changed. */
function withPeak(value: number) {
  const y = long.y.slice();
  y[54_321] = value;
  return { x: long.x, y };
}
const whole = { from: 0, to: count - 1, columns: 600 };
const numbersOf = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

describe('a curve of 100,000 points', () => {
  test('is drawn with two points for each column of pixels', () => {
    const drawn = createThinner(whole)(long);
    expect(drawn.y).toHaveLength(1200);
    expect(drawn.x).toHaveLength(1200);
    expect(numbersOf(drawn.y).length).toBeGreaterThan(1100);
  });

  test.each([50, -50])('keeps a single peak of %d', (peak) => {
    const drawn = createThinner(whole)(withPeak(peak));
    expect(numbersOf(drawn.y)).toContain(peak);
    const place = drawn.y.indexOf(peak);
    const columnWidth = whole.to / whole.columns;
    expect(Math.abs((drawn.x[place] ?? 0) - 54_321)).toBeLessThan(columnWidth);
  });

  test('keeps the lowest and the highest value of every column, and none that is not there', () => {
    const drawn = createThinner(whole)(long);
    const columnWidth = whole.to / whole.columns;
    for (const column of [0, 1, 299, 599]) {
      const inside = long.y.filter((_, index) => Math.min(599, Math.floor(index / columnWidth)) === column);
      const kept = numbersOf(drawn.y.slice(2 * column, 2 * column + 2));
      expect(Math.min(...kept)).toBe(Math.min(...inside));
      expect(Math.max(...kept)).toBe(Math.max(...inside));
    }
  });

  test.each([1, 44, 0.1, 7.3])('keeps its last point on an axis in units of %d', (xUnit) => {
    const y = long.y.slice();
    y[count - 1] = 50;
    const curve = { x: long.x, y, xUnit };
    const drawn = createThinner({ ...extentOf([curve])!, columns: 600 })(curve);
    expect(numbersOf(drawn.y.slice(-2))).toContain(50);
  });

  test('has its values in the order in which they come', () => {
    const rising = { x: long.x, y: long.x };
    const drawn = numbersOf(createThinner(whole)(rising).y);
    expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
    const falling = { x: long.x, y: long.x.map((value) => -value) };
    const down = numbersOf(createThinner(whole)(falling).y);
    expect(down).toEqual(down.toSorted((a, b) => b - a));
  });

  test('shows its own points where the axis is zoomed to fewer than there is room for', () => {
    const drawn = createThinner({ from: 1000, to: 1010, columns: 600 })(long);
    // One beyond either side, so that the line reaches the edge.
    expect(Array.from(drawn.x)).toEqual(Array.from({ length: 13 }, (_, index) => 999 + index));
    expect(drawn.y).toEqual(Array.from(long.y.slice(999, 1012)));
  });
});

test('what is not finite is not drawn, and on a logarithmic axis what is not above zero', () => {
  const curve = { x: [0, 1, 2, 3, 4], y: [1, Number.NaN, Infinity, 0, -1] };
  const stretch = { from: 0, to: 4, columns: 100 };
  expect(createThinner(stretch)(curve).y).toEqual([1, null, null, 0, -1]);
  expect(createThinner({ ...stretch, isLog: true })(curve).y).toEqual([1, null, null, null, null]);
});

test('an axis in epochs shows the same values at a fraction of the steps', () => {
  const curve = { x: [10, 20, 30], y: [3, 2, 1], xUnit: 10 };
  expect(extentOf([curve])).toEqual({ from: 1, to: 3 });
  const drawn = createThinner({ from: 1, to: 3, columns: 100 })(curve);
  expect(Array.from(drawn.x)).toEqual([1, 2, 3]);
  expect(drawn.y).toEqual([3, 2, 1]);
});

test('curves over different axes are drawn over their union', () => {
  const [x, first, second] = alignCurves([
    { x: [0, 2, 4], y: [1, 2, 3] },
    { x: [1, 2], y: [5, null] },
  ]);
  expect(x).toEqual([0, 1, 2, 4]);
  expect(first).toEqual([1, null, 2, 3]);
  expect(second).toEqual([null, 5, null, null]);
});

test('curves that share their axis share it after thinning', () => {
  const thin = createThinner({ from: 0, to: 2, columns: 10 });
  const x = [0, 1, 2];
  expect(thin({ x, y: [1, 2, 3] }).x).toBe(thin({ x, y: [4, 5, 6] }).x);
});

test('the first value that is not below a bound is found', () => {
  expect([0, 1, 2.5, 3, 9].map((bound) => lowerBound([1, 2, 3], bound))).toEqual([0, 0, 2, 2, 3]);
});

describe('smoothing', () => {
  test('leaves the first value and a constant as they are', () => {
    expect(Array.from(smooth([3, 3, 3], 0.9))).toEqual([expect.closeTo(3), expect.closeTo(3), expect.closeTo(3)]);
    expect(smooth([7, 0, 0], 0.9)[0]).toBeCloseTo(7);
  });

  test('takes the mean of what came before with falling weights', () => {
    // (0.5·0.5·4 + 0.5·8) / (0.25 + 0.5)
    expect(smooth([4, 8], 0.5)[1]).toBeCloseTo(20 / 3);
  });

  test('goes over what is not finite', () => {
    const smoothed = smooth([4, Number.NaN, 8], 0.5);
    expect(smoothed[1]).toBeNaN();
    expect(smoothed[2]).toBeCloseTo(20 / 3);
  });

  test('of weight 0 changes nothing', () => {
    expect(Array.from(smooth([1, 5, 2], 0))).toEqual([1, 5, 2]);
  });
});

describe('columns of a list', () => {
  const open = () => {
    const list = [{ step: 1 }, { step: 2 }];
    const read: number[] = [];
    const columns = openColumns(list, [
      ({ step }) => {
        read.push(step);
        return step;
      },
    ]);
    columns.update();
    return { list, read, columns };
  };

  test('read only what the list has gained', () => {
    const { list, read, columns } = open();
    list.push({ step: 3 });
    columns.update();
    expect(columns.columns[0]).toEqual([1, 2, 3]);
    expect(read).toEqual([1, 2, 3]);
  });

  test('follow a list that was cut and has grown again', () => {
    const { list, columns } = open();
    list.length = 1;
    list.push({ step: 7 }, { step: 8 });
    columns.update();
    expect(columns.columns[0]).toEqual([1, 7, 8]);
  });

  test('are empty after the list was emptied', () => {
    const { list, columns } = open();
    list.length = 0;
    columns.update();
    expect(columns.columns[0]).toEqual([]);
  });
});

describe('the table of a chart', () => {
  const series = [
    { name: 'a', colour: 1, x: [1, 2, 3], y: [10, 20, 30] },
    { name: 'b', colour: 2, x: [2], y: [5] },
  ];
  test('has a row for each point, with the newest value of each curve', () => {
    expect(tableRows(series)).toEqual([
      { x: 1, values: [10, undefined] },
      { x: 2, values: [20, 5] },
      { x: 3, values: [30, 5] },
    ]);
  });

  test('of a long curve is short and ends with the last point', () => {
    const rows = tableRows([{ name: 'long', colour: 1, ...long }], 40);
    expect(rows.length).toBeLessThanOrEqual(40);
    expect(rows.at(-1)?.x).toBe(count - 1);
  });
});
