/**
 * Long curves, thinned to the columns of pixels that they are drawn in. Of each column the lowest and the highest value stay, in the order in
 * which they come, so that no peak is lost; short curves stay as they are.
 */

/** Numbers that are drawn over one another; the arrays may grow. `x` ascends. */
export interface Curve {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** So much of `x` is one on the axis: the steps of an epoch, where epochs are drawn. */
  readonly xUnit?: number;
}

/** What is seen of the axis, and in how many columns of pixels. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** A logarithmic axis has no place for what is not above zero. */
  readonly isLog?: boolean;
}

/** `null` where there is nothing to draw. */
export interface DrawnCurve {
  readonly x: ArrayLike<number>;
  readonly y: readonly (number | null)[];
}

/** Thins curves for one drawing. Those that share their `x` before share it afterwards. */
export function createThinner({ from, to, columns, isLog = false }: Stretch): (curve: Curve) => DrawnCurve {
  const width = (to - from) / columns;
  // Two places in each column, a quarter of a pixel from its sides.
  const grid = Float64Array.from(
    { length: 2 * columns },
    (_, place) => from + (Math.floor(place / 2) + (place % 2 === 0 ? 0.25 : 0.75)) * width,
  );
  const cuts = new Map<ArrayLike<number>, Float64Array>();
  const isDrawn = (value: number | undefined): value is number =>
    value !== undefined && Number.isFinite(value) && (!isLog || value > 0);

  function cut(x: ArrayLike<number>, first: number, end: number, xUnit: number): Float64Array {
    const known = cuts.get(x);
    if (known !== undefined) return known;
    const made = Float64Array.from({ length: end - first }, (_, index) => (x[first + index] ?? 0) / xUnit);
    cuts.set(x, made);
    return made;
  }

  return ({ x, y, xUnit = 1 }) => {
    const inside = lowerBound(x, from * xUnit);
    const reach = lowerBound(x, to * xUnit);
    // Division by the unit and multiplication may have moved the last point by a rounding.
    const beyond = (x[reach] ?? Infinity) <= to * xUnit * (1 + 1e-12) ? reach + 1 : reach;
    // One point beyond either side, so that the line goes on to the edge.
    const first = Math.max(0, inside - 1);
    const end = Math.min(x.length, y.length, beyond + 1);
    if (end - first <= grid.length || !(width > 0)) {
      const values = Array.from({ length: Math.max(0, end - first) }, (_, index) => {
        const value = y[first + index];
        return isDrawn(value) ? value : null;
      });
      return { x: cut(x, first, first + values.length, xUnit), y: values };
    }
    const drawn = Array<number | null>(grid.length).fill(null);
    let start = inside;
    for (let column = 0; column < columns; column++) {
      const stop = column === columns - 1 ? beyond : lowerBound(x, (from + (column + 1) * width) * xUnit, start);
      const { low, high } = extremesOf(y, start, stop, isLog);
      if (low >= 0) {
        drawn[2 * column] = y[Math.min(low, high)] ?? null;
        if (low !== high) drawn[2 * column + 1] = y[Math.max(low, high)] ?? null;
      }
      start = stop;
    }
    return { x: grid, y: drawn };
  };
}

/** Curves over one common axis: every `x` of any of them once, ascending, and for each curve its values there. */
export function alignCurves(curves: readonly DrawnCurve[]): [x: number[], ...y: (number | null)[][]] {
  const axes = new Set(curves.map(({ x }) => x));
  const common =
    axes.size === 1
      ? Array.from([...axes][0]!)
      : [...new Set(Float64Array.from([...axes].flatMap((axis) => Array.from(axis))).toSorted())];
  return [
    common,
    ...curves.map(({ x, y }) => {
      if (axes.size === 1) return [...y];
      let next = 0;
      return common.map((place) => {
        let value: number | null = null;
        for (; next < x.length && x[next] === place; next++) value = y[next] ?? value;
        return value;
      });
    }),
  ];
}

/** From the first to the last `x` of all the curves, or undefined where there is no point. */
export function extentOf(curves: readonly Curve[]): { readonly from: number; readonly to: number } | undefined {
  let from = Infinity;
  let to = -Infinity;
  for (const { x, xUnit = 1 } of curves) {
    if (x.length === 0) continue;
    from = Math.min(from, (x[0] ?? 0) / xUnit);
    to = Math.max(to, (x[x.length - 1] ?? 0) / xUnit);
  }
  return from <= to ? { from, to } : undefined;
}

/** Places of the lowest and the highest value that can be drawn, from one index to before another; -1 where there is none. */
function extremesOf(
  y: ArrayLike<number>,
  start: number,
  stop: number,
  isLog: boolean,
): { readonly low: number; readonly high: number } {
  let low = -1;
  let high = -1;
  let lowest = Infinity;
  let highest = -Infinity;
  const floor = isLog ? 0 : -Infinity;
  for (let index = start; index < stop; index++) {
    // Comparisons leave out what is not a number.
    const value = y[index] as number;
    if (value < lowest && value > floor) {
      lowest = value;
      low = index;
    }
    if (value > highest && value > floor && value < Infinity) {
      highest = value;
      high = index;
    }
  }
  return { low, high };
}

/** Index of the first value that is not below `bound`, from `start` on. */
export function lowerBound(ascending: ArrayLike<number>, bound: number, start = 0): number {
  let low = start;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
