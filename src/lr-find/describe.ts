/** What a range test suggests, in words. */
import type { RangeTest, RateSuggestions } from './range-test.ts';

export interface Suggestion {
  readonly name: Exclude<keyof RateSuggestions, 'notes'>;
  /** Absent where the curves do not show it. */
  readonly rate?: number;
  /** What is there on the curve. */
  readonly meaning: string;
}

/** What each suggestion is, where the rule went by accuracy or by loss. */
const meanings = {
  accuracy: { etaMin: 'where accuracy starts to rise', etaMax: 'where it slows or turns ragged' },
  loss: { etaMin: 'where the loss starts to fall', etaMax: 'where it slows or turns ragged' },
  both: {
    steepest: 'where the loss falls fastest (fastai: steep)',
    valley: 'half way down its longest fall (fastai: valley)',
  },
} as const;
const names = ['etaMin', 'etaMax', 'steepest', 'valley'] as const;

export function listSuggestions({ suggestions, points }: Pick<RangeTest, 'suggestions' | 'points'>): Suggestion[] {
  const measured = points.every(({ accuracy }) => accuracy !== undefined) ? 'accuracy' : 'loss';
  return names.map((name) => {
    const rate = suggestions[name];
    return { name, meaning: { ...meanings[measured], ...meanings.both }[name], ...(rate !== undefined && { rate }) };
  });
}

/** Why a test ended before its last step. */
export const endReasons: Readonly<Record<Exclude<RangeTest['ended'], 'complete'>, string>> = {
  diverged: 'the loss rose to more than 4 times its lowest',
  notFinite: 'the next loss is not finite',
};
