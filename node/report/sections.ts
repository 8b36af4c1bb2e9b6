/** The chapters of a report: which figures and tables a run gets, in which order, and what is said where one is missing. */
import type { Figure } from './figures/figure.ts';
import { curvesFigure } from './figures/curves.ts';
import { deadUnitsFigure, updateRatiosFigure } from './figures/dynamics.ts';
import { histogramsOverTimeFigure, weightHistogramsFigure } from './figures/histograms.ts';
import { featureMapsFigure, profilesFigure } from './figures/features.ts';
import type { LayerValues, ShownInput } from './figures/features.ts';
import { firstWeightsFigure, kernelsFigure } from './figures/weights.ts';
import { answerSections } from './answers.ts';
import { paragraph } from './html.ts';
import { findImageShape, rowPixels } from './images.ts';
import type { RunData } from './run-data.ts';
import { endSections, summarySection } from './facts.ts';

export interface Section {
  /** Name in links. */
  readonly id: string;
  readonly title: string;
  readonly parts: readonly Part[];
}

/** A figure with a heading, or a piece of the page as it is. */
export type Part = { readonly title?: string; readonly figure: Figure } | { readonly html: string };

/** More layers than these are drawn at even distances from first to last. */
const mostTensors = 24;
const mostConvolutions = 8;

export function reportSections(run: RunData): Section[] {
  return [
    summarySection(run),
    curvesSection(run),
    ...answerSections(run),
    weightsSection(run),
    insideSection(run),
    trainingSection(run),
    ...endSections(run),
  ].filter(({ parts }) => parts.length > 0);
}

function curvesSection({ evaluations, rates, recipe, summary }: RunData): Section {
  const title = 'Learning curves';
  if (evaluations.length === 0) {
    return { id: 'curves', title, parts: [missing('The run folder has no metrics.jsonl, so there are no curves.')] };
  }
  const lastEpoch = evaluations.at(-1)?.epoch ?? summary.epochs;
  const logRate = ['exponential', 'step', 'plateau'].includes(recipe.schedule.type);
  return {
    id: 'curves',
    title,
    parts: [{ figure: curvesFigure(evaluations, rates, lastEpoch, logRate, recipe.evaluation.topK) }],
  };
}

/** Weights as they ended: as pictures where that means something, and as histograms. */
function weightsSection({ tensors, dataset }: RunData): Section {
  const weights = tensors.filter(({ isWeight }) => isWeight);
  const shape = findImageShape(dataset);
  const [first] = weights;
  const parts: Part[] = [];
  if (shape === undefined) {
    parts.push(missing('The inputs are no images, so the weights of the first layer are not drawn as pictures.'));
  } else if (first !== undefined && isDrawable(first, shape)) {
    parts.push({ title: `First layer: ${first.layer}`, figure: firstWeightsFigure(first, shape) });
  } else {
    parts.push(
      missing('The first layer with weights does not get the image as it is: they are not drawn as pictures.'),
    );
  }
  const kernels = weights.filter(({ type }) => type === 'conv2d');
  for (const kernel of spread(kernels, mostConvolutions)) {
    parts.push({ title: `Kernels of ${kernel.layer}`, figure: kernelsFigure(kernel) });
  }
  if (kernels.length > mostConvolutions) {
    parts.push(missing(`${mostConvolutions} of ${kernels.length} convolutions are drawn, from the first to the last.`));
  }
  parts.push({ title: 'Histograms after training', figure: weightHistogramsFigure(spread(weights, mostTensors)) });
  return { id: 'weights', title: 'Weights', parts };
}

function isDrawable(
  { type, shape }: RunData['tensors'][number],
  [height, width, channels]: readonly number[],
): boolean {
  if (type === 'conv2d') return shape[2] === channels;
  return type === 'dense' && shape[0] === (height ?? 0) * (width ?? 0) * (channels ?? 0);
}

/** What convolutions answer to the chosen inputs. */
function insideSection(run: RunData): Section {
  const title = 'Feature maps';
  const convolutions = convolutionOutputs(run);
  if (convolutions.length === 0) {
    if (findImageShape(run.dataset) === undefined) return { id: 'features', title, parts: [] };
    const text =
      'The model has no convolutional layer, so there are no feature maps. "descent inspect" shows the other layers.';
    return { id: 'features', title, parts: [missing(text)] };
  }
  const inputs = shownInputs(run);
  const drawn = spread(convolutions, mostConvolutions);
  const parts: Part[] = drawn.map((layer) => ({
    title: layer.title ?? layer.layer,
    figure: featureMapsFigure(layer, inputs),
  }));
  if (drawn.length < convolutions.length) {
    parts.push(
      missing(`${drawn.length} of ${convolutions.length} convolutions are drawn, from the first to the last.`),
    );
  }
  parts.push({ title: 'Activation profiles', figure: profilesFigure(convolutions, inputs) });
  return { id: 'features', title, parts };
}

/**
 * What each convolution answers. One without an activation that is taken by a normalisation shows what comes out of that: the values
 * before are neither normalised nor activated.
 */
function convolutionOutputs({ activations, recipe }: Pick<RunData, 'activations' | 'recipe'>): LayerValues[] {
  // The model has the layers of the recipe in their order.
  const { layers } = recipe.model;
  return activations.flatMap((own, index): LayerValues[] => {
    const convolution = layers[index];
    if (convolution?.type !== 'conv2d') return [];
    const next = layers.findIndex(
      (other, place) =>
        (other.type === 'batchNorm' || other.type === 'layerNorm') &&
        (other.input === undefined ? place === index + 1 : other.input === own.layer),
    );
    const normalised = activations[next];
    if (convolution.activation !== 'linear' || normalised === undefined) return [own];
    return [{ ...normalised, layer: own.layer, title: `${own.layer} → ${normalised.layer}` }];
  });
}

/** The chosen inputs with their names and pictures. */
function shownInputs({ chosen, reported, rows, dataset }: RunData): ShownInput[] {
  const { labels, classNames } = dataset;
  return chosen.map((index) => {
    const row = rows[reported][index] ?? 0;
    const label = labels?.[row];
    const name = label === undefined ? '' : `: ${classNames?.[label] ?? label}`;
    const pixels = rowPixels(dataset, row);
    return { label: `${reported} row ${index}${name}`, ...(pixels && { pixels }) };
  });
}

/** What was observed while the run trained. */
function trainingSection({ observations, tensors }: RunData): Section {
  const title = 'Inside training';
  if (observations === undefined || observations.length === 0) {
    const text =
      'The run folder has no observations.jsonl (train --observations), so there are no histograms over time, no update ratios and no ' +
      'share of dead units.';
    return { id: 'training', title, parts: [missing(text)] };
  }
  const weights = tensors.filter(({ isWeight }) => isWeight).map(({ name }) => name);
  const names = spread(weights, mostTensors);
  const parts: Part[] = [];
  const ratios = updateRatiosFigure(observations, names);
  parts.push(ratios ? { title: 'Update-to-weight ratios', figure: ratios } : missing('No update was observed.'));
  const dead = deadUnitsFigure(observations);
  const noneDies = 'No layer has an activation whose units can die, so that there is no share of dead units.';
  parts.push(dead ? { title: 'Dead units', figure: dead } : missing(noneDies));
  for (const kind of ['weight', 'gradient'] as const) {
    const figure = histogramsOverTimeFigure(observations, kind, names);
    const heading = kind === 'weight' ? 'Weights over time' : 'Gradients over time';
    parts.push(figure ? { title: heading, figure } : missing(`${heading}: this takes at least two observations.`));
    if (figure && kind === 'weight') parts.push(missing('Biases, scales and shifts are in observations.jsonl.'));
  }
  if (names.length < weights.length) parts.push(missing(`${names.length} of ${weights.length} tensors are drawn.`));
  return { id: 'training', title, parts };
}

export function missing(text: string): Part {
  return { html: paragraph(text, 'missing') };
}

/** At most `most` items at even distances, the first and the last among them. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))] as T);
}
