/**
 * The font of the figures: DejaVu Sans, which comes with the program, since a machine may have no fonts at all. The widths of its
 * letters place labels where there is no canvas to measure text on.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The browser takes another font where this one is not installed. */
export const fontFamily = 'DejaVu Sans, sans-serif';

/** The file, for what draws PNG. */
export const fontFile = fileURLToPath(
  new URL('../../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf?no-inline', import.meta.url),
);

interface Font {
  readonly unitsPerEm: number;
  /** Advance width of a character, in font units. */
  readonly advance: (codePoint: number) => number;
}

let opened: Font | undefined;

/** Width of one line of text at a font size, in the same unit. */
export function textWidth(text: string, fontSize: number): number {
  opened ??= openFont(readFileSync(fontFile));
  const { unitsPerEm, advance } = opened;
  let units = 0;
  for (const character of text) units += advance(character.codePointAt(0) ?? 0);
  return (units * fontSize) / unitsPerEm;
}

/** Reads `head`, `hhea`, `hmtx` and the `cmap` subtable of format 4 (OpenType specification 1.9). */
function openFont(file: Buffer): Font {
  const tables = new Map<string, number>();
  for (let index = 0; index < file.readUInt16BE(4); index++) {
    const record = 12 + 16 * index;
    tables.set(file.toString('latin1', record, record + 4), file.readUInt32BE(record + 8));
  }
  const table = (tag: string): number => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new Error(`the font has no table "${tag}"`);
    return offset;
  };
  const metricCount = file.readUInt16BE(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphOf = openCharacterMap(file, table('cmap'));
  return {
    unitsPerEm: file.readUInt16BE(table('head') + 18),
    advance: (codePoint) => file.readUInt16BE(hmtx + 4 * Math.min(glyphOf(codePoint), metricCount - 1)),
  };
}

function openCharacterMap(file: Buffer, cmap: number): (codePoint: number) => number {
  const offsets = Array.from(
    { length: file.readUInt16BE(cmap + 2) },
    (_, index) => cmap + file.readUInt32BE(cmap + 4 + 8 * index + 4),
  );
  const start = offsets.find((offset) => file.readUInt16BE(offset) === 4);
  if (start === undefined) throw new Error('the font has no character map of format 4');
  const doubled = file.readUInt16BE(start + 6);
  const ends = start + 14;
  const starts = ends + doubled + 2;
  const deltas = starts + doubled;
  const ranges = deltas + doubled;
  return (codePoint) => {
    for (let at = 0; at < doubled; at += 2) {
      if (file.readUInt16BE(ends + at) < codePoint) continue;
      const first = file.readUInt16BE(starts + at);
      if (first > codePoint) return 0;
      const delta = file.readUInt16BE(deltas + at);
      const range = file.readUInt16BE(ranges + at);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = file.readUInt16BE(ranges + at + range + 2 * (codePoint - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}
