/** The mean of each channel over the whole image: an average pool with one window. */
import { averagingLayer } from './average-pool2d.ts';
import type { Layer, LayerPlace } from './layer.ts';
import { imageShape, windowShape } from './window.ts';

export function globalAveragePool2dLayer(place: LayerPlace): Layer {
  const [input = { name: 'data', shape: place.inputShape }] = place.inputs;
  const [inH, inW, inC] = imageShape(place.where, input);
  const windows = windowShape(place.where, { size: [inH, inW], stride: [inH, inW], padding: 'valid' }, input);
  return averagingLayer('globalAveragePool2d', place, windows, [inC]);
}
