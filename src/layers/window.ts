/**
 * Windows that convolutions and pools move over an image: how many fit, and how much padding the image gets. Padding `same` is that of
 * Keras: ceil(size / stride) windows, and where the zeros around are odd in number, one more below and on the right.
 */
import { ShapeError } from '../errors.ts';
import type { LayerPlace } from './layer.ts';

/** One number for height and width, or [height, width]. */
export type Extent = number | readonly [height: number, width: number];

export interface WindowRecipe {
  readonly size: Extent;
  readonly stride: Extent;
  readonly padding: 'valid' | 'same';
  /** What messages call the window. Default: window. */
  readonly noun?: 'kernel' | 'window';
}

/** Window (oy, ox) covers the rows from oy·strideH - padTop and the columns from ox·strideW - padLeft; what lies outside is padding. */
export interface WindowShape {
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** `where` names the layer in messages, `input` is what it gets. Throws ShapeError where that is no image or smaller than a window. */
export function windowShape(
  where: string,
  { size, stride, padding, noun = 'window' }: WindowRecipe,
  input: LayerPlace['inputs'][number],
): WindowShape {
  const [inH, inW, inC] = imageShape(where, input);
  const [kernelH, kernelW] = pair(size);
  const [strideH, strideW] = pair(stride);
  if (padding === 'valid' && (kernelH > inH || kernelW > inW)) {
    const most = inH === inW ? inH : `${inH}x${inW}`;
    throw new ShapeError(
      where,
      `a ${kernelH}x${kernelW} ${noun} without padding does not fit the ${inH}x${inW} input it gets from "${input.name}". ` +
        `Use padding: "same", or a ${noun} of at most ${most}.`,
    );
  }
  const [outH, padTop] = slide(inH, kernelH, strideH, padding);
  const [outW, padLeft] = slide(inW, kernelW, strideW, padding);
  return { inH, inW, inC, outH, outW, kernelH, kernelW, strideH, strideW, padTop, padLeft };
}

/** Height, width and channels of an input. Throws ShapeError where it is no image. */
export function imageShape(
  where: string,
  { name, shape }: LayerPlace['inputs'][number],
): readonly [height: number, width: number, channels: number] {
  const [height, width, channels] = shape;
  if (height === undefined || width === undefined || channels === undefined || shape.length !== 3) {
    throw new ShapeError(
      where,
      `needs an image [height, width, channels], and gets [${shape.join(', ')}] from "${name}". ` +
        'Put it before the layers that flatten the image, such as dense.',
    );
  }
  return [height, width, channels];
}

export function pair(extent: Extent): readonly [height: number, width: number] {
  return typeof extent === 'number' ? [extent, extent] : extent;
}

/** Along one side: the count of windows, and the padding before the first element. */
function slide(
  elements: number,
  windowSize: number,
  stride: number,
  padding: 'valid' | 'same',
): readonly [count: number, before: number] {
  if (padding === 'valid') return [Math.floor((elements - windowSize) / stride) + 1, 0];
  const count = Math.ceil(elements / stride);
  const added = Math.max((count - 1) * stride + windowSize - elements, 0);
  return [count, Math.floor(added / 2)];
}
