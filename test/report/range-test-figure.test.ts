// The plot of a range test: with one point and with thousands, with and without accuracy, and with a loss beyond all bounds.
import { expect, test } from 'vitest';
import { rangeTestFigure } from '../../node/report/figures/range-test.ts';
import type { DrawnRangeTest } from '../../node/report/figures/range-test.ts';
import { drawFigure } from '../../node/report/write-page.ts';

function drawn(steps: number, changes: Partial<DrawnRangeTest> = {}, isClassifier = true): DrawnRangeTest {
  const points = Array.from({ length: steps }, (_, step) => {
    const rate = 1e-5 * 1e5 ** (step / Math.max(1, steps - 1));
    const accuracy = 0.1 + (0.4 * step) / steps;
    const loss = 2.3 - step / steps + 0.1 * (step % 3);
    const of = { step, rate, loss, smoothedLoss: loss };
    return isClassifier ? { ...of, accuracy, smoothedAccuracy: accuracy } : of;
  });
  const suggestions = { etaMin: 1.2e-4, etaMax: 0.0351, steepest: 2.48e-4, valley: 1.44e-3, notes: [] };
  return {
    from: 1e-5,
    to: 1,
    curve: 'exponential',
    smoothing: 0.98,
    points,
    ended: 'complete',
    suggestions,
    ...changes,
  };
}

async function draw(of: DrawnRangeTest): Promise<{ readonly svg: string; readonly words: string[] }> {
  const figure = rangeTestFigure(of);
  const svg = await drawFigure(figure);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(Number(/<svg [^>]*?\bwidth="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(960);
  expect(figure.alt).toMatch(/\.$/);
  return { svg, words: Array.from(svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g), ([, text]) => text ?? '') };
}

test.each([1, 2, 5000])('a test of %i steps shows both curves and every suggestion', async (steps) => {
  const { svg, words } = await draw(drawn(steps));
  expect(words).toEqual(expect.arrayContaining(['accuracy', 'loss', 'learning rate (log scale)', '0.00001']));
  expect(words).toEqual(
    expect.arrayContaining(['etaMin 0.00012', 'etaMax 0.0351', 'steepest 0.000248', 'valley 0.00144']),
  );
  expect(svg.length).toBeLessThan(150_000);
});

test('a linear test has a linear axis; a regression has no panel of accuracy; what was not found is not marked', async () => {
  const suggestions = {
    etaMax: 0.05,
    notes: ['No etaMin: the loss falls from the lowest rate on. Test from a lower one.'],
  };
  const of = drawn(300, { curve: 'linear', suggestions }, false);
  const { words } = await draw(of);
  expect(words).toContain('learning rate');
  expect(words).not.toContain('accuracy');
  expect(words.filter((word) => /^(eta|steepest|valley)/.test(word))).toEqual(['etaMax 0.05']);
  expect(rangeTestFigure(of).caption).toContain('No etaMin: the loss falls from the lowest rate on.');
});

test('a test without suggestions is drawn without marks', async () => {
  const { words } = await draw(drawn(30, { suggestions: { notes: [] } }));
  expect(words.filter((word) => /^(eta|steepest|valley)/.test(word))).toEqual([]);
  expect(rangeTestFigure(drawn(30, { suggestions: { notes: [] } })).alt).toContain('Nothing is suggested.');
});

test('a loss that explodes leaves the panel and does not press the rest of the curve flat', async () => {
  const { points, ...others } = drawn(100);
  const last = { step: 100, rate: 1, loss: 1e30, smoothedLoss: 1e28, accuracy: 0.1, smoothedAccuracy: 0.1 };
  const of: DrawnRangeTest = { ...others, points: [...points, last], ended: 'diverged' };
  const { svg, words } = await draw(of);
  expect(words).toContain('2.5');
  expect(svg).not.toMatch(/[\d.]{9,}e?\d*,-?\d{5,}/);
  const heights = Array.from(svg.matchAll(/[ML]-?[\d.]+,(-?[\d.e+]+)/g), ([, y]) => Math.abs(Number(y)));
  expect(Math.max(...heights)).toBeLessThan(1000);
  expect(rangeTestFigure(of).caption).toContain('The test ended at 1, where the loss diverged.');
});
