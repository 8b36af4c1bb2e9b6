/** What each view shows of a snapshot. */
import type { SplitName } from '../../../src/data/dataset.ts';
import { elementCount } from '../../../src/formats/shape.ts';
import { parameterTensors } from '../../../src/model/model.ts';
import { confusionMatrix, largestOutputs, probabilities } from '../../../src/train/scores.ts';
import type { Prepared } from '../../../src/train/session.ts';
import type {
  LookResult,
  LookView,
  PickedInput,
  Range,
  SeenConfusion,
  SeenFit,
  SeenInput,
  SeenPlane,
  SeenScatter,
  SeenWeights,
} from '../../protocol/looking.ts';
import type { Snapshot } from '../live-model.ts';
import type { Inspectors } from './inspectors.ts';
import type { SplitScores } from './scores.ts';
import { shownRows, splitOf, takeRows } from './subject.ts';

export interface Looker {
  readonly inspectors: Inspectors;
  readonly scores: SplitScores;
}

interface Question {
  readonly snapshot: Snapshot;
  readonly member: number;
  readonly signal: AbortSignal;
}

const planeSide = 64;
const curvePoints = 256;
const mostPoints = 1000;
/** Beyond the outermost rows, as a share of what lies between them. */
const margin = 0.06;

/** Undefined where the signal was aborted before it was known. */
export async function seeView(looker: Looker, view: LookView, question: Question): Promise<LookResult | undefined> {
  switch (view.kind) {
    case 'input':
      return seeInput(looker, view.input, view.activations, question);
    case 'weights':
      return seeWeights(view.tensor, question);
    case 'confusion':
      return seeConfusion(looker, view.split, question);
    case 'plane':
      return seePlane(looker, question);
    case 'fit':
      return seeFit(looker, question);
    case 'scatter':
      return seeScatter(looker, question);
  }
  return view satisfies never;
}

async function seeInput(
  { inspectors }: Looker,
  input: PickedInput,
  withActivations: boolean,
  { snapshot, member }: Question,
): Promise<SeenInput> {
  const { prepared, step } = snapshot;
  const { dataset, recipe } = prepared;
  const dataRow = input.from === 'split' ? splitOf(prepared, member)[input.split][input.index] : undefined;
  const row = input.from === 'values' ? input.values : takeRows(dataset, [dataRow ?? 0]);
  const layers = withActivations ? await inspectors.activations(snapshot, member, row) : undefined;
  const outputs = layers?.at(-1)?.values ?? (await inspectors.output(snapshot, member, row));
  const { labels, targets, outputCount } = dataset;
  const own = dataRow === undefined ? undefined : { label: labels?.[dataRow], start: dataRow * outputCount };
  return {
    kind: 'input',
    step,
    values: Float32Array.from(row),
    outputs: recipe.loss === 'crossEntropy' ? probabilities(outputs, outputCount) : Float64Array.from(outputs),
    ...(own?.label !== undefined && { label: own.label }),
    ...(own !== undefined && targets && { targets: [...targets.subarray(own.start, own.start + outputCount)] }),
    ...(layers && { layers }),
  };
}

function seeWeights(name: string, { snapshot, member }: Question): SeenWeights | undefined {
  const { prepared, parameters, step } = snapshot;
  const { model } = prepared.plan;
  const tensor = parameterTensors(model).find((each) => each.name === name);
  if (tensor === undefined) return undefined;
  const start = member * model.memberStride + tensor.arenaOffset;
  const values = parameters.slice(start, start + elementCount(tensor.shape));
  return { kind: 'weights', step, tensor: name, values };
}

async function seeConfusion(
  { scores }: Looker,
  split: SplitName,
  { snapshot, member, signal }: Question,
): Promise<SeenConfusion | undefined> {
  const { dataset } = snapshot.prepared;
  const scored = await scores.score(snapshot, member, split, signal);
  if (scored === undefined) return undefined;
  const labels = splitOf(snapshot.prepared, member)[split].map((row) => dataset.labels?.[row] ?? 0);
  const counts = confusionMatrix(labels, scored.predicted, dataset.outputCount);
  return { kind: 'confusion', step: snapshot.step, split, counts };
}

async function seePlane({ inspectors }: Looker, question: Question): Promise<SeenPlane | undefined> {
  const { snapshot, member, signal } = question;
  const { prepared, step } = snapshot;
  const { dataset, recipe } = prepared;
  const { rows, ...shown } = shownRows(prepared, member, mostPoints);
  const points = Float64Array.from(takeRows(dataset, rows));
  const x = widened(dataset.inputs, 0, 2);
  const y = widened(dataset.inputs, 1, 2);
  const asked = new Float64Array(2 * planeSide * planeSide + points.length);
  for (let cell = 0; cell < planeSide * planeSide; cell++) {
    const across = ((cell % planeSide) + 0.5) / planeSide;
    const down = (Math.floor(cell / planeSide) + 0.5) / planeSide;
    asked[2 * cell] = x[0] + across * (x[1] - x[0]);
    asked[2 * cell + 1] = y[1] - down * (y[1] - y[0]);
  }
  asked.set(points, 2 * planeSide * planeSide);
  const outputs = await inspectors.outputs(snapshot, member, asked, signal);
  if (outputs === undefined) return undefined;
  const { outputCount, labels } = dataset;
  const classes = Uint8Array.from(largestOutputs(outputs, outputCount));
  const cells = planeSide * planeSide;
  const shares = recipe.loss === 'crossEntropy' ? probabilities(outputs, outputCount) : undefined;
  return {
    kind: 'plane',
    step,
    x,
    y,
    side: planeSide,
    classes: classes.subarray(0, cells),
    sureness: Float32Array.from(
      { length: cells },
      (_, cell) => shares?.[cell * outputCount + (classes[cell] ?? 0)] ?? 1,
    ),
    points: Float32Array.from(points),
    labels: Uint8Array.from(rows, (row) => labels?.[row] ?? 0),
    predicted: classes.subarray(cells),
    ...shown,
  };
}

async function seeFit({ inspectors }: Looker, question: Question): Promise<SeenFit | undefined> {
  const { snapshot, member, signal } = question;
  const { dataset } = snapshot.prepared;
  const { rows, ...shown } = shownRows(snapshot.prepared, member, mostPoints);
  const [least, most] = widened(dataset.inputs, 0, 1);
  const curveX = Float64Array.from(
    { length: curvePoints },
    (_, index) => least + (index / (curvePoints - 1)) * (most - least),
  );
  const curveY = await inspectors.outputs(snapshot, member, curveX, signal);
  if (curveY === undefined) return undefined;
  return {
    kind: 'fit',
    step: snapshot.step,
    curveX,
    curveY,
    pointX: Float64Array.from(takeRows(dataset, rows)),
    pointY: targetsOf(snapshot.prepared, rows),
    ...shown,
  };
}

async function seeScatter({ inspectors }: Looker, question: Question): Promise<SeenScatter | undefined> {
  const { snapshot, member, signal } = question;
  const { rows, ...shown } = shownRows(snapshot.prepared, member, mostPoints);
  const outputs = await inspectors.outputs(snapshot, member, takeRows(snapshot.prepared.dataset, rows), signal);
  if (outputs === undefined) return undefined;
  return { kind: 'scatter', step: snapshot.step, targets: targetsOf(snapshot.prepared, rows), outputs, ...shown };
}

function targetsOf({ dataset }: Prepared, rows: readonly number[]): Float32Array {
  const { targets, outputCount } = dataset;
  return Float32Array.from(
    rows.flatMap((row) => [...(targets?.subarray(row * outputCount, (row + 1) * outputCount) ?? [])]),
  );
}

/** Least and largest value of a feature, and some room around them. */
function widened(inputs: ArrayLike<number>, feature: number, features: number): Range {
  let least = Infinity;
  let most = -Infinity;
  for (let index = feature; index < inputs.length; index += features) {
    least = Math.min(least, inputs[index] ?? least);
    most = Math.max(most, inputs[index] ?? most);
  }
  const room = margin * (most - least || 1);
  return [least - room, most + room];
}
