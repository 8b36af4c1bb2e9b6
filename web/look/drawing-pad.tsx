/** A paper to draw on with mouse, finger or pen; at every frame in which something was drawn, the input of the model is made anew from it. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LookSubject } from '../protocol/looking.ts';
import { Button } from '../ui/button.tsx';
import { CheckField } from '../ui/fields.tsx';
import { averageAreas, fitDrawing, middleRegion, toInput, usualFitting } from './ink.ts';
import type { Plane } from './ink.ts';
import { picked } from './looking.ts';

/** Of the longer side of the paper, in pixels of its own. */
const paperSide = 256;
/** Of the paper, what a person usually fills. */
const usualFill = 0.75;

const penWidth = signal(24);
const isErasing = signal(false);
const isFitted = signal(true);
const isEmpty = signal(true);
/** The drawing outlives the tab in which it was made. */
const paper = document.createElement('canvas');

const openPaper = (): CanvasRenderingContext2D | null => paper.getContext('2d', { willReadFrequently: true });

function paperSize([height = 1, width = 1]: readonly number[]): { readonly width: number; readonly height: number } {
  const scale = paperSide / Math.max(height, width);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** A new paper, and a pen as the data was written with, for another kind of picture. */
let paperShape = '';
function preparePaper(inputShape: readonly number[]): void {
  if (inputShape.join() === paperShape) return;
  paperShape = inputShape.join();
  Object.assign(paper, paperSize(inputShape));
  isEmpty.value = true;
  penWidth.value = Math.round(usualFitting(inputShape).stroke * usualFill * paperSide);
}

function readInk(): Plane {
  const { width, height } = paper;
  const pixels = openPaper()?.getImageData(0, 0, width, height).data ?? [];
  // White on nothing: how much ink there is stands in the opacity.
  const values = Float32Array.from({ length: width * height }, (_, pixel) => (pixels[pixel * 4 + 3] ?? 0) / 255);
  return { width, height, values };
}

function pickDrawing({ inputShape, largestByte = 255 }: LookSubject): void {
  const [height = 1, width = 1, channels = 1] = inputShape;
  const ink = readInk();
  const region = isFitted.value
    ? fitDrawing(ink, height, width, usualFitting(inputShape))
    : middleRegion(ink, height, width);
  picked.value = {
    from: 'values',
    values: toInput([averageAreas(ink, region, height, width)], channels, largestByte),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function drawStroke(from: Point, to: Point): void {
  const context = openPaper();
  if (context === null) return;
  context.globalCompositeOperation = isErasing.value ? 'destination-out' : 'source-over';
  context.strokeStyle = 'white';
  context.lineWidth = penWidth.value * (isErasing.value ? 1.5 : 1);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

export function DrawingPad({ about }: { readonly about: LookSubject }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = paperSize(about.inputShape);

  function show(): void {
    const context = canvas.current?.getContext('2d');
    context?.clearRect(0, 0, paper.width, paper.height);
    context?.drawImage(paper, 0, 0);
  }
  function update(): void {
    show();
    pickDrawing(about);
  }
  useEffect(() => {
    preparePaper(about.inputShape);
    update();
  }, [about]);
  useEffect(() => (canvas.current === null ? undefined : followPen(canvas.current, update)), [about]);

  return (
    <div class="look-pad">
      <div class="look-paper">
        <canvas
          ref={canvas}
          width={size.width}
          height={size.height}
          role="img"
          aria-label="Paper to draw on with mouse, finger or pen"
        />
        {isEmpty.value && <span class="look-hint">Draw here</span>}
      </div>
      <label class="field look-pen">
        <span>Pen width</span>
        <input
          type="range"
          min={8}
          max={64}
          value={penWidth.value}
          onInput={({ currentTarget }) => {
            penWidth.value = Number(currentTarget.value);
          }}
        />
      </label>
      <div class="button-row">
        <Button
          pressed={isErasing.value}
          onClick={() => {
            isErasing.value = !isErasing.value;
          }}
        >
          Eraser
        </Button>
        <Button
          onClick={() => {
            openPaper()?.clearRect(0, 0, paper.width, paper.height);
            isErasing.value = false;
            isEmpty.value = true;
            update();
          }}
        >
          Clear
        </Button>
      </div>
      <CheckField
        label="Centre and scale"
        title="Place the drawing as the pictures of the data were placed"
        value={isFitted.value}
        onChange={(value) => {
          isFitted.value = value;
          if (!isEmpty.value) update();
        }}
      />
    </div>
  );
}

/** Strokes of one pointer at a time; `update` is called once for each frame in which something was drawn. */
function followPen(canvas: HTMLCanvasElement, update: () => void): () => void {
  let last: Point | undefined;
  let pen: number | undefined;
  let frame: number | undefined;
  const pointOf = ({ clientX, clientY }: PointerEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.left) / box.width) * canvas.width,
      y: ((clientY - box.top) / box.height) * canvas.height,
    };
  };
  function draw(event: PointerEvent): void {
    const point = pointOf(event);
    drawStroke(last ?? point, point);
    last = point;
    isEmpty.value = false;
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      update();
    });
  }
  const listeners = new AbortController();
  const { signal } = listeners;
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (pen !== undefined || event.button !== 0) return;
      pen = event.pointerId;
      canvas.setPointerCapture(pen);
      draw(event);
    },
    { signal },
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      if (event.pointerId !== pen) return;
      const between = event.getCoalescedEvents();
      for (const each of between.length > 0 ? between : [event]) draw(each);
    },
    { signal },
  );
  for (const type of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(
      type,
      (event) => {
        if (event.pointerId !== pen) return;
        pen = undefined;
        last = undefined;
      },
      { signal },
    );
  }
  return () => {
    listeners.abort();
    if (frame !== undefined) cancelAnimationFrame(frame);
  };
}
