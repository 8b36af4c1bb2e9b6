/** The colours of the tokens, for what is drawn on a canvas. */

/** Of training, validation and learning rate; a number is a run or a member, from 1 on, and starts again after the last colour. */
export type SeriesColour = 'train' | 'validation' | 'rate' | number;

const numberedColours = 8;

export function seriesToken(colour: SeriesColour): string {
  return `--series-${typeof colour === 'number' ? ((colour - 1) % numberedColours) + 1 : colour}`;
}

/** Whether a numbered colour has come round: such a line is dashed. */
export const isSecondRound = (colour: SeriesColour): boolean =>
  typeof colour === 'number' && Math.floor((colour - 1) / numberedColours) % 2 === 1;

/** Tokens as they are now; looked up once for each drawing. */
export function readPalette(): (token: string) => string {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  return (token) => {
    const value = known.get(token) ?? style.getPropertyValue(token).trim();
    known.set(token, value);
    return value;
  };
}

/** A colour of which the ground shines through. */
export const faint = (colour: string, share: number): string =>
  `color-mix(in srgb, ${colour} ${Math.round(100 * share)}%, transparent)`;
