/** How a training run looks on a terminal: what is trained where, one live line while it goes, and the result in a few lines. */
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from '../../src/numbers.ts';
import type { Measured, MetricsJson, ResultJson } from '../../src/train/result-json.ts';
import type { EvaluationEvent, ProgressEvent, TrainEvent } from '../../src/train/events.ts';
import type { Prepared } from '../../src/train/session.ts';
import { formatMetric, metricTitle } from '../metric-names.ts';
import { formatTable, openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';

/** Least time between two lines about evaluations where nothing can be redrawn. */
const quietMilliseconds = 2000;

export interface TrainingView {
  show(event: TrainEvent): void;
  say(text: string): void;
  /** Takes the live line away for good. */
  close(): void;
}

export function openTrainingView(
  io: Io,
  { recipe, views, duration, plan }: Prepared,
  names: { readonly device: string; readonly folder: string },
): TrainingView {
  const line = openLiveLine(io);
  const say = (text: string): void => {
    line.clear();
    io.stderr(`${text}\n`);
  };
  let evaluation: EvaluationEvent | undefined;
  const announced = new Set<number>();
  let saidAt = performance.now();

  function describeProgress({ step, losses, samplesPerSecond }: ProgressEvent): string {
    const left = ((duration.steps - step) * plan.batch * plan.population) / samplesPerSecond;
    return [
      `${sayEpoch(step, duration)}  ${String(Math.floor((100 * step) / duration.steps)).padStart(3)} %`,
      `loss ${sayRange(losses, formatNumber)}`,
      ...(evaluation === undefined ? [] : describeEvaluation(evaluation)),
      `${formatCount(samplesPerSecond)} samples/s`,
      `${formatSeconds(left)} left`,
    ].join('   ');
  }

  return {
    say,
    show(event) {
      switch (event.type) {
        case 'start': {
          const { train, validation, test } = views[0]!.split;
          const rows = [
            `${formatCount(train.length)} rows to train on`,
            ...(validation.length > 0 ? [`${formatCount(validation.length)} to validate`] : []),
            ...(test.length > 0 ? [`${formatCount(test.length)} to test`] : []),
          ].join(', ');
          const members = plan.population > 1 ? `${plan.population} members of ` : '';
          say(`${recipe.name}: ${members}${formatCount(event.parameters)} parameters; ${rows}`);
          say(
            `${names.device}: ${formatBytes(event.peakDeviceBytes)}, ready in ${formatSeconds(event.compileSeconds)}`,
          );
          for (const note of event.notes) say(note);
          if (event.step > 0) say(`Going on from step ${formatCount(event.step)} of ${formatCount(event.steps)}.`);
          say(`Run folder ${names.folder}`);
          break;
        }
        case 'progress':
          line.show(describeProgress(event));
          break;
        case 'evaluation': {
          evaluation = event;
          for (const [member, { train }] of event.members.entries()) {
            if (Number.isFinite(train.cost) || announced.has(member)) continue;
            announced.add(member);
            say(`Member ${member} has diverged by step ${formatCount(event.step)}; the others go on.`);
          }
          const now = performance.now();
          if (io.terminalColumns !== undefined || now - saidAt < quietMilliseconds) break;
          saidAt = now;
          const losses = event.members.map((member) => member.train.loss);
          const parts = [sayEpoch(event.step, duration), `loss ${sayRange(losses, formatNumber)}`];
          say([...parts, ...describeEvaluation(event)].join('   '));
          break;
        }
        case 'observation':
          break;
        case 'checkpoint':
          if (event.checkpoint.counters.step === duration.steps) line.show('scoring the final weights', true);
          break;
        default:
          event satisfies never;
      }
    },
    close: line.end,
  };
}

function sayEpoch(step: number, { steps, stepsPerEpoch }: Prepared['duration']): string {
  const digits = steps % stepsPerEpoch === 0 ? 0 : 1;
  const total = (steps / stepsPerEpoch).toFixed(digits);
  return `epoch ${(step / stepsPerEpoch).toFixed(digits).padStart(total.length)} of ${total}`;
}

/** Accuracy or loss on validation; without validation rows, the accuracy on the training batches. */
function describeEvaluation({ members }: EvaluationEvent): string[] {
  const validated = members.every(({ validation }) => validation !== undefined);
  const all = members.map(({ train, validation }) => validation ?? train);
  const accuracies = all.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy]));
  if (accuracies.length > 0) return [`${validated ? 'validation' : 'training'} ${sayRange(accuracies, formatShare)}`];
  const losses = all.map(({ loss }) => loss);
  return validated ? [`validation loss ${sayRange(losses, formatNumber)}`] : [];
}

/** One number as it is, several as the least and the largest; those of members that have diverged are left out. */
function sayRange(values: readonly number[], format: (value: number) => string): string {
  const numbers = values.filter(Number.isFinite);
  const least = format(Math.min(...numbers));
  return numbers.length === 1 ? least : `${least} to ${format(Math.max(...numbers))}`;
}

/** The result for people: how good, where it ran, how fast, and where it is kept. `topK`: the recipe's. */
export function formatResult(result: ResultJson, folder: string, topK: number | undefined): string {
  const { seconds, samplesPerSecond, adapter } = result;
  const facts = [
    ['adapter', adapter],
    [
      'speed',
      `${formatCount(samplesPerSecond)} samples/s; ${formatSeconds(seconds.train)} of training, ` +
        `${formatSeconds(seconds.total)} in all`,
    ],
    ['run folder', folder],
  ];
  return Array.isArray(result.seed)
    ? `${formatMembers(result, topK)}\n${formatTable(facts, 'll')}`
    : formatTable([...describeSplits(result, topK), ...facts], 'll');
}

const splitNames = ['test', 'validation', 'train'] as const;

function describeSplits(result: ResultJson, topK: number | undefined): string[][] {
  const splits = splitNames.flatMap((name) => {
    const metrics = result[name];
    if (metrics === undefined) return [];
    const { loss, cost, accuracy } = metrics;
    const costText = cost === loss ? '' : `, cost ${formatNumber(Number(cost))}`;
    const others = otherMetrics(metrics, topK).map(
      ({ title, values, format }) => `, ${title} ${format(Number(values))}`,
    );
    const share = accuracy === undefined ? undefined : formatShare(Number(accuracy));
    return [{ name, share, loss: `${formatNumber(Number(loss))}${costText}${others.join('')}` }];
  });
  const width = Math.max(...splits.map(({ share }) => share?.length ?? 0));
  return splits.map(({ name, share, loss }) =>
    share === undefined ? [`${name} loss`, loss] : [`${name} accuracy`, `${share.padStart(width)}   loss ${loss}`],
  );
}

interface TitledMetric {
  readonly title: string;
  readonly values: Measured;
  readonly format: (value: number) => string;
}

/** What a split reports besides loss, cost and accuracy. */
function otherMetrics(metrics: MetricsJson, topK: number | undefined): readonly TitledMetric[] {
  return (['topKAccuracy', 'rmse', 'r2'] as const).flatMap((name) => {
    const values = metrics[name];
    if (values === undefined) return [];
    return [{ title: metricTitle(name, topK), values, format: (value: number) => formatMetric(name, value) }];
  });
}

/** The members of a population that have diverged, in words. */
export function divergedMembers({ divergedAt = [] }: ResultJson): string[] {
  return divergedAt.flatMap((step, member) => (step === null ? [] : [`member ${member} at step ${formatCount(step)}`]));
}

function formatMembers(result: ResultJson, topK: number | undefined): string {
  const cells = (values: Measured, format: (value: number) => string): string[] =>
    [values].flat().map((value) => (value === null ? 'diverged' : format(value)));
  const lists = splitNames.flatMap((name) => {
    const metrics: MetricsJson | undefined = result[name];
    if (metrics === undefined) return [];
    const columns = [
      { title: `${name} loss`, cells: cells(metrics.loss, formatNumber) },
      ...otherMetrics(metrics, topK).map(({ title, values, format }) => ({
        title: `${name} ${title}`,
        cells: cells(values, format),
      })),
    ];
    if (metrics.accuracy === undefined) return columns;
    return [{ title: `${name} accuracy`, cells: cells(metrics.accuracy, formatShare) }, ...columns];
  });
  const columns = [
    { title: 'member', cells: [result.seed].flat().map((_, index) => String(index)) },
    { title: 'seed', cells: [result.seed].flat().map(String) },
    ...lists,
  ];
  const rows = [result.seed].flat().map((_, index) => columns.map(({ cells }) => cells[index] ?? ''));
  return formatTable([columns.map(({ title }) => title), ...rows], 'r'.repeat(columns.length));
}
