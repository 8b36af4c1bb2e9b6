/** The trials of a search and the published ones in one table, matched by their values. */
import { formatNumber } from '../../src/numbers.ts';
import { shortNames } from '../../src/recipe/search-axes.ts';
import { sayValue } from '../../src/recipe/search-values.ts';
import { table } from '../report/html.ts';
import type { SearchData } from '../report/search/search-data.ts';
import { sayMean } from '../search/table.ts';
import { matchTrials } from './match-trials.ts';
import { sayDifference, sayNumber } from './formats.ts';
import type { ComparedNumber } from './outcome.ts';
import type { SearchRow } from './published/types.ts';

/** More trials than these stand in the search folder only, but for those that were published. */
const mostTrials = 40;

/** Best first, as ours are ordered; published trials that ours has none of come last. */
export function searchTable(row: SearchRow, data: SearchData): string {
  const paths = Object.keys(data.best.values);
  const matches = matchTrials(row, data.table);
  const unit: ComparedNumber['unit'] = row.metric === 'accuracy' ? 'share' : 'number';
  const hasValidation = row.published.some(({ validation }) => validation !== undefined);
  const hasTest = row.published.some(({ test }) => test !== undefined);
  const lineOf = (match: (typeof matches)[number] | undefined, trial = match?.trial): string[] => {
    const values = trial?.values ?? match?.published.values ?? {};
    const published = match?.published.validation;
    const ours = trial?.value;
    const difference = published === undefined || ours === undefined ? undefined : ours - published;
    return [
      ...paths.map((path) => (values[path] === undefined ? '' : sayValue(values[path], formatNumber))),
      ...(hasValidation ? [sayNumber(unit, published)] : []),
      ...(hasTest ? [sayNumber(unit, match?.published.test)] : []),
      trial === undefined ? 'not among ours' : sayMean(row.metric, trial),
      ...(hasValidation ? [sayDifference({ what: '', unit, ...(difference !== undefined && { difference }) })] : []),
    ];
  };
  const lines = data.table.flatMap((trial, index) => {
    const match = matches.find((each) => each.trial === trial);
    return match === undefined && index >= mostTrials ? [] : [lineOf(match, trial)];
  });
  const missing = matches.filter(({ trial }) => trial === undefined).map((match) => lineOf(match));
  const left = data.table.length - lines.length;
  const more = left > 0 ? ` ${left === 1 ? '1 more trial is' : `${left} more trials are`} in the folder.` : '';
  const titles = [
    ...shortNames(paths),
    ...(hasValidation ? ['published, validation'] : []),
    ...(hasTest ? ['published, test'] : []),
    `ours, validation ${row.metric}`,
    ...(hasValidation ? ['difference'] : []),
  ];
  const align = 'r'.repeat(titles.length);
  return table(`All trials, best first.${more}`, titles, [...lines, ...missing], align);
}
