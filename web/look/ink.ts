/**
 * From a drawing or a picture to the input of a model, made the way the data is made: handwritten digits were cut out, scaled to one size and
 * centred before anybody learned from them.
 */

/** Levels 0 to 1, line by line. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: ArrayLike<number>;
}

/** A rectangle of a plane, which may reach beyond it: there is nothing there. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How a drawing is placed: its longer side takes `fill` of the picture, around the middle of its box or its centre of mass. */
export interface Fitting {
  readonly fill: number;
  readonly centre: 'box' | 'mass';
  /** About how wide the strokes of the data are, as a share of what is drawn. */
  readonly stroke: number;
}

/** Fainter is the edge of a stroke. */
const inkLevel = 0.25;

/**
 * How a set of such pictures was made. The 8x8 digits fill the height (all 1,797 touch the first and the last line); those of MNIST are 20
 * of 28 pixels high, with the centre of mass in the middle (LeCun, Cortes and Burges).
 */
export function usualFitting([height = 1]: readonly number[]): Fitting {
  return height === 8 ? { fill: 1, centre: 'box', stroke: 0.24 } : { fill: 20 / 28, centre: 'mass', stroke: 0.12 };
}

/** Where a drawing lies that is to become a picture of height x width; the whole plane where nothing is drawn. */
export function fitDrawing(plane: Plane, height: number, width: number, { fill, centre }: Fitting): Region {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  let [mass, massX, massY] = [0, 0, 0];
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const level = plane.values[y * plane.width + x] ?? 0;
      if (level < inkLevel) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      mass += level;
      massX += level * (x + 0.5);
      massY += level * (y + 0.5);
    }
  }
  if (mass === 0) return { x: 0, y: 0, width: plane.width, height: plane.height };
  const perPixel = Math.max((right - left) / width, (bottom - top) / height) / fill;
  const [middleX, middleY] =
    centre === 'mass' ? [massX / mass, massY / mass] : [(left + right) / 2, (top + bottom) / 2];
  return {
    x: middleX - (perPixel * width) / 2,
    y: middleY - (perPixel * height) / 2,
    width: perPixel * width,
    height: perPixel * height,
  };
}

/** The part of a plane in the middle that has the shape of height x width. */
export function middleRegion(plane: Plane, height: number, width: number): Region {
  const scale = Math.min(plane.width / width, plane.height / height);
  return {
    x: (plane.width - scale * width) / 2,
    y: (plane.height - scale * height) / 2,
    width: scale * width,
    height: scale * height,
  };
}

/** Scales a region to height x width by exact averages over areas, 0 to 1. */
export function averageAreas(plane: Plane, region: Region, height: number, width: number): Float64Array {
  const sums = areaSums(plane);
  const stride = plane.width + 1;
  /** Sum over all that lies left of x and above y, both in fractions of pixels. */
  const sumTo = (x: number, y: number): number => {
    const [inX, inY] = [Math.min(plane.width, Math.max(0, x)), Math.min(plane.height, Math.max(0, y))];
    const [x0, y0] = [Math.min(plane.width - 1, Math.floor(inX)), Math.min(plane.height - 1, Math.floor(inY))];
    const [restX, restY] = [inX - x0, inY - y0];
    const at = (column: number, row: number): number => sums[row * stride + column] ?? 0;
    const above = at(x0, y0) * (1 - restX) + at(x0 + 1, y0) * restX;
    const below = at(x0, y0 + 1) * (1 - restX) + at(x0 + 1, y0 + 1) * restX;
    return above * (1 - restY) + below * restY;
  };
  const [cellWidth, cellHeight] = [region.width / width, region.height / height];
  return Float64Array.from({ length: height * width }, (_, cell) => {
    const x = region.x + (cell % width) * cellWidth;
    const y = region.y + Math.floor(cell / width) * cellHeight;
    const sum = sumTo(x + cellWidth, y + cellHeight) - sumTo(x, y + cellHeight) - sumTo(x + cellWidth, y) + sumTo(x, y);
    return Math.min(1, Math.max(0, sum / (cellWidth * cellHeight)));
  });
}

function areaSums({ width, height, values }: Plane): Float64Array {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) {
      line += values[y * width + x] ?? 0;
      sums[(y + 1) * stride + x + 1] = (sums[y * stride + x + 1] ?? 0) + line;
    }
  }
  return sums;
}

/** Channels of a picture [height, width, channels] as a model takes them: whole numbers from 0 to `largest`. */
export function toInput(channels: readonly Float64Array[], channelCount: number, largest: number): Float32Array {
  const [first = new Float64Array()] = channels;
  const values = new Float32Array(first.length * channelCount);
  for (let channel = 0; channel < channelCount; channel++) {
    const levels = channels[channel] ?? first;
    for (let pixel = 0; pixel < first.length; pixel++) {
      values[pixel * channelCount + channel] = Math.round((levels[pixel] ?? 0) * largest);
    }
  }
  return values;
}
