/** Pictures side by side with lines of text, as one SVG: mistakes, weights, feature maps. Charts with axes are Vega-Lite's work. */
import { fontFamily, textWidth } from './font.ts';
import { figureWidth, ink } from './palette.ts';
import { drawValues, pixelAttributes, pixelRule, toDataUri } from './pixels.ts';
import type { ColourMap, Pixels } from './pixels.ts';

/** A picture of any size in a box, with lines of text below. */
export interface Picture {
  readonly pixels: Pixels;
  readonly width: number;
  readonly height: number;
  readonly lines?: readonly string[];
}

/** Pictures from left to right, broken into as many lines as they need, under a heading. */
export interface PictureRow {
  readonly heading?: string;
  readonly pictures: readonly Picture[];
}

/** The scale of a picture's colours, with its ends (and the middle) in words. */
export interface ColourBar {
  readonly map: ColourMap;
  readonly least: number;
  readonly most: number;
  readonly title: string;
  readonly format: (value: number) => string;
}

const lineHeight = 16;
const fontSize = 12;
const gap = 12;

/** Lays the rows out one below the other; the drawing is as wide as the page. */
export function layOutPictures(rows: readonly PictureRow[], bar?: ColourBar): string {
  const parts: string[] = [];
  let top = 4;
  for (const { heading, pictures } of rows) {
    if (heading !== undefined) {
      parts.push(text(heading, 0, top + 14, 14));
      top += 24;
    }
    let left = 0;
    let lowest = top;
    // Text makes the columns of a row wider, all of them alike.
    const textRoom = pictures.reduce((most, { width, lines = [] }) => {
      const widest = Math.max(0, ...lines.map((line) => textWidth(line, fontSize)));
      return Math.max(most, Math.min(widest, 1.6 * width));
    }, 0);
    for (const { pixels, width, height, lines = [] } of pictures) {
      const wanted = Math.max(width, textRoom);
      if (left > 0 && left + wanted > figureWidth) {
        left = 0;
        top = lowest + gap;
      }
      const box = `x="${left}" y="${top}" width="${width}" height="${height}"`;
      parts.push(`<image ${pixelAttributes} ${box} preserveAspectRatio="none" href="${toDataUri(pixels)}"/>`);
      for (const [index, line] of lines.entries()) {
        parts.push(text(cutToWidth(line, Math.ceil(wanted)), left, top + height + 14 + index * lineHeight, fontSize));
      }
      lowest = Math.max(lowest, top + height + (lines.length === 0 ? 0 : 4 + lines.length * lineHeight));
      left += Math.ceil(wanted) + gap;
    }
    top = lowest + gap;
  }
  if (bar !== undefined) {
    parts.push(drawBar(bar, top + 2));
    top += 46;
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" font-family="${fontFamily}" width="${figureWidth}" height="${top}" ` +
    `viewBox="0 0 ${figureWidth} ${top}">${pixelRule}${parts.join('')}</svg>`
  );
}

function drawBar({ map, least, most, title, format }: ColourBar, top: number): string {
  const steps = 120;
  const width = 240;
  const at = (share: number): number => least + share * (most - least);
  const values = Float64Array.from({ length: steps }, (_, index) => at((index + 0.5) / steps));
  const labels = [0, 0.5, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    return text(format(at(share)), share * width, top + 28, fontSize, anchor);
  });
  return [
    `<image x="0" y="${top}" width="${width}" height="12" preserveAspectRatio="none" href="${toDataUri(drawValues(values, 1, steps, map))}"/>`,
    ...labels,
    text(title, width + gap, top + 11, fontSize),
  ].join('');
}

function text(content: string, x: number, y: number, sizePixels: number, anchor = 'start'): string {
  return `<text x="${x}" y="${y}" font-size="${sizePixels}" fill="${ink}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

/** Ends a line that is too long with an ellipsis. */
function cutToWidth(line: string, width: number): string {
  if (textWidth(line, fontSize) <= width) return line;
  let kept = line;
  while (kept.length > 1 && textWidth(`${kept}…`, fontSize) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

export function escapeXml(content: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return content.replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}
