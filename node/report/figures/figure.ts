/** What a figure is: a name, words for those who see it and for those who do not, and what is drawn. */
import { logTicks } from '../../../src/recipe/search-axes.ts';
import type { ChartSpec } from '../chart.ts';
import { extentOf } from '../pixels.ts';

export interface Figure {
  /** Name of its files, without an ending. */
  readonly name: string;
  /** What it shows, in a sentence, for people who cannot see it. */
  readonly alt: string;
  /** How to read it. */
  readonly caption: string;
  readonly drawing: ChartDrawing | PictureDrawing;
}

export interface ChartDrawing {
  readonly kind: 'chart';
  readonly spec: ChartSpec;
}

export interface PictureDrawing {
  readonly kind: 'pictures';
  readonly svg: string;
}

/** Few enough points to be marked one by one. */
export const mostMarkedPoints = 60;

/** At most about `most` of the points, in order: of each stretch the smallest and the largest, so that no peak is lost. */
export function thin<T>(points: readonly T[], most: number, valueOf: (point: T) => number): readonly T[] {
  if (points.length <= most) return points;
  const stretches = Math.max(1, Math.floor(most / 2));
  const kept = new Set<number>([0, points.length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * points.length) / stretches);
    const to = Math.floor(((stretch + 1) * points.length) / stretches);
    let least = from;
    let largest = from;
    for (let index = from + 1; index < to; index++) {
      if (valueOf(points[index] as T) < valueOf(points[least] as T)) least = index;
      if (valueOf(points[index] as T) > valueOf(points[largest] as T)) largest = index;
    }
    kept.add(least);
    kept.add(largest);
  }
  return [...kept].sort((one, other) => one - other).map((index) => points[index] as T);
}

/** Evenly chosen, at most `most` of the items. */
export function sample<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)] as T);
}

/** A logarithmic scale over positive values, with a little room at both ends, and its marks. */
export function logScale(values: readonly number[]): {
  readonly scale: { readonly type: 'log'; readonly domain: [number, number]; readonly nice: false };
  readonly ticks: number[];
} {
  const least = values.reduce((one, other) => Math.min(one, other), Infinity) / 1.1;
  const most = values.reduce((one, other) => Math.max(one, other), -Infinity) * 1.1;
  return { scale: { type: 'log', domain: [least, most], nice: false }, ticks: logTicks(least, most) };
}

/** How the numbers of a linear axis are written: with an exponent only where zeros would have to be counted. */
export function numberFormat(values: Iterable<number>): string {
  const [least, most] = extentOf(values);
  const largest = Math.max(-least, most);
  return largest === 0 || (largest >= 1e-3 && largest < 1e6) ? ',~r' : '~e';
}

/** How numbers of epochs are written at the axis. */
export function epochFormat(lastEpoch: number): string {
  return lastEpoch < 10 ? '~g' : ',.0f';
}

/** An axis of epochs that begins with the run. */
export function epochScale(lastEpoch: number): { readonly domain: [number, number]; readonly nice: false } {
  return { domain: [0, lastEpoch > 0 ? lastEpoch : 1], nice: false };
}
