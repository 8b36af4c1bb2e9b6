/** Drawing on a canvas in CSS pixels, as sharp as the screen. */

/** Empties a canvas and gives it a size; lengths are CSS pixels from here on. */
export function openCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context?.scale(scale, scale);
  return context;
}

/** The path of a circle, to fill or to stroke. */
export function traceDot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** The pixel of an image [height, width, channels] of numbers 0 to `largest`: grey, or red, green and blue. */
export function imageColour(
  values: ArrayLike<number>,
  [, width = 1, channels = 1]: readonly number[],
  largest: number,
): (row: number, column: number) => Rgb {
  return (row, column) => {
    const start = (row * width + column) * channels;
    const level = (channel: number): number => (255 * (values[start + (channels === 3 ? channel : 0)] ?? 0)) / largest;
    return [level(0), level(1), level(2)];
  };
}
