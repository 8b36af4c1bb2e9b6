/** Descent's figures on one device: what `descent bench` prints, as one JSON object each or as tables. */
import { formatTable } from '../node/output.ts';
import { formatCount, formatNumber } from '../src/numbers.ts';
import type { Device } from '../src/train/device.ts';
import {
  measureEpoch,
  measureFirstStep,
  measureHost,
  measureKernels,
  measureObserved,
  measureSteps,
} from './measure.ts';
import type { EpochFigure, KernelFigure, ObservedFigure, StepFigure } from './measure.ts';
import { measurePopulations, measureRuns } from './populations.ts';
import type { PopulationFigure, RunsFigure } from './populations.ts';
import { measureProduct } from './products.ts';
import type { ProductFigure } from './products.ts';
import type { Spread } from './statistics.ts';
import { openStepper } from './stepper.ts';
import type { Workload } from './workloads.ts';

/** What was measured, by `figure`; spreads are of the rounds. */
type Measured =
  | ({ readonly figure: 'step' } & StepFigure)
  | ({ readonly figure: 'kernel' } & KernelFigure)
  /** Steps that are observed ten times a second, held against steps that are not. */
  | ({ readonly figure: 'observed' } & ObservedFigure)
  /** JavaScript for each step, on a device that computes nothing. */
  | { readonly figure: 'host'; readonly microseconds: Spread }
  /** From `train()` to its first finished step, shaders compiled. */
  | { readonly figure: 'first step'; readonly ms: Spread }
  | ({ readonly figure: 'epoch' } & EpochFigure)
  /** Steps of members together, held against steps one after the other. */
  | ({ readonly figure: 'population' } & PopulationFigure)
  /** Whole runs as a population, held against runs one after the other. */
  | ({ readonly figure: 'runs' } & RunsFigure)
  | ({ readonly figure: 'product' } & ProductFigure);

export type Figure = { readonly workload: string; readonly adapter: string; readonly rounds: number } & Measured;

export interface FigureOptions {
  readonly rounds: number;
  /** Also times each kernel of a step. */
  readonly kernels: boolean;
  /** Also measures what observations cost. */
  readonly observe: boolean;
}

/** Measures one workload; figures come as they are found. */
export async function* measureWorkload(
  device: Device,
  workload: Workload,
  options: FigureOptions,
): AsyncGenerator<Figure, void, void> {
  const place = { workload: workload.name, adapter: device.name, rounds: options.rounds };
  for await (const measured of measure(device, workload, options)) yield { ...place, ...measured };
}

async function* measure(
  device: Device,
  workload: Workload,
  { rounds, kernels, observe }: FigureOptions,
): AsyncGenerator<Measured, void, void> {
  switch (workload.kind) {
    case 'products':
      for (const shape of workload.shapes) {
        for (const product of await measureProduct(device, shape, rounds)) yield { figure: 'product', ...product };
      }
      return;
    case 'epoch':
      yield { figure: 'epoch', ...(await measureEpoch(device, workload, rounds)) };
      return;
    case 'population':
      for (const figure of await measurePopulations(device, workload, rounds))
        yield { figure: 'population', ...figure };
      return;
    case 'runs':
      yield { figure: 'runs', ...(await measureRuns(device, workload, rounds)) };
      return;
    case 'steps': {
      {
        using stepper = await openStepper(device, workload);
        yield { figure: 'step', ...(await measureSteps(stepper, rounds)) };
        for (const kernel of kernels ? await measureKernels(stepper, rounds) : [])
          yield { figure: 'kernel', ...kernel };
      }
      if (observe) yield { figure: 'observed', ...(await measureObserved(device, workload, rounds)) };
      yield { figure: 'first step', ms: await measureFirstStep(device, workload, rounds) };
      const microseconds = device.kind === 'gpu' ? await measureHost(workload, rounds) : undefined;
      if (microseconds !== undefined) yield { figure: 'host', microseconds };
      return;
    }
    default:
      workload satisfies never;
  }
}

type Of<K extends Figure['figure']> = Extract<Figure, { readonly figure: K }>;

/** The figures as tables for people: steps, epochs, populations and runs, then kernels of each workload, then products. */
export function formatFigures(figures: readonly Figure[], titles: ReadonlyMap<string, string>): string {
  const of = <K extends Figure['figure']>(kind: K): Of<K>[] =>
    figures.filter((each): each is Of<K> => each.figure === kind);
  return [
    formatSteps(of('step'), of('host'), of('first step'), titles),
    formatObserved(of('observed')),
    formatEpochs(of('epoch'), titles),
    formatPopulations(of('population'), titles),
    formatRuns(of('runs'), titles),
    formatKernels(of('kernel')),
    formatProducts(of('product')),
  ]
    .filter((table) => table !== '')
    .join('\n');
}

function formatSteps(
  steps: readonly Of<'step'>[],
  hosts: readonly Of<'host'>[],
  firsts: readonly Of<'first step'>[],
  titles: ReadonlyMap<string, string>,
): string {
  if (steps.length === 0) return '';
  const rows = steps.map(({ workload, ms, samplesPerSecond, gflops, dispatches }) => {
    const host = hosts.find((each) => each.workload === workload);
    const first = firsts.find((each) => each.workload === workload);
    return [
      workload,
      formatNumber(ms.median),
      formatSpread(ms),
      formatCount(samplesPerSecond),
      formatNumber(gflops),
      String(dispatches),
      host === undefined ? '' : formatNumber(host.microseconds.median),
      first === undefined ? '' : formatNumber(first.ms.median),
      titles.get(workload) ?? '',
    ];
  });
  const head = ['step', 'ms', 'min..max', 'samples/s', 'GFLOP/s', 'dispatches', 'host µs', 'first step ms', ''];
  return formatTable([head, ...rows], 'lrrrrrrrl');
}

function formatObserved(figures: readonly Of<'observed'>[]): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ workload, ratio, perSecond, observationMs }) => [
    workload,
    `${((ratio.median - 1) * 100).toFixed(1)} %`,
    `${((ratio.min - 1) * 100).toFixed(1)}..${((ratio.max - 1) * 100).toFixed(1)} %`,
    perSecond.toFixed(1),
    formatNumber(observationMs),
  ]);
  return formatTable([['observed', 'more time', 'min..max', 'a second', 'ms each'], ...rows], 'lrrrr');
}

function formatEpochs(epochs: readonly Of<'epoch'>[], titles: ReadonlyMap<string, string>): string {
  if (epochs.length === 0) return '';
  const rows = epochs.map(({ workload, ms, samplesPerSecond }) => [
    workload,
    formatNumber(ms.median),
    formatSpread(ms),
    formatCount(samplesPerSecond),
    titles.get(workload) ?? '',
  ]);
  return formatTable([['epoch', 'ms', 'min..max', 'samples/s', ''], ...rows], 'lrrrl');
}

function formatPopulations(figures: readonly Of<'population'>[], titles: ReadonlyMap<string, string>): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ workload, population, ms, samplesPerSecond, gain, processorGain, dispatches }, index) => [
    workload,
    String(population),
    formatNumber(ms.median),
    formatSpread(ms),
    formatCount(samplesPerSecond),
    ...formatGain(gain),
    ...formatGain(processorGain),
    String(dispatches),
    figures[index - 1]?.workload === workload ? '' : (titles.get(workload) ?? ''),
  ]);
  const rate = 'member-samples/s';
  const head = ['population', 'P', 'ms', 'min..max', rate, ...gainHead, 'dispatches', ''];
  return formatTable([head, ...rows], 'lrrrrrrrrrl');
}

function formatRuns(figures: readonly Of<'runs'>[], titles: ReadonlyMap<string, string>): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ workload, population, ms, serialMs, gain, processorGain }) => [
    workload,
    String(population),
    formatNumber(ms.median),
    formatSpread(ms),
    formatNumber(serialMs.median),
    formatSpread(serialMs),
    ...formatGain(gain),
    ...formatGain(processorGain),
    titles.get(workload) ?? '',
  ]);
  const head = ['runs', 'P', 'ms together', 'min..max', 'ms in turn', 'min..max', ...gainHead, ''];
  return formatTable([head, ...rows], 'lrrrrrrrrrl');
}

const gainHead = ['gain', 'min..max', 'by processor', 'min..max'];

/** How many times as fast, with its extremes. */
function formatGain(gain: Spread | undefined): [string, string] {
  if (gain === undefined) return ['', ''];
  return [`${gain.median.toFixed(2)}x`, `${gain.min.toFixed(2)}..${gain.max.toFixed(2)}`];
}

function formatKernels(kernels: readonly Of<'kernel'>[]): string {
  const names = [...new Set(kernels.map(({ workload }) => workload))];
  return names
    .map((name) => {
      const own = kernels.filter(({ workload }) => workload === name);
      const rows = own.map(({ kernel, layer, variant = '', ms, share, gflops }) => [
        `  ${kernel}`,
        layer,
        variant,
        formatNumber(ms.median * 1000),
        `${(share * 100).toFixed(1)} %`,
        gflops === undefined ? '' : formatNumber(gflops),
      ]);
      const products = own.filter(({ gflops }) => gflops !== undefined);
      const total = own.reduce((sum, { ms }) => sum + ms.median, 0);
      const share = products.reduce((sum, each) => sum + each.share, 0);
      const last = ['  together', '', '', formatNumber(total * 1000), `${(share * 100).toFixed(1)} % products`, ''];
      return formatTable([[`${name} kernels`, 'layer', 'variant', 'µs', 'share', 'GFLOP/s'], ...rows, last], 'lllrrr');
    })
    .join('\n');
}

function formatProducts(products: readonly Of<'product'>[]): string {
  if (products.length === 0) return '';
  const rows = products.map(({ shape: { kind, m, n, k }, variant, ms, gflops }) => [
    kind,
    `${m}x${k} @ ${k}x${n}`,
    variant,
    formatNumber(ms.median),
    formatSpread(ms),
    formatNumber(gflops),
  ]);
  return formatTable([['product', 'shape', 'variant', 'ms', 'min..max', 'GFLOP/s'], ...rows], 'lllrrr');
}

export function formatSpread({ min, max }: Spread): string {
  return `${formatNumber(min)}..${formatNumber(max)}`;
}
