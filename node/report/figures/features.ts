/** What layers answer to chosen inputs: the feature maps of a convolution, the mean of each of its channels, the values of any layer. */
import type { ChartSpec } from '../chart.ts';
import { layOutPictures } from '../pictures.ts';
import type { ColourBar, PictureRow } from '../pictures.ts';
import { categoryColours, figureWidth, okabeIto } from '../palette.ts';
import { channelOf, divergingMap, drawValues, extentOf, montage, sequentialMap } from '../pixels.ts';
import type { Pixels } from '../pixels.ts';
import { numberFormat } from './figure.ts';
import type { Figure } from './figure.ts';

/** An input as it looks, and what a person calls it: `test row 12, "7"`. */
export interface ShownInput {
  readonly label: string;
  /** Absent where the inputs are no pictures. */
  readonly pixels?: Pixels;
}

/** Output of one layer for the shown inputs, [inputs, ...shape]. */
export interface LayerValues {
  readonly layer: string;
  /** How people are told of it, where that is not its name. */
  readonly title?: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const mostChannels = 32;
const inputSize = 96;
/** Of a panel, without its axis. */
const profileWidth = 780;

/** One layer: a line for each input, the picture first and its channels after it, all on one scale. */
export function featureMapsFigure(
  { layer, title = layer, shape, values }: LayerValues,
  inputs: readonly ShownInput[],
): Figure {
  const [height = 1, width = 1, channels = 1] = shape;
  const map = valueMap(values);
  const rows = inputs.map(({ label, pixels }, index): PictureRow => {
    const own = valuesOf(values, shape, index);
    const maps = drawChannels(own, [height, width, channels], map.map, mostChannels);
    const room = figureWidth - inputSize - 24;
    const scale = Math.min(room / maps.width, inputSize / Math.max(height, width));
    const input = pixels && [{ ...fitInto(pixels, inputSize), pixels }];
    return {
      heading: label,
      pictures: [
        ...(input ?? []),
        { pixels: maps, width: Math.round(maps.width * scale), height: Math.round(maps.height * scale) },
      ],
    };
  });
  const shown = Math.min(channels, mostChannels);
  const which = shown < channels ? `the first ${shown} of ${channels} channels` : `all ${channels} channels`;
  return {
    name: `features-${layer}`,
    alt: `Feature maps of ${title} for ${inputs.map(({ label }) => label).join('; ')}.`,
    caption: `Output of ${title}, ${which} of ${height}x${width}, for each input on the left. One scale for all.`,
    drawing: { kind: 'pictures', svg: layOutPictures(rows, map) },
  };
}

/** Mean of each channel of a layer over its positions, for one input. */
export function channelMeans({ shape, values }: LayerValues, index: number): number[] {
  const channels = shape.at(-1) ?? 1;
  const own = valuesOf(values, shape, index);
  const positions = own.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let position = 0; position < positions; position++) sum += own[position * channels + channel] ?? 0;
    return sum / positions;
  });
}

/** Activation profiles: of each layer a panel, mean activation of every channel for every input. */
export function profilesFigure(layers: readonly LayerValues[], inputs: readonly ShownInput[]): Figure {
  const labels = inputs.map(({ label }) => label);
  const colours = categoryColours(labels.length);
  const panels = layers.map((layer) => {
    const channels = layer.shape.at(-1) ?? 1;
    const means = labels.map((_, index) => channelMeans(layer, index));
    // Channels have no order, so no line joins them: the bars of a channel stand side by side.
    const step = 0.8 / labels.length;
    const bars = means.flatMap((own, index) =>
      own.map((mean, channel) => ({
        place: channel + (index - (labels.length - 1) / 2) * step,
        mean,
        input: labels[index],
      })),
    );
    return {
      title: `${layer.title ?? layer.layer}  (${layer.shape.join('x')})`,
      width: profileWidth,
      height: 130,
      data: { values: bars },
      mark: { type: 'rule', strokeWidth: Math.min(16, Math.max(1, (profileWidth / channels) * step)) },
      encoding: {
        x: {
          field: 'place',
          type: 'quantitative',
          title: 'channel',
          scale: { domain: [-0.5, channels - 0.5], nice: false },
          axis: { tickMinStep: 1, tickCount: 16, format: 'd', grid: false },
        },
        y: {
          field: 'mean',
          type: 'quantitative',
          title: 'mean activation',
          axis: { tickCount: 4, minExtent: 44, format: numberFormat(bars.map(({ mean }) => mean)) },
        },
        y2: { datum: 0 },
        color: {
          field: 'input',
          type: 'nominal',
          title: null,
          scale: { domain: labels, range: colours },
          legend: { orient: 'top', columns: 3, symbolType: 'stroke', symbolSize: 300, symbolStrokeWidth: 6 },
        },
      },
    };
  });
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    vconcat: panels as never,
    spacing: 18,
    resolve: { scale: { color: 'shared' } },
  };
  return {
    name: 'profiles',
    alt: `Mean activation of every channel of ${layers.map(({ layer, title = layer }) => title).join(', ')} for ${labels.join('; ')}.`,
    caption: 'Mean of each channel over all positions of its feature map, for the inputs above.',
    drawing: { kind: 'chart', spec },
  };
}

/** Values of one input in a layer of any shape: channels of an image side by side, or units line by line. */
export function layerFigure({ layer, type, shape, values }: LayerValues, label: string): Figure {
  const map = valueMap(values);
  const isImage = shape.length === 3;
  const units = shape.at(-1) ?? 1;
  const columns = Math.min(units, 32);
  const pixels = isImage
    ? drawChannels(values, [shape[0] ?? 1, shape[1] ?? 1, units], map.map, units)
    : drawValues(padded(values, columns), Math.ceil(units / columns), columns, map.map);
  const largest = isImage ? 128 / Math.max(shape[0] ?? 1, shape[1] ?? 1) : 28;
  const scale = Math.min(figureWidth / pixels.width, largest);
  const numbering = isImage
    ? `${units} channels of ${shape[0]}x${shape[1]}, line by line`
    : `${units} units, line by line, ${columns} a line`;
  const rows = [
    {
      heading: `${layer} (${type}): ${numbering}`,
      pictures: [{ pixels, width: Math.round(pixels.width * scale), height: Math.round(pixels.height * scale) }],
    },
  ];
  return {
    name: layer,
    alt: `Output of ${layer} for ${label}.`,
    caption: `Output of ${layer} for ${label}: ${numbering}.`,
    drawing: { kind: 'pictures', svg: layOutPictures(rows, map) },
  };
}

/** Outputs of the last layer for one input, by name. */
export function outputsFigure(
  layer: string,
  outputs: readonly { readonly name: string; readonly value: number }[],
  title: string,
  label: string,
): Figure {
  const names = outputs.map(({ name }) => name);
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: label,
    width: 640,
    height: { step: 24 },
    data: { values: outputs as never },
    mark: { type: 'bar', color: okabeIto.blue },
    encoding: {
      y: { field: 'name', type: 'nominal', sort: names, scale: { domain: names }, title: null },
      x: {
        field: 'value',
        type: 'quantitative',
        title,
        axis: { tickCount: 6, format: numberFormat(outputs.map(({ value }) => value)) },
      },
    },
  };
  return {
    name: layer,
    alt: `${title} for ${label}: ${outputs.map(({ name, value }) => `${name} ${Number(value.toPrecision(3))}`).join(', ')}.`,
    caption: `${title} of ${layer} for ${label}.`,
    drawing: { kind: 'chart', spec },
  };
}

/** Viridis from 0 where nothing is below it, else blue to vermillion. */
function valueMap(values: Float32Array): ColourBar {
  const [least, most] = extentOf(values);
  const format = (value: number): string => Number(value.toPrecision(2)).toString().replace('-', '−');
  if (least >= 0) return { map: sequentialMap(0, most), least: 0, most, title: 'activation', format };
  const largest = Math.max(-least, most);
  return { map: divergingMap(largest), least: -largest, most: largest, title: 'activation', format };
}

/** A picture of the channels, at most sixteen in a line. */
function drawChannels(
  values: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  map: ColourBar['map'],
  most: number,
): Pixels {
  const tiles = Array.from({ length: Math.min(channels, most) }, (_, channel) =>
    drawValues(channelOf(values, channels, channel), height, width, map),
  );
  // Few channels are drawn larger, in two lines.
  const columns = tiles.length > 16 ? 16 : tiles.length > 8 ? Math.ceil(tiles.length / 2) : tiles.length;
  return montage(tiles, columns, Math.max(height, width) > 16 ? 2 : 1);
}

function valuesOf(values: Float32Array, shape: readonly number[], index: number): Float32Array {
  const count = shape.reduce((product, length) => product * length, 1);
  return values.subarray(index * count, (index + 1) * count);
}

function fitInto({ width, height }: Pixels, side: number): { readonly width: number; readonly height: number } {
  const scale = side / Math.max(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

function padded(values: Float32Array, columns: number): Float32Array {
  const filled = new Float32Array(Math.ceil(values.length / columns) * columns).fill(Number.NaN);
  filled.set(values);
  return filled;
}
