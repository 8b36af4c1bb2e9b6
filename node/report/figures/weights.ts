/** Weights as pictures: of the first layer in the shape of the input, and the kernels of every convolution. */
import { layOutPictures } from '../pictures.ts';
import type { ColourBar, Picture, PictureRow } from '../pictures.ts';
import { channelOf, divergingMap, drawImage, drawValues, extentOf, montage } from '../pixels.ts';
import type { Pixels } from '../pixels.ts';
import { figureWidth } from '../palette.ts';
import type { Figure } from './figure.ts';

export interface LayerWeights {
  readonly layer: string;
  readonly type: string;
  /** dense: [inputs, units]; conv2d: [kernelH, kernelW, inC, outC]. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const mostUnits = 64;
/** Input and output channels of a kernel picture. */
const mostInputs = 24;
const mostFilters = 48;
/** Of a picture on the page. */
const unitSize = 84;

/** What each unit of a dense layer on an image [height, width, channels] adds up, or each filter of a first convolution. */
export function firstWeightsFigure(weights: LayerWeights, inputShape: readonly [number, number, number]): Figure {
  const { layer, type, shape, values } = weights;
  const units = shape.at(-1) ?? 1;
  const [height, width, channels] = type === 'conv2d' ? [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1] : inputShape;
  const shown = Math.min(units, mostUnits);
  const inColour = channels === 3;
  const largest = largestSize(values);
  const scale = unitSize / Math.max(height, width);
  const pictures = Array.from({ length: shown }, (_, unit): Picture => {
    const own = channelOf(values, units, unit);
    const pixels = drawUnit(own, [height, width, channels], inColour ? largestSize(own) : largest);
    return {
      pixels,
      width: Math.round(width * scale),
      height: Math.round(height * scale),
    };
  });
  const bar: ColourBar | undefined = inColour
    ? undefined
    : { ...symmetricBar(largest), title: channels === 1 ? 'weight' : 'weight, mean over channels' };
  const what = type === 'conv2d' ? 'filter' : 'unit';
  const which = shown < units ? `The first ${shown} of ${units} ${what}s` : `All ${units} ${what}s`;
  const colours = inColour
    ? 'The three channels are red, green and blue; grey is 0, and each picture is scaled to its own largest weight.'
    : 'Blue is below zero, vermillion above; all pictures have one scale.';
  return {
    name: 'first-layer',
    alt: `Weights of ${layer} as pictures of ${height}x${width}x${channels}, one for each ${what}.`,
    caption: `${which} of ${layer}, ${height}x${width}x${channels} each. ${colours}`,
    drawing: { kind: 'pictures', svg: layOutPictures([{ pictures }], bar) },
  };
}

function drawUnit(values: Float32Array, shape: readonly [number, number, number], largest: number): Pixels {
  const [height, width, channels] = shape;
  if (channels === 3) return drawImage(values, shape, (value) => 127.5 + (127.5 * value) / (largest || 1));
  const mean = Float32Array.from({ length: height * width }, (_, pixel) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += values[pixel * channels + channel] ?? 0;
    return sum / channels;
  });
  return drawValues(mean, height, width, divergingMap(largest));
}

/** Every kernel of a convolution: a row for each input channel, a column for each filter. */
export function kernelsFigure({ layer, shape, values }: LayerWeights): Figure {
  const [kernelH = 1, kernelW = 1, inC = 1, outC = 1] = shape;
  const inputs = Math.min(inC, mostInputs);
  const filters = Math.min(outC, mostFilters);
  const largest = largestSize(values);
  const map = divergingMap(largest);
  const tiles: Pixels[] = [];
  for (let input = 0; input < inputs; input++) {
    for (let filter = 0; filter < filters; filter++) {
      const kernel = Float32Array.from(
        { length: kernelH * kernelW },
        (_, index) => values[(index * inC + input) * outC + filter] ?? 0,
      );
      tiles.push(drawValues(kernel, kernelH, kernelW, map));
    }
  }
  const pixels = montage(tiles, filters, 1);
  // As wide as the page, but no single weight larger than 14 pixels.
  const width = Math.min(figureWidth, pixels.width * 14);
  const rows: PictureRow[] = [
    {
      heading: `${layer}: filters from left to right, input channels downwards`,
      pictures: [{ pixels, width, height: (width * pixels.height) / pixels.width }],
    },
  ];
  const cut =
    inputs < inC || filters < outC
      ? `The first ${filters} of ${outC} filters and ${inputs} of ${inC} input channels. `
      : '';
  return {
    name: `kernels-${layer}`,
    alt: `Kernels of ${layer}: ${outC} filters of ${kernelH}x${kernelW} over ${inC} channels.`,
    caption: `${cut}${outC} filters of ${kernelH}x${kernelW} over ${inC} ${inC === 1 ? 'channel' : 'channels'}; blue is below zero, vermillion above.`,
    drawing: { kind: 'pictures', svg: layOutPictures(rows, { ...symmetricBar(largest), title: 'weight' }) },
  };
}

function largestSize(values: Float32Array): number {
  const [least, most] = extentOf(values);
  return Math.max(-least, most);
}

function symmetricBar(largest: number): Omit<ColourBar, 'title'> {
  return {
    map: divergingMap(largest),
    least: -largest,
    most: largest,
    format: (value) => (value === 0 ? '0' : Number(value.toPrecision(2)).toString().replace('-', '−')),
  };
}
