/** Every figure of a search, in the order of its report. */
import { searchFields } from '../../../src/recipe/search-axes.ts';
import type { Figure } from '../figures/figure.ts';
import { fieldFigure } from './field-figures.ts';
import { parallelFigure } from './parallel.ts';
import { runsFigure } from './runs-figure.ts';
import type { SearchData } from './search-data.ts';
import { stepsFigure } from './steps-figure.ts';

export interface SearchFigures {
  /** One for each field of the space, in its order. */
  readonly fields: readonly { readonly path: string; readonly figure: Figure }[];
  /** Of more than one field. */
  readonly parallel?: Figure;
  /** Of successive halving. */
  readonly steps?: Figure;
  /** Of trials with several runs. */
  readonly runs?: Figure;
}

/** `prefix`: in front of the figures' names, where a page shows more than one search. */
export function drawSearch(data: SearchData, prefix = ''): SearchFigures {
  const fields = searchFields(data);
  const own = <T extends Figure | undefined>(figure: T): T => figure && { ...figure, name: `${prefix}${figure.name}` };
  const parallel = own(parallelFigure(data, fields));
  const steps = own(stepsFigure(data));
  const runs = own(runsFigure(data));
  return {
    fields: fields.map((field) => ({ path: field.path, figure: own(fieldFigure(data, field, fields)) })),
    ...(parallel && { parallel }),
    ...(steps && { steps }),
    ...(runs && { runs }),
  };
}

/** The same as a list, to be shown in another page. */
export function searchFigures(data: SearchData, prefix = ''): readonly Figure[] {
  const { fields, parallel, steps, runs } = drawSearch(data, prefix);
  return [...fields.map(({ figure }) => figure), parallel, steps, runs].filter((figure) => figure !== undefined);
}
