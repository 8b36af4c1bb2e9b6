/** What the trained model answers to rows: confusion, classes and mistakes of a classifier; fit and residuals of a regression. */
import { formatCount, formatNumber, formatShare } from '../../src/numbers.ts';
import { classScores, confusionMatrix, largestOutputs, probabilities } from '../../src/train/scores.ts';
import type { ClassScores } from '../../src/train/scores.ts';
import { boundaryFigure } from './figures/boundary.ts';
import type { PlanePoint } from './figures/boundary.ts';
import { confusionFigure } from './figures/confusion.ts';
import { formatProbability, mistakesFigure } from './figures/mistakes.ts';
import type { Mistake } from './figures/mistakes.ts';
import { fitFigure, predictionsFigure, residualsFigure } from './figures/regression.ts';
import type { RegressionPoint } from './figures/regression.ts';
import { paragraph, table } from './html.ts';
import { rowPixels } from './images.ts';
import type { RunData } from './run-data.ts';
import type { Part, Section } from './sections.ts';

const mostMistakes = 24;
const splitNames = ['train', 'validation', 'test'] as const;

export function answerSections(run: RunData): Section[] {
  return run.dataset.labels === undefined ? [regressionSection(run)] : classifierSections(run);
}

/** What a classifier does with the reported rows. */
export interface ClassifierAnswers {
  readonly classNames: readonly string[];
  /** Rows counted by class (first index) and predicted class. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassScores[];
  readonly mistakeCount: number;
  /** The surest first. */
  readonly mistakes: readonly Mistake[];
}

export function classifierAnswers({ dataset, rows, reported, outputs, recipe }: RunData): ClassifierAnswers {
  const { labels, classNames: known, outputCount } = dataset;
  const given = rows[reported].map((row) => labels?.[row] ?? 0);
  const values = outputs[reported] ?? new Float32Array();
  const predicted = largestOutputs(values, outputCount);
  const confusion = confusionMatrix(given, predicted, outputCount);
  const classNames = known ?? confusion.map((_, label) => String(label));
  const areProbabilities = recipe.loss === 'crossEntropy';
  const sureness = areProbabilities ? probabilities(values, outputCount) : Float64Array.from(values);
  const wrong = [...given.keys()]
    .filter((row) => predicted[row] !== given[row])
    .map((row) => ({ row, sure: sureness[row * outputCount + (predicted[row] ?? 0)] ?? 0 }))
    .sort((one, other) => other.sure - one.sure);
  const mistakes = wrong.slice(0, mostMistakes).map(({ row, sure }) => ({
    row,
    actual: classNames[given[row] ?? 0] ?? '',
    predicted: classNames[predicted[row] ?? 0] ?? '',
    ...(areProbabilities && { probability: sure }),
  }));
  return { classNames, confusion, classes: classScores(confusion, classNames), mistakeCount: wrong.length, mistakes };
}

function classifierSections(run: RunData): Section[] {
  const answers = classifierAnswers(run);
  const { classNames, confusion, classes } = answers;
  const { reported } = run;
  const count = `${formatCount(run.rows[reported].length)} ${reported} rows`;
  const rows = classes.map(({ name, precision, recall, f1, support }) => [
    name,
    ...[precision, recall, f1].map((value) => formatShare(value)),
    formatCount(support),
  ]);
  return [
    {
      id: 'classes',
      title: 'Classes',
      parts: [
        { title: `Confusion matrix, ${count}`, figure: confusionFigure(confusion, classNames, reported) },
        { html: table(`By class, ${count}`, ['class', 'precision', 'recall', 'F1', 'rows'], rows, 'lrrrr') },
      ],
    },
    { id: 'mistakes', title: 'Most confident mistakes', parts: [mistakesPart(run, answers)] },
    { id: 'boundary', title: 'Decision boundary', parts: boundaryParts(run) },
  ];
}

function mistakesPart({ dataset, rows, reported }: RunData, { mistakes, mistakeCount }: ClassifierAnswers): Part {
  if (mistakeCount === 0) return { html: paragraph(`No mistake on the ${reported} rows.`, 'missing') };
  const drawn = mistakes.flatMap((mistake) => {
    const pixels = rowPixels(dataset, rows[reported][mistake.row] ?? 0);
    return pixels === undefined ? [] : [{ ...mistake, pixels }];
  });
  const title = `${mistakes.length} of ${formatCount(mistakeCount)} mistakes on the ${reported} rows`;
  if (drawn.length > 0) return { title, figure: mistakesFigure(drawn, reported) };
  const cells = mistakes.map(({ row, actual, predicted, probability }) => [
    String(row),
    predicted,
    probability === undefined ? '' : formatProbability(probability),
    actual,
  ]);
  return { html: table(title, ['row', 'predicted', 'probability', 'class'], cells, 'llrl') };
}

function boundaryParts({ plane, dataset, rows }: RunData): Part[] {
  if (plane === undefined) return [];
  const points = splitNames.flatMap((split) =>
    Array.from(rows[split], (row): PlanePoint => ({
      x: dataset.inputs[2 * row] ?? 0,
      y: dataset.inputs[2 * row + 1] ?? 0,
      label: dataset.labels?.[row] ?? 0,
      split,
    })),
  );
  return [{ figure: boundaryFigure({ ...plane, points }) }];
}

/** Every row of every split with its prediction; of several outputs the first. */
export function regressionPoints({ dataset, rows, outputs }: RunData): RegressionPoint[] {
  const { targets, outputCount, inputs, inputShape } = dataset;
  const hasOneInput = inputShape.length === 1 && inputShape[0] === 1;
  return splitNames.flatMap((split) =>
    Array.from(rows[split], (row, index) => ({
      split,
      ...(hasOneInput && { x: inputs[row] ?? 0 }),
      target: targets?.[row * outputCount] ?? 0,
      prediction: outputs[split]?.[index * outputCount] ?? 0,
    })),
  );
}

function regressionSection(run: RunData): Section {
  const { fit, dataset } = run;
  const points = regressionPoints(run);
  const inputName = dataset.inputNames?.[0] ?? 'input';
  const several =
    dataset.outputCount > 1 ? [{ html: paragraph(`The first of ${dataset.outputCount} outputs.`, 'missing') }] : [];
  const parts: Part[] = [
    ...several,
    fit === undefined
      ? { title: 'Predictions', figure: predictionsFigure(points, targetName(run)) }
      : { title: 'Fit', figure: fitFigure({ inputName, points, ...fit }) },
    { title: 'Residuals', figure: residualsFigure(points, fit && inputName) },
    { html: residualTable(points) },
  ];
  return { id: 'regression', title: 'Regression', parts };
}

/** The name of a table's target column, if the recipe says it. */
function targetName({ recipe: { data } }: RunData): string | undefined {
  return data.source === 'csv' ? data.target : undefined;
}

/** What is left over, in numbers; float64. */
function residualTable(points: readonly RegressionPoint[]): string {
  const rows = splitNames.flatMap((name) => {
    const residuals = points.filter(({ split }) => split === name).map(({ target, prediction }) => prediction - target);
    if (residuals.length === 0) return [];
    const mean = residuals.reduce((sum, value) => sum + value, 0) / residuals.length;
    const square = residuals.reduce((sum, value) => sum + value * value, 0) / residuals.length;
    const largest = residuals.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return [
      [name, ...[mean, Math.sqrt(square), largest].map((value) => formatNumber(value)), formatCount(residuals.length)],
    ];
  });
  return table('Prediction minus target', ['split', 'mean', 'root mean square', 'largest size', 'rows'], rows, 'lrrrr');
}
