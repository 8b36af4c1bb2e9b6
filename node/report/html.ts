/** Pieces of the page: everything that comes from a run goes through `escape`. */
import { escapeXml } from './pictures.ts';

export const escape = escapeXml;

export function paragraph(text: string, name = ''): string {
  return `<p${name === '' ? '' : ` class="${name}"`}>${escape(text)}</p>`;
}

/** A list of facts. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  const items = rows.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`);
  return `<dl class="facts">${items.join('')}</dl>`;
}

/** A cell that leads to another place of the page. */
export interface Link {
  readonly text: string;
  /** Id of the place. */
  readonly to: string;
}

/**
 * A table; `align` has one letter per column: l, r for numbers, t for longer text, whose lines are broken, w for numbers and such text. The
 * first column heads its row.
 */
export function table(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly (string | Link)[])[],
  align: string,
): string {
  const kinds: Readonly<Record<string, string>> = {
    r: ' class="number"',
    t: ' class="text"',
    w: ' class="number text"',
  };
  const kind = (column: number): string => kinds[align[column] ?? ''] ?? '';
  const head = header.map((name, column) => `<th scope="col"${kind(column)}>${escape(name)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((value, column) =>
      column === 0 ? `<th scope="row">${cell(value)}</th>` : `<td${kind(column)}>${cell(value)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return (
    `<div class="wide"><table><caption>${escape(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
  );
}

function cell(value: string | Link): string {
  return typeof value === 'string'
    ? escape(keepTogether(value))
    : `<a href="#${escape(value.to)}">${escape(value.text)}</a>`;
}

/** Numbers with their signs and units are not broken over two lines. */
export function keepTogether(text: string): string {
  return text.replaceAll(/(?<=\d) (?=[±%])|(?<=±) /g, '\u00a0');
}

export function code(text: string): string {
  return `<pre><code>${escape(text)}</code></pre>`;
}
