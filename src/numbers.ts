/** Numbers as people read them, in a terminal and on a page alike. */

/** 12345 as 12,345. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en');

/** `1 run`, `1,200 runs`. */
export const sayCount = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** A share 0..1 as 98.33 %. */
export const formatShare = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

/** So many significant digits, without an exponent for everyday sizes. */
export function formatNumber(value: number, digits = 4): string {
  const size = Math.abs(value);
  const isEveryday = size === 0 || (size >= 1e-4 && size < 1e6);
  return isEveryday ? String(Number(value.toPrecision(digits))) : value.toExponential(Math.max(0, digits - 2));
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return unit === 0 ? `${bytes} B` : `${(bytes / 2 ** (10 * unit)).toFixed(1)} ${units[unit]}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  // Rounded first: 59.7 s are 1 min 0 s.
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
