/** What a search is going to train, in words: its populations, what they differ in, and what they take of the device. */
import { formatBytes, formatCount, formatNumber, sayCount } from '../../src/numbers.ts';
import { shortNames } from '../../src/recipe/search-axes.ts';
import { sayValues } from '../../src/recipe/search-values.ts';
import type { DescribedPopulation } from '../../src/search/describe.ts';
import { formatTable } from '../output.ts';

/** One line: how much there is to train, and how it is packed. */
export function sayPopulations(described: readonly DescribedPopulation[], memoryBytes: number): string {
  const runs = described.reduce((sum, each) => sum + each.runs, 0);
  const fields = shortNames(Object.keys(described[0]?.values ?? {}));
  const apart = fields.length > 0 ? `; they differ in ${fields.join(', ')}` : '';
  const most = Math.max(...described.map((each) => each.runs));
  const bytes = formatBytes(Math.max(...described.map((each) => each.deviceBytes)));
  const together = described.length === 1 ? '' : ` of up to ${formatCount(most)}`;
  return (
    `${sayCount(runs, 'run')} in ${sayCount(described.length, 'population')}${together}, with at most ${bytes} of device memory at once ` +
    `(${formatBytes(memoryBytes)} allowed)${apart}`
  );
}

/** A line for each population. */
export function formatPopulations(described: readonly DescribedPopulation[]): string {
  const paths = Object.keys(described[0]?.values ?? {});
  const header = ['population', ...shortNames(paths), 'runs', 'most that fit', 'steps', 'device memory'];
  const columns = paths.map((path) =>
    sayValues(
      described.map(({ values }) => values[path]),
      formatNumber,
    ),
  );
  const rows = described.map(({ name, runs, capacity, steps, deviceBytes }, index) => [
    name,
    ...columns.map((column) => column[index] ?? ''),
    formatCount(runs),
    formatCount(capacity),
    formatCount(steps),
    formatBytes(deviceBytes),
  ]);
  return formatTable([header, ...rows], `l${'r'.repeat(paths.length)}rrrr`);
}
