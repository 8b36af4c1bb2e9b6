/**
 * From a Vega-Lite specification to SVG, and from SVG to PNG. There is no canvas here: text is measured with the widths of the font, and
 * PNG is drawn with the font's file, whatever fonts the machine has.
 */
import { Resvg } from '@resvg/resvg-js';
import { View, parse, textMetrics } from 'vega';
import { compile } from 'vega-lite';
import type { TopLevelSpec } from 'vega-lite';
import { fontFamily, fontFile, textWidth } from './font.ts';
import { ink } from './palette.ts';
import { pixelAttributes, pixelRule } from './pixels.ts';

declare module 'vega' {
  /** How vega-scenegraph measures text; its types leave it out. */
  export const textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number };
}

export type ChartSpec = TopLevelSpec;

/** Twice the size on the page: sharp on paper and on dense screens. */
const pngZoom = 2;

/** What Vega writes for an image without smoothing; resvg does not know the second value and smooths. */
const vegaPixels = 'style="image-rendering: optimizeSpeed; image-rendering: pixelated;"';

/** How every chart looks. */
const style = {
  background: 'transparent',
  // The figure as a whole has a label; one for each mark would repeat its data.
  aria: false,
  font: fontFamily,
  padding: 4,
  view: { stroke: ink, strokeOpacity: 0.25 },
  title: { color: ink, fontSize: 14, fontWeight: 'normal', anchor: 'start', frame: 'group', offset: 8 },
  axis: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 8,
    gridColor: ink,
    gridOpacity: 0.14,
    domainColor: ink,
    domainOpacity: 0.5,
    tickColor: ink,
    tickOpacity: 0.5,
    labelOverlap: 'greedy',
    labelSeparation: 4,
  },
  legend: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 220,
    symbolStrokeWidth: 2.5,
    gradientStrokeColor: ink,
  },
  header: { labelColor: ink, titleColor: ink, labelFontSize: 13, titleFontSize: 13 },
  text: { color: ink, fontSize: 12 },
  line: { strokeWidth: 2 },
} as const;

/** Draws a chart. Errors of a specification are faults of the program. */
export async function chartToSvg(spec: ChartSpec): Promise<string> {
  textMetrics.width = (item, text) => textWidth(String(text ?? ''), item.fontSize ?? 11);
  const { spec: compiled } = compile({ ...spec, config: style } as ChartSpec);
  const view = new View(parse(compiled), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    return svg
      .replace(/<svg ([^>]*)>/, `<svg font-family="${fontFamily}" $1>${svg.includes(vegaPixels) ? pixelRule : ''}`)
      .replaceAll(vegaPixels, pixelAttributes);
  } finally {
    view.finalize();
  }
}

/** Draws an SVG, text included, on white. */
export function svgToPng(svg: string): Uint8Array {
  const font = { loadSystemFonts: false, fontFiles: [fontFile], defaultFontFamily: 'DejaVu Sans' };
  const renderer = new Resvg(svg, { font, background: 'white', fitTo: { mode: 'zoom', value: pngZoom } });
  return renderer.render().asPng();
}

/** What several SVGs in one page must not share: every id gets the figure's name in front. */
export function withOwnIds(svg: string, name: string): string {
  return svg
    .replaceAll(/\bid="([^"]+)"/g, `id="${name}-$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${name}-$1)`)
    .replaceAll(/href="#([^"]+)"/g, `href="#${name}-$1"`);
}
