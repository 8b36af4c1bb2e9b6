/** The page: one HTML file that needs neither a network nor a script, light or dark as the reader has it. */
import { withOwnIds } from './chart.ts';
import type { Figure } from './figures/figure.ts';
import { escape } from './html.ts';
import type { Section } from './sections.ts';

export interface DrawnFigure {
  readonly figure: Figure;
  readonly svg: string;
}

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #57606a; --paper: #ffffff; --line: #d8dee4; --soft: #f6f8fa; --link: #0b5c95; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --quiet: #a3abb5; --paper: #14171b; --line: #343b44; --soft: #1d2228; --link: #7cc4f4; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 22px; margin: 56px 0 12px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 32px 0 8px; }
a { color: var(--link); }
p { margin: 8px 0; max-width: 46em; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 16px 0 0; padding: 0; }
.subtitle, .missing, .version, figcaption, caption { color: var(--quiet); }
.lead { font-size: 17px; }
.note { border-left: 3px solid var(--line); padding-left: 12px; }
figure { margin: 8px 0 24px; }
figure svg { display: block; max-width: 100%; height: auto; color: var(--ink); }
figcaption { font-size: 14px; margin-top: 8px; max-width: 56em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 12px 0 20px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: 14px; padding-bottom: 6px; }
th, td { text-align: left; padding: 4px 18px 4px 0; border-bottom: 1px solid var(--line); font-weight: normal; white-space: nowrap; }
tbody th { white-space: normal; }
thead th { color: var(--quiet); font-size: 14px; }
.number { text-align: right; }
.text { white-space: normal; overflow-wrap: anywhere; min-width: 9em; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 10px 28px; margin: 16px 0; }
.facts dt { color: var(--quiet); font-size: 14px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; overflow-x: auto; font-size: 13px; line-height: 1.45; }
@media print { h2 { break-after: avoid; } figure { break-inside: avoid; } nav { display: none; } }
`;

/** `drawings`: the SVG of each figure of the sections. */
export function renderPage(
  title: string,
  subtitle: string,
  sections: readonly Section[],
  drawings: readonly DrawnFigure[],
): string {
  const svgs = new Map(drawings.map(({ figure, svg }) => [figure, svg]));
  const links = sections.map(({ id, title: name }) => `<li><a href="#${id}">${escape(name)}</a></li>`);
  const chapters = sections.map(({ id, title: name, parts }) => {
    const content = parts.map((part) => {
      if ('html' in part) return part.html;
      const heading = part.title === undefined ? '' : `<h3>${escape(part.title)}</h3>`;
      return `${heading}${renderFigure(part.figure, svgs.get(part.figure) ?? '')}`;
    });
    return `<section id="${id}"><h2>${escape(name)}</h2>\n${content.join('\n')}\n</section>`;
  });
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    // Nothing may be fetched, whatever a name in the data says.
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; style-src \'unsafe-inline\'">\n' +
    `<title>${escape(title)}</title>\n<style>${style}</style>\n</head>\n<body>\n<main>\n` +
    `<header><h1>${escape(title)}</h1>\n<p class="subtitle">${escape(subtitle)}</p>\n` +
    `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav></header>\n${chapters.join('\n')}\n</main>\n</body>\n</html>\n`
  );
}

function renderFigure({ name, alt, caption }: Figure, svg: string): string {
  const labelled = withOwnIds(svg, name).replace('<svg ', `<svg role="img" aria-label="${escape(alt)}" `);
  return `<figure id="figure-${name}">${labelled}<figcaption>${escape(caption)}</figcaption></figure>`;
}
