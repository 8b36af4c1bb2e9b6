/** Many small pictures side by side, each pixel of them a square. */
import type { Rgb } from '../charts/canvas.ts';

export interface Tiles {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** Colour of a pixel of a tile. */
  readonly colour: (tile: number, row: number, column: number) => Rgb;
}

export interface TileLayout {
  readonly across: number;
  /** Of one tile, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly totalHeight: number;
}

const gap = 3;
const mostEdge = 72;
/** Edges of the cells of a table. */
const mostCell = 24;
const leastRow = 12;

/** Tiles as large as fit into about so many pixels, at least so large that each of their pixels is seen. */
export function layOutTiles(
  { count, rows, columns }: Pick<Tiles, 'count' | 'rows' | 'columns'>,
  width: number,
  wantedHeight = 320,
): TileLayout {
  const edge = Math.max(rows, columns);
  const least = Math.max(12, Math.min(mostEdge, edge));
  let size = Math.min(mostEdge, width);
  const heightAt = (tile: number): number => {
    const across = Math.max(1, Math.floor((width + gap) / ((tile * columns) / edge + gap)));
    return Math.ceil(count / across) * ((tile * rows) / edge + gap) - gap;
  };
  while (size > least && heightAt(size) > wantedHeight) size--;
  const fitting = Math.max(1, Math.floor((width + gap) / ((size * columns) / edge + gap)));
  const across = evenLines(count, fitting);
  const tileWidth = across === fitting ? (size * columns) / edge : (width + gap) / across - gap;
  const height = (tileWidth * rows) / columns;
  return { across, width: tileWidth, height, totalHeight: Math.ceil(count / across) * (height + gap) - gap };
}

/** A single table over the whole width; its cells are squares, but for rows that could not be seen. */
export function layOutTable(
  { rows, columns }: Pick<Tiles, 'rows' | 'columns'>,
  width: number,
  mostHeight: number,
): TileLayout {
  const cell = Math.min(mostCell, width / columns);
  const height = Math.min(mostHeight, rows * Math.max(cell, leastRow));
  return { across: 1, width: cell * columns, height, totalHeight: height };
}

/** A few tiles more in a line, where all lines are full then. */
function evenLines(count: number, fitting: number): number {
  if (count <= fitting) return fitting;
  for (let across = fitting; across <= 1.6 * fitting; across++) if (count % across === 0) return across;
  return fitting;
}

export function drawTiles(context: CanvasRenderingContext2D, tiles: Tiles, layout: TileLayout): void {
  const { count, rows, columns, colour } = tiles;
  if (count === 0) return;
  const atlas = new OffscreenCanvas(columns, rows * count);
  const image = new ImageData(columns, rows * count);
  let place = 0;
  for (let tile = 0; tile < count; tile++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [red, green, blue] = colour(tile, row, column);
        image.data[place++] = red;
        image.data[place++] = green;
        image.data[place++] = blue;
        image.data[place++] = 255;
      }
    }
  }
  atlas.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  for (let tile = 0; tile < count; tile++) {
    const x = (tile % layout.across) * (layout.width + gap);
    const y = Math.floor(tile / layout.across) * (layout.height + gap);
    context.drawImage(atlas, 0, tile * rows, columns, rows, x, y, layout.width, layout.height);
  }
}
