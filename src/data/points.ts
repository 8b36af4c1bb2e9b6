/**
 * Synthetic points in the plane, as scikit-learn's make_circles, make_moons and make_blobs and the TensorFlow Playground draw them. Classes
 * take turns, so that every one has as many rows as any other up to one; without noise the rows lie on the shapes exactly.
 */
import { RecipeError } from '../errors.ts';
import { normals, streams, uniforms } from '../random/draws.ts';
import type { DrawPlace } from '../random/draws.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { Dataset } from './dataset.ts';
import { sineCosineOfTurns } from './spirals.ts';

type PointsRecipe = Extract<DataRecipe, { source: 'points' }>;
type Point = readonly [x: number, y: number];

/** One row before its noise: `index` counts the `count` rows of its class, `u` and `v` are uniform inside (0, 1). */
interface Draw {
  readonly label: number;
  readonly classCount: number;
  readonly index: number;
  readonly count: number;
  readonly u: number;
  readonly v: number;
}

interface Shape {
  /** Absent where the recipe says how many classes there are. */
  readonly classNames?: readonly string[];
  readonly place: (draw: Draw) => Point;
}

const defaultBlobs = 3;
/** What the inner circle's radius is of the outer one's. */
const innerRadius = 0.5;
/** How far the points of `xor` keep from both axes. */
const corridor = 0.15;

const shapes: Readonly<Record<PointsRecipe['shape'], Shape>> = {
  /** Two circles around the origin, of radius 1 and 0.5. */
  circles: {
    classNames: ['outer', 'inner'],
    place: ({ label, index, count }) => onCircle(label === 0 ? 1 : innerRadius, index / count),
  },
  /** Two half circles of radius 1, each with its end inside the other: (cos t, sin t) and (1 - cos t, 0.5 - sin t). */
  moons: {
    classNames: ['upper', 'lower'],
    place({ label, index, count }) {
      const [x, y] = onCircle(1, count === 1 ? 0 : index / (2 * (count - 1)));
      return label === 0 ? [x, y] : [1 - x, 0.5 - y];
    },
  },
  /** The four quadrants of the square from -1 to 1: a class is where the signs of x and y agree, the other where they differ. */
  xor: {
    classNames: ['equal signs', 'other signs'],
    place({ label, index, u, v }) {
      const x = corridor + (1 - corridor) * u;
      const y = corridor + (1 - corridor) * v;
      const sign = index % 2 === 0 ? 1 : -1;
      return [sign * x, (label === 0 ? sign : -sign) * y];
    },
  },
  /** Clouds around centres that divide the unit circle equally; all their spread is the noise. */
  blobs: { place: ({ label, classCount }) => onCircle(1, label / classCount) },
};

/** Inputs [rows, 2]; row i belongs to class i mod classes. Throws RecipeError for classes that the shape does not have or cannot fill. */
export function loadPoints(data: PointsRecipe): Dataset {
  const { rows, noise, shape: shapeName } = data;
  const shape = shapes[shapeName];
  if (shape.classNames !== undefined && data.classes !== undefined) {
    throw new RecipeError(
      'data.classes',
      `belongs to the shape "blobs", but data.shape is "${shapeName}". Leave it out.`,
    );
  }
  const classNames =
    shape.classNames ?? Array.from({ length: data.classes ?? defaultBlobs }, (_, label) => `blob ${label}`);
  const classCount = classNames.length;
  if (rows < classCount) {
    throw new RecipeError(
      'data.rows',
      `${rows} rows cannot fill ${classCount} classes. Give at least one row per class.`,
    );
  }
  const place: DrawPlace = { seed: data.seed, stream: streams.synthetic, step: 0, salt: 0 };
  const deviates = normals(2 * rows, place);
  const positions = uniforms(2 * rows, { ...place, salt: 1 });
  const inputs = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const label = row % classCount;
    const [x, y] = shape.place({
      label,
      classCount,
      index: Math.floor(row / classCount),
      count: Math.ceil((rows - label) / classCount),
      u: positions[2 * row] ?? 0,
      v: positions[2 * row + 1] ?? 0,
    });
    inputs[2 * row] = x + noise * (deviates[2 * row] ?? 0);
    inputs[2 * row + 1] = y + noise * (deviates[2 * row + 1] ?? 0);
  }
  return {
    name: shapeName,
    task: 'classification',
    rowCount: rows,
    inputShape: [2],
    inputs,
    inputNames: ['x', 'y'],
    labels: Uint32Array.from({ length: rows }, (_, row) => row % classCount),
    classNames,
    outputCount: classCount,
    parts: {},
    notes: [],
  };
}

function onCircle(radius: number, turns: number): Point {
  const { sine, cosine } = sineCosineOfTurns(turns);
  return [radius * cosine, radius * sine];
}
