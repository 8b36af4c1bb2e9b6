/** Numbers as the command line writes them, with a dash where there is none; and those that only a page has room for. */
import * as numbers from '../../src/numbers.ts';

export { formatBytes, formatCount, formatShare, sayCount } from '../../src/numbers.ts';

export const formatNumber = (value: number, digits?: number): string =>
  Number.isFinite(value) ? numbers.formatNumber(value, digits) : '–';

export const formatSeconds = (seconds: number): string =>
  Number.isFinite(seconds) ? numbers.formatSeconds(seconds) : '–';

/** 1,234,567 as 1.23 M. */
export function formatShort(count: number): string {
  if (!Number.isFinite(count)) return '–';
  const units = ['', ' k', ' M', ' G', ' T'];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 ? String(Number(value.toPrecision(3))) : value.toPrecision(3)}${units[power] ?? ''}`;
}

/** [28, 28, 1] as 28×28×1. */
export const formatShape = (shape: readonly number[]): string => shape.join('×');
