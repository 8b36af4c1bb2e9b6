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
    // One point beyond either side, so that the line goes on to the edge.
    const first = Math.max(0, lowerBound(x, from * xUnit) - 1);
    const end = Math.min(x.length, y.length, lowerBound(x, to * xUnit) + 2);
    if (end - first <= grid.length || !(width > 0)) {
      const values = Array.from({ length: Math.max(0, end - first) }, (_, index) => {
        const value = y[first + index];
        return isDrawn(value) ? value : null;
      });
      return { x: cut(x, first, first + values.length, xUnit), y: values };
    }
    const drawn = Array<number | null>(grid.length).fill(null);
    const perColumn = 1 / (width * xUnit);
    const origin = from * xUnit;
    let column = -1;
    let low = 0;
    let high = 0;
    let isLowFirst = true;
    const put = (): void => {
      if (column < 0) return;
      drawn[2 * column] = isLowFirst ? low : high;
      if (low !== high) drawn[2 * column + 1] = isLowFirst ? high : low;
    };
    for (let index = first; index < end; index++) {
      const value = y[index];
      if (!isDrawn(value)) continue;
      const place = Math.floor(((x[index] ?? 0) - origin) * perColumn);
      if (place < 0 || place > columns) continue;
      const here = Math.min(columns - 1, place);
      if (here !== column) {
        put();
        column = here;
        low = high = value;
        isLowFirst = true;
      } else if (value < low) {
        low = value;
        isLowFirst = false;
      } else if (value > high) {
        high = value;
        isLowFirst = true;
      }
    }
    put();
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

/** Index of the first value that is not below `bound`. */
export function lowerBound(ascending: ArrayLike<number>, bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
