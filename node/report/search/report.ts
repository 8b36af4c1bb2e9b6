/** Writes the report of a search: report.html, and every figure as SVG and PNG. */
import { formatMetric, metricTitle } from '../../metric-names.ts';
import { writePage } from '../write-page.ts';
import type { WrittenReport } from '../write-page.ts';
import { readSearch, valueOf } from './search-data.ts';
import type { SearchData } from './search-data.ts';
import { searchSections } from './sections.ts';

/**
 * Reads a finished search, draws and writes. `out`: where to, the search folder by default. Throws DataError where the search is not
 * finished or not whole.
 */
export async function writeSearchReport(folder: string, out = folder): Promise<WrittenReport> {
  const data = readSearch(folder);
  return writePage(out, `${data.recipe.name}: search`, subtitle(data), searchSections(data));
}

/** How good the best is, in one line. */
function subtitle({ best, metric, adapter, table }: SearchData): string {
  const value = valueOf(best);
  const found =
    value === undefined
      ? 'no trial has a value'
      : `best validation ${metricTitle(metric)} ${formatMetric(metric, value)}`;
  return `${found}, of ${table.length} ${table.length === 1 ? 'trial' : 'trials'}, on ${adapter}`;
}
