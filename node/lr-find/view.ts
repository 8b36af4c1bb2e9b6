/** How a range test looks on a terminal: one live line while it runs, and a short table of what it suggests. */
import type { RangeChange } from '../../src/lr-find/apply-range.ts';
import { endReasons, listSuggestions } from '../../src/lr-find/describe.ts';
import type { RangeProgress, RangeStart, RangeTest } from '../../src/lr-find/range-test.ts';
import { formatCount, formatNumber, formatSeconds, formatShare, sayCount } from '../../src/numbers.ts';
import { formatTable, openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';

/** Least time between two lines where nothing can be redrawn. */
const quietMilliseconds = 2000;

export interface RangeView extends Disposable {
  start(start: RangeStart): void;
  show(progress: RangeProgress): void;
  say(text: string): void;
  /** Takes the live line away for good. */
  close(): void;
}

export function openRangeView(io: Io, name: string, device: string): RangeView {
  const line = openLiveLine(io);
  let saidAt = performance.now();
  const say = (text: string): void => {
    line.clear();
    io.stderr(`${text}\n`);
  };
  return {
    say,
    start({ parameters, trainRows, steps, notes }) {
      say(`${name}: ${formatCount(parameters)} parameters; ${formatCount(trainRows)} rows to train on`);
      say(`${device}: range test of ${sayCount(steps, 'step')}`);
      for (const note of notes) say(note);
    },
    show(progress) {
      const text = describeProgress(progress);
      if (io.terminalColumns !== undefined) {
        line.show(text);
        return;
      }
      const now = performance.now();
      if (now - saidAt < quietMilliseconds) return;
      saidAt = now;
      say(text);
    },
    close: line.end,
    [Symbol.dispose]: line.end,
  };
}

function describeProgress({ steps, last, samplesPerSecond }: RangeProgress): string {
  const { step, rate, smoothedLoss, smoothedAccuracy } = last;
  return [
    `step ${formatCount(step + 1).padStart(formatCount(steps).length)} of ${formatCount(steps)}`,
    `rate ${formatNumber(rate)}`,
    `loss ${formatNumber(smoothedLoss)}`,
    ...(smoothedAccuracy === undefined ? [] : [`accuracy ${formatShare(smoothedAccuracy)}`]),
    `${formatCount(samplesPerSecond)} samples/s`,
  ].join('   ');
}

/** The result for people. `written`: what --write has changed. */
export function formatRangeTest(
  test: RangeTest,
  folder: string,
  written: { readonly file: string; readonly changes: readonly RangeChange[] } | undefined,
): string {
  const { suggestions, from, to, curve, steps, stepsPerEpoch, adapter } = test;
  const suggested = listSuggestions(test).map(({ name, rate, meaning }) => [name, sayRate(rate), meaning]);
  const epochs = Number((steps / stepsPerEpoch).toPrecision(3));
  const facts = [
    [
      'test',
      `${formatNumber(from)} to ${formatNumber(to)}, ${curve}, ${sayCount(steps, 'step')} (${epochs} ${epochs === 1 ? 'epoch' : 'epochs'})`,
    ],
    ...sayEnd(test),
    ['adapter', adapter],
    ['time', formatSeconds(test.seconds)],
    ['folder', folder],
    ...(written && written.changes.length > 0 ? [['written', `${written.file}: ${sayChanges(written.changes)}`]] : []),
  ];
  const notes = suggestions.notes.map((note) => `${nameOptions(note)}\n`).join('');
  return `${formatTable(suggested, 'lrl')}${notes}\n${formatTable(facts, 'll')}`;
}

/** A sentence about settings of a range test, which it writes "from" and "to", in the words of the command line. */
export function nameOptions(sentence: string): string {
  return sentence.replaceAll(/"(from|to|smoothing)"/g, '--$1');
}

function sayRate(rate: number | undefined): string {
  return rate === undefined ? '-' : formatNumber(rate);
}

function sayEnd({ ended, points }: RangeTest): string[][] {
  if (ended === 'complete') return [];
  const last = points.at(-1);
  const place = `after ${sayCount(points.length, 'step')}, at a rate of ${formatNumber(last?.rate ?? 0)}`;
  return [['ended', `${place}: ${endReasons[ended]}`]];
}

function sayChanges(changes: readonly RangeChange[]): string {
  return changes.map(({ path, value }) => `${path} = ${formatNumber(value)}`).join(', ');
}
