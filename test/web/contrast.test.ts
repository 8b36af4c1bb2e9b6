// Contrast of the colours in both themes, by the formulas of WCAG 2.2 (relative luminance, contrast ratio).
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../../web/style/tokens.css', import.meta.url), 'utf8');
const [lightCss = '', darkCss = ''] = css.split(":root[data-theme='dark']");
const light = tokensOf(lightCss);
const themes = { light, dark: new Map([...light, ...tokensOf(darkCss)]) };

function tokensOf(text: string): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g), ([, name = '', colour = '']) => [name, colour]),
  );
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const grounds = ['--ground', '--panel', '--sunken'];
/** What is in front, and what it may stand on. */
const pairs: readonly { readonly front: string; readonly behind: readonly string[]; readonly least: number }[] = [
  { front: '--text', behind: [...grounds, '--accent-soft', '--warn-soft', '--bad-soft'], least: 4.5 },
  { front: '--muted', behind: grounds, least: 4.5 },
  { front: '--accent', behind: [...grounds, '--accent-soft'], least: 4.5 },
  { front: '--on-accent', behind: ['--accent'], least: 4.5 },
  { front: '--good', behind: grounds, least: 4.5 },
  { front: '--warn', behind: ['--panel', '--warn-soft'], least: 4.5 },
  { front: '--bad', behind: ['--panel', '--bad-soft'], least: 4.5 },
  { front: '--line-field', behind: ['--ground', '--panel'], least: 3 },
  ...[...light.keys()]
    .filter((name) => name.startsWith('--series-'))
    .map((front) => ({ front, behind: ['--panel'], least: 3 })),
];

test('black on white has the highest contrast', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
});

test.each(['light', 'dark'] as const)('%s: texts, fields and curves stand out from what is behind them', (theme) => {
  const colour = (name: string): string => {
    const found = themes[theme].get(name);
    if (found === undefined) throw new Error(`tokens.css has no colour ${name}`);
    return found;
  };
  const faint = pairs.flatMap(({ front, behind, least }) =>
    behind.flatMap((ground) => {
      const ratio = contrast(colour(front), colour(ground));
      return ratio < least ? [`${front} on ${ground}: ${ratio.toFixed(2)}, at least ${least}`] : [];
    }),
  );
  expect(faint).toEqual([]);
});
