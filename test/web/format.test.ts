// Numbers and pictures as a person sees them.
import { expect, test } from 'vitest';
import { layOutTable } from '../../web/look/tiles.ts';
import { formatNumber, formatSeconds, formatShort } from '../../web/ui/format.ts';

test('what is no number is a dash', () => {
  expect([formatSeconds(Number.NaN), formatNumber(Infinity), formatShort(Number.NaN)]).toEqual(['–', '–', '–']);
  expect([formatSeconds(59.7), formatNumber(0.5), formatShort(1_234_567)]).toEqual(['1 min 0 s', '0.5', '1.23 M']);
});

test('a table of weights fills the width it has, and none of its rows is too low to be seen', () => {
  expect(layOutTable({ rows: 2, columns: 4 }, 376, 420)).toEqual({ across: 1, width: 96, height: 48, totalHeight: 48 });
  expect(layOutTable({ rows: 1, columns: 200 }, 376, 420)).toMatchObject({ width: 376, height: 12 });
  expect(layOutTable({ rows: 512, columns: 64 }, 376, 420)).toMatchObject({ width: 376, height: 420 });
});
