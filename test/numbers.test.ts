// Numbers as people read them.
import { expect, test } from 'vitest';
import { formatBytes, formatNumber, formatSeconds, formatShare, sayCount } from '../src/numbers.ts';

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.7, '1 min 0 s'],
  [119.6, '2 min 0 s'],
  [3599.8, '1 h 0 min'],
  [7260, '2 h 1 min'],
])('%d seconds are %s: never 60 of one unit', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test.each([
  [0, '0'],
  [0.0005, '0.0005'],
  [0.00005, '5.00e-5'],
  [-1234.56, '-1235'],
  [1e6, '1.00e+6'],
])('%d is written %s', (value, text) => expect(formatNumber(value)).toBe(text));

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [2 ** 27, '128.0 MiB'],
  [2 ** 42, '4096.0 GiB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test('shares are per cent, and counts agree with their noun', () => {
  expect([formatShare(0.98333), formatShare(0.5, 0)]).toEqual(['98.33 %', '50 %']);
  expect([sayCount(1, 'run'), sayCount(1200, 'run'), sayCount(2, 'loss', 'losses')]).toEqual([
    '1 run',
    '1,200 runs',
    '2 losses',
  ]);
});
