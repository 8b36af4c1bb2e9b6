/** Numbers as people read them. */

export const formatCount = (count: number): string => Math.round(count).toLocaleString('en');

/** `1 run`, `1,200 runs`. */
export const sayCount = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** 1,234,567 as 1.23 M. */
export function formatShort(count: number): string {
  if (!Number.isFinite(count)) return '–';
  const units = ['', ' k', ' M', ' G', ' T'];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 ? String(Number(value.toPrecision(3))) : value.toPrecision(3)}${units[power] ?? ''}`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  // Three digits; 1000 and more has four before the point.
  return `${power === 0 || value >= 999.5 ? Math.round(value) : value.toPrecision(3)} ${units[power] ?? ''}`;
}

/** A share 0..1 as per cent. */
export const formatShare = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

/** Four significant digits; very small and large ones in powers of ten. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(Math.max(0, digits - 2));
  return Number(value.toPrecision(digits)).toString();
}

export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** [28, 28, 1] as 28×28×1. */
export const formatShape = (shape: readonly number[]): string => shape.join('×');
