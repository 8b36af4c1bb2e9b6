/**
 * The comparison: every side trains the same workload; losses are compared before anything is timed, and the timed rounds take turns, so
 * that whatever else the machine does falls on all alike. The first side is Descent, against which the others are held.
 */
import { join } from 'node:path';
import { formatCount, formatNumber } from '../src/numbers.ts';
import { formatSpread } from './figures.ts';
import { gigaflops } from './measure.ts';
import { multiplyAdds, productElement } from './products.ts';
import { sampleIndices } from './protocol.ts';
import type { Answer, ProductSize, Request } from './protocol.ts';
import { writeWorkload } from './side-files.ts';
import type { Side } from './side-process.ts';
import { repeatsFor, summarize } from './statistics.ts';
import type { Spread } from './statistics.ts';
import type { ComparedWorkload, TrainingWorkload } from './workloads.ts';

export interface CompareOptions {
  readonly rounds: number;
  /** Steps of a round; default: as many as fill a second. */
  readonly steps?: number;
  /** Where the files of the workloads go. */
  readonly folder: string;
}

interface Place {
  readonly workload: string;
  readonly shape?: ProductSize;
  readonly side: string;
  readonly version: string;
  readonly adapter: string;
}

export interface TimedRow extends Place {
  /** Of one step, one epoch or one product. */
  readonly ms: Spread;
  readonly rounds: number;
  /** Steps or products of each round. */
  readonly repeats: number;
  readonly samplesPerSecond?: number;
  readonly gflops?: number;
  /** Its time over Descent's: how many times as fast Descent is. */
  readonly ratio?: number;
}

export type Row = TimedRow | (Place & { readonly problem: string });

const checkedSteps = 5;
const lossTolerance = 1e-3;
const roundMilliseconds = 1000;

/** What one side is asked over and over. `check` says what is wrong before anything is timed. */
interface Contest {
  readonly workload: string;
  readonly shape?: ProductSize;
  readonly check: (side: Side) => Promise<string | undefined>;
  /** Milliseconds of one repetition, from one request. */
  readonly time: (side: Side, repeats: number) => Promise<number>;
  /** Repetitions of a round that are not to be chosen by the time they take. */
  readonly repeats?: number;
  readonly rates: (ms: number) => Pick<TimedRow, 'samplesPerSecond' | 'gflops'>;
}

/** Compares the sides on one workload; a row for each side, and for each shape of the products. */
export async function* compareWorkload(
  workload: ComparedWorkload,
  sides: readonly Side[],
  options: CompareOptions,
): AsyncGenerator<Row, void, void> {
  if (workload.kind !== 'products') {
    yield* hold(trainingContest(workload, options), sides, options.rounds);
    return;
  }
  for (const shape of workload.shapes) yield* hold(productContest(workload.name, shape), sides, options.rounds);
}

async function* hold(contest: Contest, sides: readonly Side[], rounds: number): AsyncGenerator<Row, void, void> {
  const problems = new Map<Side, string>();
  const repeats = new Map<Side, number>();
  const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
  /** Does something with each side that has had no problem yet. */
  const each = async (action: (side: Side) => Promise<void>): Promise<void> => {
    for (const side of sides) {
      if (problems.has(side)) continue;
      try {
        await action(side);
      } catch (cause) {
        problems.set(side, `not run: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
  };
  await each(async (side) => {
    if (sides[0] !== undefined && problems.has(sides[0]))
      throw new Error(`${sides[0].name} failed, so there is no measure`);
    const wrong = await contest.check(side);
    if (wrong !== undefined) problems.set(side, wrong);
  });
  await each(async (side) => {
    await contest.time(side, contest.repeats ?? 2);
    const fitting = contest.repeats ?? repeatsFor(roundMilliseconds, await contest.time(side, 2), 4, 1000);
    repeats.set(side, fitting);
  });
  for (let round = 0; round < rounds; round++) {
    await each(async (side) => {
      times.get(side)?.push(await contest.time(side, repeats.get(side) ?? 1));
    });
  }
  let ours: number | undefined;
  for (const side of sides) {
    const { workload, shape } = contest;
    const { version, adapter } = side.hello;
    const place: Place = { workload, ...(shape && { shape }), side: side.name, version, adapter };
    const problem = problems.get(side);
    if (problem !== undefined) {
      yield { ...place, problem };
      continue;
    }
    const ms = summarize(times.get(side) ?? []);
    if (side === sides[0]) ours = ms.median;
    yield {
      ...place,
      ms,
      rounds,
      repeats: repeats.get(side) ?? 1,
      ...contest.rates(ms.median),
      ...(ours !== undefined && side !== sides[0] && { ratio: ms.median / ours }),
    };
  }
}

function trainingContest(workload: TrainingWorkload, { folder, steps }: CompareOptions): Contest {
  const data = join(folder, workload.name);
  const meta = writeWorkload(data, workload);
  let expected: readonly number[] | undefined;
  const isEpoch = workload.kind === 'epoch';
  const samples = isEpoch ? meta.stepsPerEpoch * meta.batch : meta.batch * meta.members;
  const fixed = isEpoch ? 1 : steps;
  return {
    workload: workload.name,
    async check(side) {
      await request(side, { do: 'load', workload: workload.name, data }, 'loaded');
      const losses = await request(side, { do: 'train', steps: checkedSteps }, 'losses');
      expected ??= losses;
      return describeWrongLosses(losses, expected, meta.members);
    },
    time: async (side, repeats) =>
      isEpoch
        ? request(side, { do: 'epoch' }, 'ms')
        : (await request(side, { do: 'time', steps: repeats }, 'ms')) / repeats,
    ...(fixed !== undefined && { repeats: fixed }),
    rates: (ms) => ({ samplesPerSecond: (samples * 1000) / ms }),
  };
}

function productContest(workload: string, shape: ProductSize): Contest {
  const ask = (side: Side, repeats: number): Promise<Answer> => side.ask({ do: 'product', ...shape, repeats });
  const expected = sampleIndices(shape).map((index) => productElement(shape, index));
  return {
    workload,
    shape,
    async check(side) {
      const sample = field(await ask(side, 1), 'sample');
      const wrong = expected.findIndex(
        (value, index) => !(Math.abs((sample[index] ?? Number.NaN) - value) <= 1e-5 * Math.abs(value)),
      );
      return wrong < 0 ? undefined : `wrong: an element is ${sample[wrong]}, not ${expected[wrong]}`;
    },
    time: async (side, repeats) => field(await ask(side, repeats), 'ms'),
    rates: (ms) => ({ gflops: gigaflops(multiplyAdds(shape), ms) }),
  };
}

/** The first loss that is not the expected one, as a sentence. `losses` [steps, members]. */
export function describeWrongLosses(
  losses: readonly number[],
  expected: readonly number[],
  members: number,
): string | undefined {
  if (losses.length !== expected.length) return `wrong: ${losses.length} losses, not ${expected.length}`;
  const wrong = expected.findIndex(
    (value, index) => !(Math.abs((losses[index] ?? Number.NaN) - value) <= lossTolerance * Math.abs(value)),
  );
  if (wrong < 0) return undefined;
  const member = members === 1 ? '' : `, member ${wrong % members}`;
  return `wrong: the loss of step ${Math.floor(wrong / members)}${member} is ${losses[wrong]}, not ${expected[wrong]}`;
}

type Fields = {
  readonly loaded: string;
  readonly losses: readonly number[];
  readonly ms: number;
  readonly sample: readonly number[];
};

async function request<K extends keyof Fields>(side: Side, asked: Request, name: K): Promise<Fields[K]> {
  return field(await side.ask(asked), name);
}

/** A field of an answer. Throws Error with the side's own reason where it failed. */
function field<K extends keyof Fields>(answer: Answer, name: K): Fields[K] {
  const value = (answer as Partial<Fields>)[name];
  if (value !== undefined) return value;
  throw new Error('error' in answer ? answer.error : `the answer has no "${name}"`);
}

/** The rows as a Markdown table, ready for a record. */
export function formatRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const name = `${row.side} ${row.version}`.trim();
    const what = row.shape === undefined ? row.workload : `${row.workload} ${sayShape(row.shape)}`;
    if ('problem' in row) return [what, name, row.problem, '', '', ''];
    const { ms, samplesPerSecond, gflops, ratio } = row;
    const rate =
      samplesPerSecond === undefined
        ? `${formatNumber(gflops ?? 0)} GFLOP/s`
        : `${formatCount(samplesPerSecond)} samples/s`;
    return [
      what,
      name,
      formatNumber(ms.median),
      formatSpread(ms),
      rate,
      ratio === undefined ? '' : `${ratio.toFixed(1)}x`,
    ];
  });
  const lines = [
    ['workload', 'side', 'ms', 'min..max', 'rate', 'time / Descent'],
    ['---', '---', '---:', '---:', '---:', '---:'],
    ...cells,
  ];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}

function sayShape({ kind, m, n, k }: ProductSize): string {
  return `${kind} ${m}x${k} @ ${k}x${n}`;
}
