/** `descent datasets` and `descent datasets fetch NAME`: the data sets, where they were found, and how to get them. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { datasetCatalogue, fileLayouts } from '../../src/data/catalogue.ts';
import type { CatalogueEntry } from '../../src/data/catalogue.ts';
import { formatBytes, formatCount } from '../../src/numbers.ts';
import { fetchDataset } from '../fetch.ts';
import { datasetCacheDir, openDataFiles } from '../files.ts';
import { formatJson, formatTable, openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';
import { addJsonOption } from './options.ts';

export function datasetsCommand(io: Io): Command {
  const command = new Command('datasets')
    .description('list the data sets and where they are')
    .option('--data <folder>', 'look in this folder');
  addJsonOption(command).action(({ data, json }: { readonly data?: string; readonly json?: boolean }) => {
    const sets = datasetCatalogue.map((entry) => describeEntry(entry, data));
    if (json === true) io.stdout(formatJson({ datasets: sets }));
    else io.stdout(formatSets(sets));
  });
  return command.addCommand(fetchCommand(io));
}

interface DescribedSet extends Omit<CatalogueEntry, 'downloads' | 'otherFiles'> {
  readonly downloadBytes: number;
  /** The folder of its files; absent if they are not there, or if it needs none. */
  readonly found?: string;
}

function describeEntry(set: CatalogueEntry, dataFolder: string | undefined): DescribedSet {
  const { downloads, otherFiles: _otherFiles, ...entry } = set;
  const files = openDataFiles(dataFolder);
  const places = fileLayouts(set)
    .map((paths) => paths.map((path) => files.describe(path)))
    .find((candidates) => candidates.every((place) => existsSync(place)));
  return {
    ...entry,
    downloadBytes: downloads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(places?.[0] !== undefined && { found: dirname(places[0]) }),
  };
}

function formatSets(sets: readonly DescribedSet[]): string {
  const state = ({ downloadBytes, files, found, name }: DescribedSet): string => {
    if (downloadBytes === 0) return files;
    return found ?? `not here; descent datasets fetch ${name} (${formatBytes(downloadBytes)})`;
  };
  const rows = sets.map((set) => [
    set.name,
    set.rowCount === undefined ? '' : formatCount(set.rowCount),
    set.title,
    set.licence,
    state(set),
  ]);
  return formatTable([['name', 'rows', 'what', 'licence', 'where'], ...rows], 'lrlll');
}

function fetchCommand(io: Io): Command {
  const command = new Command('fetch')
    .description('download a data set into the cache folder; an interrupted download is gone on with')
    .argument('<name>', 'a data set');
  return addJsonOption(command).action(async (name: string, _options: unknown, self: Command) => {
    // The parent command has the option too, and takes it.
    const { json } = self.optsWithGlobals<{ readonly json?: boolean }>();
    const line = openLiveLine(io);
    let files: readonly string[];
    try {
      files = await fetchDataset(name, {
        cacheDir: datasetCacheDir(),
        onProgress({ file, receivedBytes, totalBytes }) {
          const share = Math.floor((100 * receivedBytes) / totalBytes);
          line.show(`${file}  ${share} % of ${formatBytes(totalBytes)}`);
        },
      });
    } finally {
      line.clear();
    }
    if (json === true) io.stdout(formatJson({ files }));
    else io.stdout(`${files.join('\n')}\n`);
  });
}
