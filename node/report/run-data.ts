/**
 * All that a report shows of one member of a finished run: what the run folder holds, and what the trained model answers to the rows of
 * its dataset. Nothing is drawn here.
 */
import { join } from 'node:path';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Dataset, SplitName } from '../../src/data/dataset.ts';
import { twoPeaksCurve } from '../../src/data/two-peaks.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { elementCount } from '../../src/formats/shape.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { Device } from '../../src/train/device.ts';
import { planDuration } from '../../src/train/duration.ts';
import { inspectModel, modelTensors, splitOutputs } from '../../src/train/inspect.ts';
import type { LayerActivation, ModelTensor, SplitOutputs } from '../../src/train/inspect.ts';
import type { ModelFile } from '../../src/train/run-files.ts';
import { learningRate } from '../../src/train/schedule.ts';
import { memberRecipe, predictModel } from '../../src/train/use-model.ts';
import type { TrainedModel } from '../../src/train/use-model.ts';
import { openDataFiles } from '../files.ts';
import { openTrainedModel, readModelFile, readResult } from '../run-folder.ts';
import type { Plane } from './figures/boundary.ts';
import type { RatePoint } from './figures/curves.ts';
import type { CurveSample } from './figures/regression.ts';
import { inputRows } from './images.ts';
import { readEvaluations, summarise } from './metrics.ts';
import type { EvaluationRecord, MemberSummary } from './metrics.ts';
import { readObservations } from './observations.ts';
import type { MemberRecord } from './observations.ts';
import { extentOf } from './pixels.ts';

/** A finished run with its data, ready to be asked. */
export interface OpenedRun {
  readonly folder: string;
  readonly trained: TrainedModel;
  readonly model: ModelFile;
  /** Of the member alone. */
  readonly recipe: Recipe;
  readonly population: number;
  readonly dataset: Dataset;
}

export interface RunData extends OpenedRun {
  readonly summary: MemberSummary;
  readonly evaluations: readonly EvaluationRecord[];
  readonly rates: readonly RatePoint[];
  /** Absent where the run has observed nothing. */
  readonly observations?: readonly MemberRecord[];
  readonly tensors: readonly ModelTensor[];
  /** The split that tables and pictures show: test, else validation, else train. */
  readonly reported: SplitName;
  readonly rows: SplitOutputs['split'];
  readonly outputs: SplitOutputs['outputs'];
  /** Rows of the reported split whose activations are shown, and these. */
  readonly chosen: readonly number[];
  readonly activations: readonly LayerActivation[];
  /** Of a regression with one input. */
  readonly fit?: { readonly prediction: readonly CurveSample[]; readonly truth?: readonly CurveSample[] };
  /** Of a classification with two inputs. */
  readonly plane?: Omit<Plane, 'points'>;
}

const mostObservations = 400;
const rateSamples = 600;
const curveSamples = 500;
const planeSide = 160;
const usualInputs = 3;

/** Opens a finished run and loads its data. Throws DataError where there is no such run, or where its data is not found. */
export async function openRunWithData(
  folder: string,
  member: number,
  dataFolder: string | undefined,
): Promise<OpenedRun> {
  const trained = openTrainedModel(folder, member);
  const model = readModelFile(folder);
  const recipe = memberRecipe(trained);
  const files = openDataFiles(dataFolder ?? model.dataFolder, model.startFolder);
  const dataset = await loadDataset(recipe.data, files);
  const features = elementCount(dataset.inputShape);
  if (features !== elementCount(model.inputShape) || dataset.outputCount !== model.outputCount) {
    throw new DataError(
      folder,
      `the data has ${features} inputs and ${dataset.outputCount} outputs, but the run was trained on ` +
        `${elementCount(model.inputShape)} and ${model.outputCount}. Name the folder of its data with --data.`,
    );
  }
  return { folder, trained, model, recipe, population: trained.recipe.members?.length ?? 1, dataset };
}

/** Asks the model everything that a report shows; `chosen` are rows of the reported split, by default one each of the first classes. */
export async function collectRunData(
  run: OpenedRun,
  chosen: readonly number[] | undefined,
  device: Device,
): Promise<RunData> {
  const { folder, trained, model, recipe, dataset } = run;
  const { member } = trained;
  const result = readResult(folder);
  if (result === undefined) {
    throw new DataError(folder, 'is not finished: it has no result.json. Go on with "descent train … --resume".');
  }
  const isRegression = dataset.labels === undefined;
  const { split, outputs } = await splitOutputs(
    trained,
    dataset,
    (rows) =>
      isRegression
        ? (['train', 'validation', 'test'] as const).filter((name) => rows[name].length > 0)
        : [reportedSplit(rows)],
    device,
  );
  const reported = reportedSplit(split);
  const picked = chosen ?? usualChoice(dataset, split[reported]);
  for (const row of picked) checkRow(row, split[reported].length, reported);
  const picture = {
    rows: inputRows(
      dataset,
      picked.map((row) => split[reported][row] ?? 0),
    ),
    place: folder,
  };
  const evaluations = readEvaluations(folder, member, result.epochs);
  const observations = await readObservations(join(folder, 'observations.jsonl'), member, mostObservations);
  const fit = await fitCurve(run, device);
  const plane = await classPlane(run, device);
  return {
    ...run,
    summary: summarise(folder, result, member),
    evaluations,
    rates: rateCurve(recipe, model.trainRows ?? split.train.length, evaluations),
    ...(observations && { observations }),
    tensors: modelTensors(trained, model),
    reported,
    rows: split,
    outputs,
    chosen: picked,
    activations: await inspectModel(trained, model, picture, device),
    ...(fit && { fit }),
    ...(plane && { plane }),
  };
}

/** The rows that a run is judged by. */
export function reportedSplit(rows: Readonly<Record<SplitName, Uint32Array>>): SplitName {
  return (['test', 'validation'] as const).find((name) => rows[name].length > 0) ?? 'train';
}

/** Throws RecipeError for a row that a split has not. */
export function checkRow(row: number, rowCount: number, split: SplitName): void {
  if (row < rowCount) return;
  throw new RecipeError('--input', `the ${split} split has rows 0 to ${rowCount - 1}, no ${row}. Choose one of them.`);
}

/** The first row of each of the first classes, or the first rows. */
function usualChoice({ labels }: Dataset, rows: Uint32Array): number[] {
  const seen = new Set<number>();
  const chosen: number[] = [];
  for (const [index, row] of rows.entries()) {
    const label = labels?.[row] ?? index;
    if (seen.has(label)) continue;
    seen.add(label);
    chosen.push(index);
    if (chosen.length === usualInputs) break;
  }
  return chosen;
}

/** The rate of every step as the schedule has it; where it follows from the run itself, as the evaluations found it. */
export function rateCurve(recipe: Recipe, trainRows: number, evaluations: readonly EvaluationRecord[]): RatePoint[] {
  if (recipe.schedule.type === 'plateau') {
    return evaluations.map(({ epoch, learningRate: rate }) => ({ epoch, rate }));
  }
  const duration = planDuration(recipe, trainRows);
  const steps = Math.min(duration.steps, evaluations.at(-1)?.step ?? duration.steps);
  const count = Math.min(steps, rateSamples);
  return Array.from({ length: count }, (_, index) => {
    const step = count === 1 ? steps - 1 : Math.round((index * (steps - 1)) / (count - 1));
    return { epoch: (step + 1) / duration.stepsPerEpoch, rate: learningRate(recipe, step, duration) };
  });
}

/** What a regression with one input and one output says between its smallest and its largest row. */
async function fitCurve({ trained, model, dataset }: OpenedRun, device: Device): Promise<RunData['fit']> {
  if (dataset.labels !== undefined || dataset.outputCount !== 1 || elementCount(dataset.inputShape) !== 1)
    return undefined;
  const [least, most] = extentOf(dataset.inputs);
  const xs = Float64Array.from(
    { length: curveSamples },
    (_, index) => least + (index / (curveSamples - 1)) * (most - least),
  );
  const rows = model.inputs === 'bytes' ? xs.map(Math.round) : xs;
  const { values } = await predictModel(trained, model, { rows, place: 'the curve' }, device);
  const prediction = Array.from(rows, (x, index) => ({ x, y: values[index] ?? 0 }));
  if (dataset.name !== 'two-peaks') return { prediction };
  return { prediction, truth: Array.from(rows, (x) => ({ x, y: twoPeaksCurve(x) })) };
}

/** The class of every point of the plane around the rows of a classification with two inputs. */
async function classPlane({ trained, model, dataset }: OpenedRun, device: Device): Promise<RunData['plane']> {
  if (dataset.labels === undefined || elementCount(dataset.inputShape) !== 2 || model.inputs !== 'floats')
    return undefined;
  const rangeOf = (feature: number): readonly [number, number] => {
    const [least, most] = extentOf(dataset.inputs.filter((_, index) => index % 2 === feature));
    const room = 0.06 * (most - least || 1);
    return [least - room, most + room];
  };
  const x = rangeOf(0);
  const y = rangeOf(1);
  const rows = new Float64Array(2 * planeSide * planeSide);
  for (let cell = 0; cell < planeSide * planeSide; cell++) {
    const across = ((cell % planeSide) + 0.5) / planeSide;
    const down = (Math.floor(cell / planeSide) + 0.5) / planeSide;
    rows[2 * cell] = x[0] + across * (x[1] - x[0]);
    rows[2 * cell + 1] = y[1] - down * (y[1] - y[0]);
  }
  const { classes, values } = await predictModel(trained, model, { rows, place: 'the plane' }, device);
  const { outputCount, classNames, inputNames } = dataset;
  const sureness = Float64Array.from({ length: planeSide * planeSide }, (_, cell) => {
    const [first = 0, second = 0] = [...values.subarray(cell * outputCount, (cell + 1) * outputCount)].sort(
      (a, b) => b - a,
    );
    return Math.min(1, first - second);
  });
  return {
    inputNames: [inputNames?.[0] ?? 'input 0', inputNames?.[1] ?? 'input 1'],
    classNames: classNames ?? Array.from({ length: outputCount }, (_, label) => String(label)),
    x,
    y,
    side: planeSide,
    classes: classes ?? new Uint32Array(planeSide * planeSide),
    sureness,
  };
}
