/** A canvas as wide as its place and as sharp as the screen, drawn anew when a signal that `draw` reads, the width or the colours change. */
import { effect, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isDark } from '../state/view.ts';

export interface FigureProps {
  /** What it shows, in words. */
  readonly label: string;
  /** In CSS pixels; of the width. */
  readonly height: (width: number) => number;
  readonly draw: (context: CanvasRenderingContext2D, width: number, height: number) => void;
}

export function Figure({ label, height, draw }: FigureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const place = canvas.current?.parentElement;
    if (place === null || place === undefined) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry?.contentRect.width ?? 0);
    });
    observer.observe(place);
    return () => observer.disconnect();
  }, [width]);
  useEffect(() =>
    effect(() => {
      // Read here, so that the drawing follows the colours.
      if (canvas.current === null || width.value === 0 || isDark.value === undefined) return;
      const size = { width: width.value, height: Math.ceil(height(width.value)) };
      const context = openCanvas(canvas.current, size);
      if (context !== null) draw(context, size.width, size.height);
    }),
  );
  return (
    <div class="look-figure">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** Empties a canvas; lengths in CSS pixels from here on. */
function openCanvas(
  canvas: HTMLCanvasElement,
  { width, height }: { readonly width: number; readonly height: number },
): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context?.scale(scale, scale);
  return context;
}
