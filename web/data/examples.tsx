/** A first look at a set: pictures in a strip, points in the plane, a curve. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { sayCause } from '../../src/errors.ts';
import { parseData } from '../../src/recipe/parse.ts';
import { imageColour, openCanvas, traceDot } from '../charts/canvas.ts';
import { readPalette, seriesToken } from '../charts/palette.ts';
import { engine } from '../engine/engine.ts';
import type { Examples as ExampleRows } from '../protocol/data.ts';
import { isDark } from '../state/view.ts';
import type { DataInput } from './starting-recipe.ts';

const pictureCount = 8;
const pointCount = 240;
const plotEdge = 72;
const pointRadius = 1.6;

interface ExamplesProps {
  readonly data: DataInput;
  readonly isPictures: boolean;
}

export function Examples({ data, isPictures }: ExamplesProps) {
  const [rows, setRows] = useState<ExampleRows | string | undefined>(undefined);
  const key = JSON.stringify(data);
  useEffect(() => {
    let isCurrent = true;
    const count = isPictures ? pictureCount : pointCount;
    engine.call('examples', { data: parseData(data), count }).then(
      (answer) => isCurrent && setRows(answer),
      (cause: unknown) => isCurrent && setRows(sayCause(cause)),
    );
    return () => {
      isCurrent = false;
    };
  }, [key]);
  if (typeof rows === 'string') return <p class="small">{rows}</p>;
  return (
    <div class="examples">{rows !== undefined && (isPictures ? <Pictures rows={rows} /> : <Plot rows={rows} />)}</div>
  );
}

function Pictures({ rows }: { readonly rows: ExampleRows }) {
  const [height = 1, width = 1, channels = 1] = rows.inputShape;
  const pixelCount = height * width * channels;
  return (
    <>
      {Array.from({ length: rows.inputs.length / pixelCount }, (_, row) => (
        <Picture
          key={row}
          pixels={rows.inputs.subarray(row * pixelCount, (row + 1) * pixelCount)}
          rows={rows}
          label={rows.classNames?.[rows.labels?.[row] ?? -1] ?? ''}
        />
      ))}
    </>
  );
}

interface PictureProps {
  readonly pixels: ExampleRows['inputs'];
  readonly rows: ExampleRows;
  readonly label: string;
}

function Picture({ pixels, rows: { inputShape, largestByte }, label }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height = 1, width = 1] = inputShape;
  useEffect(() => {
    const image = new ImageData(width, height);
    const colour = imageColour(pixels, inputShape, largestByte);
    for (let pixel = 0; pixel < width * height; pixel++) {
      image.data.set([...colour(Math.floor(pixel / width), pixel % width), 255], pixel * 4);
    }
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} title={label} />;
}

/** Two inputs by class, or one input against the target. */
function Plot({ rows }: { readonly rows: ExampleRows }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDarkNow = isDark.value;
  useEffect(() => {
    const context = canvas.current && openCanvas(canvas.current, plotEdge, plotEdge);
    if (context === null) return;
    const points = pointsOf(rows);
    const placeX = placer(points.map(({ x }) => x));
    const placeY = placer(points.map(({ y }) => y));
    const token = readPalette();
    for (const { x, y, series } of points) {
      context.fillStyle = token(seriesToken(series + 1));
      traceDot(context, placeX(x), plotEdge - placeY(y), pointRadius);
      context.fill();
    }
  }, [rows, isDarkNow]);
  return <canvas ref={canvas} class="plot" role="img" aria-label="Some of its points" />;
}

function pointsOf({ inputs, inputShape, labels, targets }: ExampleRows): { x: number; y: number; series: number }[] {
  const [featureCount = 1] = inputShape;
  return Array.from({ length: inputs.length / featureCount }, (_, row) => ({
    x: inputs[row * featureCount] ?? 0,
    y: targets?.[row] ?? inputs[row * featureCount + 1] ?? 0,
    series: labels?.[row] ?? 0,
  }));
}

/** Maps numbers to the plot, with a margin. */
function placer(values: readonly number[]): (value: number) => number {
  const least = Math.min(...values);
  const range = Math.max(...values) - least || 1;
  const margin = 4;
  return (value) => margin + ((plotEdge - 2 * margin) * (value - least)) / range;
}
