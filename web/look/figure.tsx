/** A canvas as wide as its place and as sharp as the screen, drawn anew when a signal that `draw` reads, the width or the colours change. */
import { effect, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { openCanvas } from '../charts/canvas.ts';
import { isDark } from '../state/view.ts';

interface FigureProps {
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
      const lines = Math.ceil(height(width.value));
      canvas.current.style.width = `${width.value}px`;
      canvas.current.style.height = `${lines}px`;
      const context = openCanvas(canvas.current, width.value, lines);
      if (context !== null) draw(context, width.value, lines);
    }),
  );
  return (
    <div class="look-figure">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}
