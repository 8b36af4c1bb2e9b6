// Every kind of figure as SVG: what it shows with one point and with thousands, and that nothing in it is not a number.
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { chartToSvg, svgToPng, withOwnIds } from '../../node/report/chart.ts';
import { boundaryFigure } from '../../node/report/figures/boundary.ts';
import { confusionFigure } from '../../node/report/figures/confusion.ts';
import { curvesFigure, metricNames } from '../../node/report/figures/curves.ts';
import { deadUnitsFigure, updateRatiosFigure } from '../../node/report/figures/dynamics.ts';
import { featureMapsFigure, layerFigure, outputsFigure, profilesFigure } from '../../node/report/figures/features.ts';
import { thin } from '../../node/report/figures/figure.ts';
import type { Figure } from '../../node/report/figures/figure.ts';
import { histogramsOverTimeFigure, weightHistogramsFigure } from '../../node/report/figures/histograms.ts';
import { mistakesFigure } from '../../node/report/figures/mistakes.ts';
import { fitFigure, predictionsFigure, residualsFigure } from '../../node/report/figures/regression.ts';
import type { RegressionPoint } from '../../node/report/figures/regression.ts';
import { firstWeightsFigure, kernelsFigure } from '../../node/report/figures/weights.ts';
import { textWidth } from '../../node/report/font.ts';
import { drawImage } from '../../node/report/pixels.ts';
import { drawFigure } from '../../node/report/write-page.ts';
import { logTicks } from '../../src/recipe/search-axes.ts';
import { curvePoints, memberRecords } from './records.ts';

/** A page is 1,000 wide, 20 of it margin on each side. */
const mostWidth = 960;

async function draw(figure: Figure | undefined): Promise<string> {
  expect(figure).toBeDefined();
  const svg = await drawFigure(figure!);
  expect(svg.replaceAll(/data:[^"]*/g, '')).not.toMatch(/NaN|undefined|Infinity/);
  expect(Number(/<svg [^>]*?\bwidth="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(mostWidth);
  expect(figure!.alt).toMatch(/\.$/);
  expect(figure!.caption).not.toBe('');
  return svg;
}

/** The words of a drawing. */
function words(svg: string): string[] {
  return Array.from(svg.matchAll(/<(text|tspan)[^>]*>([^<]+)</g), ([, , text]) => text ?? '');
}

const ramp = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * ((i % 7) - 3));
const picture = drawImage(ramp(64, 30), [8, 8, 1], (value) => value + 100);
const shown = [
  { label: 'test row 0: seven', pixels: picture },
  { label: 'test row 4: one', pixels: picture },
];

test.each([1, 2, 5000])('learning curves of %i points name metrics, splits and axes', async (count) => {
  const points = curvePoints(count);
  const rates = points.map(({ epoch }) => ({ epoch, rate: 0.1 / epoch }));
  const svg = await draw(curvesFigure(points, rates, count, true));
  expect(words(svg)).toEqual(expect.arrayContaining(['train', 'validation', 'accuracy', 'epoch']));
  expect(words(svg).some((word) => word.startsWith('loss'))).toBe(true);
  expect(words(svg).some((word) => word.startsWith('learning rate'))).toBe(true);
  expect(words(svg)).not.toContain('cost');
  expect(svg.length).toBeLessThan(150_000);
});

test('one evaluation alone has axes that can be read, and a constant rate does not lie on the frame', async () => {
  const point = { epoch: 1, train: { loss: 0.123456789, accuracy: 0.98, topKAccuracy: 1 } };
  const figure = curvesFigure(
    [point],
    [
      { epoch: 0.5, rate: 0.001 },
      { epoch: 1, rate: 0.001 },
    ],
    1,
    false,
    3,
  );
  const svg = await draw(figure);
  expect(words(svg)).toEqual(expect.arrayContaining(['0.12', '90%', '0', '1', 'top-3 accuracy']));
  expect(words(svg).join()).not.toContain('0.1234');
  expect(figure.caption).not.toContain('validation');
  expect(JSON.stringify(figure.drawing)).toContain('"domain":[0,0.0011');
});

test('cost has a panel only where it differs from the loss', () => {
  const [point] = curvePoints(1);
  expect(metricNames([point!])).toEqual(['loss', 'accuracy']);
  expect(metricNames([{ ...point!, train: { ...point!.train, cost: 9 } }])).toEqual(['loss', 'cost', 'accuracy']);
});

test('a member that has diverged leaves a gap, no number', async () => {
  const points = [...curvePoints(3), { epoch: 4, train: { loss: null, cost: null, accuracy: null } }];
  await draw(curvesFigure(points, [{ epoch: 4, rate: 0.1 }], 4, false));
});

test('a loss over several decades gets a logarithmic axis, with marks that can be read', async () => {
  const points = Array.from({ length: 30 }, (_, index) => ({ epoch: index + 1, train: { loss: 10 ** (-index / 10) } }));
  const svg = await draw(curvesFigure(points, [{ epoch: 30, rate: 0.1 }], 30, false));
  expect(words(svg)).toEqual(expect.arrayContaining(['loss (log scale)', '1', '0.1', '0.01']));
  expect(logTicks(0.03, 4)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
  expect(logTicks(1e-9, 1)).toEqual([1e-9, 1e-7, 1e-5, 1e-3, 1e-1].filter((tick) => tick <= 1));
});

test('thinning keeps ends and peaks', () => {
  const values = Array.from({ length: 5000 }, (_, index) =>
    index === 3217 ? 99 : index === 77 ? -99 : Math.sin(index),
  );
  const kept = thin(values, 200, (value) => value);
  expect(kept.length).toBeLessThanOrEqual(202);
  expect(kept).toEqual(expect.arrayContaining([99, -99]));
  expect([kept[0], kept.at(-1)]).toEqual([values[0], values[4999]]);
  expect(thin([1, 2, 3], 200, (value) => value)).toEqual([1, 2, 3]);
});

test.each([
  { classes: 3, counts: true, shares: true },
  { classes: 10, counts: true, shares: true },
  { classes: 15, counts: true, shares: false },
  { classes: 40, counts: false, shares: false },
])('a confusion matrix of $classes classes', async ({ classes, counts, shares }) => {
  const confusion = Array.from({ length: classes }, (_, row) =>
    Array.from({ length: classes }, (_, column) => (row === column ? 91 : column === 0 && row === 1 ? 9 : 0)),
  );
  const names = confusion.map((_, index) => `kind ${index}`);
  const figure = confusionFigure(confusion, names, 'test');
  const svg = await draw(figure);
  expect(words(svg)).toEqual(expect.arrayContaining(names));
  expect(words(svg).filter((word) => word === '91')).toHaveLength(counts ? classes : 0);
  expect(words(svg).includes('91.0%')).toBe(shares);
  expect(figure.caption).toContain('9 of "kind 1" were taken for "kind 0"');
});

test('classes of one name are told apart in a confusion matrix', async () => {
  const svg = await draw(
    confusionFigure(
      [
        [1, 2],
        [3, 4],
      ],
      ['a', 'a'],
      'test',
    ),
  );
  expect(words(svg)).toEqual(expect.arrayContaining(['a (0)', 'a (1)']));
});

test.each([1, 2, 400])('figures of training with %i observations', async (count) => {
  const records = memberRecords(count);
  const names = ['dense1.weight', 'dense2.weight'];
  const ratios = await draw(updateRatiosFigure(records, names));
  expect(words(ratios)).toEqual(expect.arrayContaining([...names, 'rms(update) / rms(weight)', 'epoch']));
  expect(words(await draw(deadUnitsFigure(records)))).toEqual(expect.arrayContaining(['dense1', 'dead units']));
  const histograms = histogramsOverTimeFigure(records, 'weight', names);
  if (count === 1) expect(histograms).toBeUndefined();
  else expect(words(await draw(histograms))).toEqual(expect.arrayContaining([...names, 'epoch', 'value', 'share']));
});

test('thirty layers still fit a page', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `block${index}.weight`);
  const records = memberRecords(3).map((record) => ({
    ...record,
    tensors: names.flatMap((name) => record.tensors.slice(0, 3).map((tensor) => ({ ...tensor, name }))),
  }));
  await draw(updateRatiosFigure(records, names));
});

test('nothing is drawn of what was not observed', () => {
  const records = [{ step: 1, epoch: 1, tensors: [], deadUnits: [] }];
  expect(updateRatiosFigure(records, ['dense1.weight'])).toBeUndefined();
  expect(deadUnitsFigure(records)).toBeUndefined();
});

test('weights as histograms and as pictures', async () => {
  const tensors = [
    { name: 'dense1.weight', values: ramp(640) },
    { name: 'same.weight', values: new Float32Array(5).fill(2) },
  ];
  const histograms = words(await draw(weightHistogramsFigure(tensors)));
  expect(histograms.some((word) => word.startsWith('dense1.weight') && word.includes('640 values'))).toBe(true);
  const dense = { layer: 'dense1', type: 'dense', shape: [64, 100], values: ramp(6400) };
  expect((await draw(firstWeightsFigure(dense, [8, 8, 1]))).match(/<image/g)).toHaveLength(64 + 1);
  const first = { layer: 'conv1', type: 'conv2d', shape: [3, 3, 3, 5], values: ramp(135) };
  expect((await draw(firstWeightsFigure(first, [32, 32, 3]))).match(/<image/g)).toHaveLength(5);
  const second = { layer: 'conv2', type: 'conv2d', shape: [3, 3, 5, 60], values: ramp(2700) };
  expect(kernelsFigure(second).caption).toContain('The first 48 of 60 filters and 5 of 5 input channels.');
  await draw(kernelsFigure(second));
});

test('feature maps, profiles and layers name their inputs', async () => {
  const layer = { layer: 'conv1', type: 'conv2d', shape: [6, 6, 40], values: ramp(2 * 36 * 40) };
  const figure = featureMapsFigure(layer, shown);
  expect(words(await draw(figure))).toEqual(expect.arrayContaining(shown.map(({ label }) => label)));
  expect(figure.caption).toContain('the first 32 of 40 channels of 6x6');
  const profiles = words(await draw(profilesFigure([layer], shown)));
  expect(profiles).toEqual(expect.arrayContaining([...shown.map(({ label }) => label), 'channel', 'mean activation']));
  await draw(layerFigure({ ...layer, values: ramp(36 * 40) }, 'test row 0'));
  const dense = { layer: 'dense1', type: 'dense', shape: [70], values: ramp(70) };
  expect(words(await draw(layerFigure(dense, 'test row 0')))[0]).toContain('70 units');
  const outputs = [
    { name: 'cat', value: 0.25 },
    { name: 'dog', value: 0.75 },
  ];
  expect(words(await draw(outputsFigure('dense2', outputs, 'probability', 'test row 0')))).toEqual(
    expect.arrayContaining(['cat', 'dog', 'probability', 'test row 0']),
  );
});

test('mistakes say what was predicted, how surely, and what it is', async () => {
  const mistake = { row: 12, actual: 'cat', predicted: 'dog', probability: 0.99999, pixels: picture };
  const svg = await draw(mistakesFigure([mistake, { ...mistake, row: 3, probability: 0.5 }], 'test'));
  expect(words(svg)).toEqual(['dog (&gt;99.9 %)', 'is cat', 'row 12', 'dog (50.0 %)', 'is cat', 'row 3']);
});

test('regressions: fit, residuals and predictions, also of many rows', async () => {
  const points = Array.from({ length: 5000 }, (_, index): RegressionPoint => {
    const split = index % 2 === 0 ? 'train' : 'test';
    return { split, x: index / 1000, target: Math.sin(index), prediction: 0.9 * Math.sin(index) };
  });
  const prediction = [
    { x: 0, y: 0 },
    { x: 5, y: 1 },
  ];
  const fit = fitFigure({ inputName: 'age', points, prediction, truth: prediction });
  expect(words(await draw(fit))).toEqual(expect.arrayContaining(['train', 'test', 'model', 'true curve', 'age']));
  expect(fit.caption).toContain('2,000 of 5,000 rows are drawn.');
  expect(words(await draw(fitFigure({ inputName: 'age', points, prediction })))).not.toContain('true curve');
  expect(words(await draw(residualsFigure(points, undefined)))).toContain('prediction − target');
  expect(words(await draw(predictionsFigure(points, 'price')))).toEqual(
    expect.arrayContaining(['target: price', 'prediction']),
  );
});

test.each([2, 9])('the plane of %i classes names classes and inputs', async (classCount) => {
  const classNames = Array.from({ length: classCount }, (_, label) => `arm ${label}`);
  const svg = await draw(
    boundaryFigure({
      inputNames: ['width', 'height'],
      classNames,
      x: [-1, 1],
      y: [-2, 2],
      side: 4,
      classes: Uint32Array.from({ length: 16 }, (_, cell) => cell % classCount),
      sureness: new Float64Array(16).fill(0.5),
      points: [
        { x: 0, y: 0, label: 0, split: 'train' },
        { x: 0.5, y: 1, label: 1, split: 'test' },
      ],
    }),
  );
  expect(words(svg)).toEqual(expect.arrayContaining([...classNames, 'width', 'height', 'train', 'test']));
});

test('text shows in PNG whatever fonts the machine has', () => {
  const darkPixels = (text: string): number => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" font-family="DejaVu Sans"><text x="2" y="15" fill="currentColor">${text}</text></svg>`;
    const { data, width, height } = decode(svgToPng(svg));
    expect([width, height]).toEqual([120, 40]);
    let dark = 0;
    for (let index = 0; index < data.length; index += 4) if ((data[index] ?? 255) < 128) dark++;
    return dark;
  };
  expect(darkPixels('')).toBe(0);
  expect(darkPixels('loss')).toBeGreaterThan(100);
});

test('widths of text are those of the font', () => {
  // Advance widths of DejaVu Sans 2.37, of 2048 units: a 1255, i 569, W 2025, − 1716.
  expect(textWidth('a', 2048)).toBe(1255);
  expect(textWidth('iW−', 2048)).toBe(569 + 2025 + 1716);
});

test('figures of one page share no id', async () => {
  const svg = await chartToSvg({
    data: { values: [{ x: 1, y: 2 }] },
    mark: { type: 'line', clip: true },
    encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
  });
  const named = withOwnIds(svg, 'curves');
  const ids = Array.from(named.matchAll(/\bid="([^"]+)"/g), ([, id]) => id ?? '');
  expect(ids.length).toBeGreaterThan(0);
  expect(ids.every((id) => id.startsWith('curves-'))).toBe(true);
  const references = Array.from(named.matchAll(/url\(#([^)]+)\)/g), ([, id]) => id);
  expect(ids).toEqual(expect.arrayContaining(references));
});
