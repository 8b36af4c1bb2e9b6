/** The wrong answers that the model is surest of, as pictures. */
import { layOutPictures } from '../pictures.ts';
import type { Picture } from '../pictures.ts';
import type { Pixels } from '../pixels.ts';
import type { Figure } from './figure.ts';

export interface Mistake {
  /** Row of the split, from 0: what `descent inspect --input` takes. */
  readonly row: number;
  readonly actual: string;
  readonly predicted: string;
  /** Of the predicted class, 0..1; absent where the outputs are no probabilities. */
  readonly probability?: number;
}

const side = 104;

export function mistakesFigure(mistakes: readonly (Mistake & { readonly pixels: Pixels })[], split: string): Figure {
  const pictures = mistakes.map(({ row, actual, predicted, probability, pixels }): Picture => {
    const scale = side / Math.max(pixels.width, pixels.height);
    const sure = probability === undefined ? '' : ` (${formatProbability(probability)})`;
    return {
      pixels,
      width: Math.round(pixels.width * scale),
      height: Math.round(pixels.height * scale),
      lines: [`${predicted}${sure}`, `is ${actual}`, `row ${row}`],
    };
  });
  return {
    name: 'mistakes',
    alt: `The ${mistakes.length} most confident mistakes on the ${split} rows: ${mistakes
      .map(({ actual, predicted }) => `${actual} taken for ${predicted}`)
      .join('; ')}.`,
    caption: `Below each picture: the predicted class and its probability, the class it has, and its row in the ${split} split.`,
    drawing: { kind: 'pictures', svg: layOutPictures([{ pictures }]) },
  };
}

/** Never 100 % for what was wrong. */
export function formatProbability(probability: number): string {
  const percent = 100 * probability;
  return percent >= 99.95 ? '>99.9 %' : `${percent.toFixed(1)} %`;
}
