/** Draws one line into the page's SVG: value over step, axes from 0, with the largest values named. */

const width = 720;
const height = 240;
const margin = { left: 52, right: 16, top: 16, bottom: 28 };

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/** Replaces the drawing. `steps` is the length of the x axis. */
export function drawCurve(svg: SVGSVGElement, points: readonly CurvePoint[], steps: number): void {
  const top = points.reduce((most, { value }) => Math.max(most, value), Number.MIN_VALUE);
  const x = (step: number) => margin.left + (step / Math.max(1, steps)) * (width - margin.left - margin.right);
  const y = (value: number) => height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
  const base = height - margin.bottom;
  svg.replaceChildren(
    element('line', { x1: margin.left, y1: base, x2: width - margin.right, y2: base }),
    element('line', { x1: margin.left, y1: margin.top, x2: margin.left, y2: base }),
    label(margin.left - 8, margin.top + 4, top.toPrecision(3), 'end'),
    label(margin.left - 8, base, '0', 'end'),
    label(width - margin.right, height - 8, `${steps.toLocaleString('en')} steps`, 'end'),
    element('polyline', { points: points.map(({ step, value }) => `${x(step)},${y(value)}`).join(' ') }),
  );
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const created = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, String(value));
  return created;
}

function label(x: number, y: number, text: string, anchor: string): SVGElement {
  const created = element('text', { x, y, 'text-anchor': anchor });
  created.textContent = text;
  return created;
}
