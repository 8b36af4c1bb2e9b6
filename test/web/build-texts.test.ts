// Values that a person writes in one line: what is read is said the same way again, and what is no value is refused.
import { expect, test } from 'vitest';
import {
  readExtent,
  readShare,
  readTexts,
  readWeights,
  sayExtent,
  sayList,
  sayShare,
} from '../../web/build/field-texts.ts';

test.each([
  { text: '3', value: 3 },
  { text: '3×5', value: [3, 5] },
])('the extent $text', ({ text, value }) => {
  expect(readExtent(text)).toEqual(value);
  expect(sayExtent(value)).toBe(text);
});

test.each(['3x5', '3, 5', '3 5', '3×'])('the extent %s as people write it too', (text) => {
  expect(sayExtent(readExtent(text))).toBe(text === '3×' ? '3' : '3×5');
});

test.each([
  { text: '0.2', value: 0.2 },
  { text: '5000', value: 5000 },
  { text: 'batch1', value: { part: 'batch1' } },
  { text: 'train first 100', value: { part: 'train', first: 100 } },
])('the share $text', ({ text, value }) => {
  expect(readShare(text)).toEqual(value);
  expect(sayShare(value)).toBe(text);
});

test('a share in per cent is a fraction', () => {
  expect(readShare('20 %')).toBe(0.2);
});

test.each([
  { text: 'balanced', value: 'balanced' },
  { text: '1, 2, 0.5', value: [1, 2, 0.5] },
])('the class weights $text', ({ text, value }) => {
  expect(readWeights(text)).toEqual(value);
  expect(sayList(value)).toBe(text);
});

test('names have commas between them', () => {
  expect(readTexts('start1, branch1')).toEqual(['start1', 'branch1']);
});

test.each([
  ['extent', readExtent('three')],
  ['extent of three numbers', readExtent('1×2×3')],
  ['share', readShare('a fifth of all')],
  ['class weights', readWeights('even')],
  ['names', readTexts(' , ')],
])('%s: what is no value is refused', (_, value) => {
  expect(value).toBeUndefined();
});
