/** Writes what every layer answers to one input: the values as .npy for programs, and as a picture for people. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SplitName } from '../../src/data/dataset.ts';
import { splitDataset } from '../../src/data/dataset.ts';
import { RecipeError } from '../../src/errors.ts';
import { writeNpy } from '../../src/formats/npy.ts';
import type { Device } from '../../src/train/device.ts';
import { inspectModel } from '../../src/train/inspect.ts';
import type { LayerActivation } from '../../src/train/inspect.ts';
import { largestOutputs, probabilities } from '../../src/train/scores.ts';
import { writeWhole } from '../run-folder.ts';
import { svgToPng } from './chart.ts';
import { layerFigure, outputsFigure } from './figures/features.ts';
import type { Figure } from './figures/figure.ts';
import { inputRow, rowPixels } from './images.ts';
import { layOutPictures } from './pictures.ts';
import { drawFigure } from './write-page.ts';
import { checkRow, reportedSplit } from './run-data.ts';
import type { OpenedRun } from './run-data.ts';

export interface InspectedLayer {
  readonly layer: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** Names in the folder. */
  readonly npy: string;
  readonly png: string;
}

export interface Inspection {
  readonly folder: string;
  readonly split: SplitName;
  readonly row: number;
  /** Of a classification: the name of the class that the row has, and of the one that it is given. */
  readonly label?: string;
  readonly predicted?: string;
  /** Of a regression: what the row should give, and what the model makes of it, one number for each output. */
  readonly targets?: readonly number[];
  readonly predictions?: readonly number[];
  readonly layers: readonly InspectedLayer[];
}

const inputSide = 320;

/** Row `row` of a split, from 0; without a split, of the one that reports show. */
export async function writeInspection(
  run: OpenedRun,
  row: number,
  split: SplitName | undefined,
  out: string | undefined,
  device: Device,
): Promise<Inspection> {
  const { folder, trained, model, recipe, dataset } = run;
  const rows = splitDataset(dataset, recipe.data);
  const name = split ?? reportedSplit(rows);
  if (rows[name].length === 0) {
    const there = (['train', 'validation', 'test'] as const).filter((each) => rows[each].length > 0);
    throw new RecipeError('--split', `the run has no ${name} rows. It has: ${there.join(', ')}.`);
  }
  checkRow(row, rows[name].length, name);
  const dataRow = rows[name][row] ?? 0;
  const values = inputRow(dataset, dataRow);
  const layers = await inspectModel(trained, model, { rows: values, place: folder }, device);

  const memberPart = run.population > 1 ? `member${trained.member}-` : '';
  const target = out ?? join(folder, `inspect-${memberPart}${name}-${row}`);
  mkdirSync(target, { recursive: true });
  const digits = String(layers.length).length;
  const fileName = (index: number, layer: string): string => `${String(index).padStart(digits, '0')}-${layer}`;
  const label = nameOf(run, dataset.labels?.[dataRow]);
  const text = `${name} row ${row}${label === undefined ? '' : ` (${label})`}`;
  const written: InspectedLayer[] = [];
  const write = async (
    { layer, type, shape, values: own }: LayerActivation,
    index: number,
    figure: Figure | undefined,
  ): Promise<void> => {
    const file = fileName(index, layer);
    writeWhole(join(target, `${file}.npy`), writeNpy(own, shape));
    if (figure !== undefined) writeWhole(join(target, `${file}.png`), svgToPng(await drawFigure(figure)));
    written.push({ layer, type, shape, npy: `${file}.npy`, png: figure === undefined ? '' : `${file}.png` });
  };

  const input = { layer: 'input', type: 'input', shape: dataset.inputShape, values: Float32Array.from(values) };
  await write(input, 0, inputFigure(run, dataRow, text) ?? layerFigure(input, text));
  const last = layers.length - 1;
  for (const [index, layer] of layers.entries()) {
    await write(layer, index + 1, index === last ? lastFigure(run, layer, text) : layerFigure(layer, text));
  }
  const { labels, targets, outputCount } = dataset;
  const outputs = layers[last]?.values ?? new Float32Array();
  const [given] = labels === undefined ? [] : largestOutputs(outputs, outputCount);
  const predicted = nameOf(run, given);
  return {
    folder: target,
    split: name,
    row,
    ...(label !== undefined && { label }),
    ...(predicted !== undefined && { predicted }),
    ...(targets !== undefined && {
      targets: [...targets.subarray(dataRow * outputCount, (dataRow + 1) * outputCount)],
      predictions: [...outputs],
    }),
    layers: written,
  };
}

function nameOf({ dataset }: OpenedRun, label: number | undefined): string | undefined {
  return label === undefined ? undefined : (dataset.classNames?.[label] ?? String(label));
}

function inputFigure({ dataset }: OpenedRun, row: number, label: string): Figure | undefined {
  const pixels = rowPixels(dataset, row);
  if (pixels === undefined) return undefined;
  const scale = inputSide / Math.max(pixels.width, pixels.height);
  const picture = { pixels, width: Math.round(pixels.width * scale), height: Math.round(pixels.height * scale) };
  const svg = layOutPictures([{ heading: label, pictures: [picture] }]);
  return { name: 'input', alt: label, caption: label, drawing: { kind: 'pictures', svg } };
}

/** Probabilities by class where the loss makes them, else the outputs. */
function lastFigure({ dataset, recipe }: OpenedRun, { layer, values }: LayerActivation, label: string): Figure {
  const { outputCount, classNames } = dataset;
  const areProbabilities = recipe.loss === 'crossEntropy';
  const shown = areProbabilities ? probabilities(values, outputCount) : Float64Array.from(values);
  const outputs = Array.from(shown, (value, output) => ({ name: classNames?.[output] ?? `output ${output}`, value }));
  return outputsFigure(layer, outputs, areProbabilities ? 'probability' : 'output', label);
}
