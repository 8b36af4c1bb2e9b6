/** The files of data sets for the worker: those of the page, with a cure that can be followed there, and new ones before they are kept. */
import { datasetCatalogue, fileLayouts } from '../../src/data/catalogue.ts';
import type { CatalogueEntry } from '../../src/data/catalogue.ts';
import type { DataFiles } from '../../src/data/dataset.ts';

/** The set that a file belongs to; undefined for files of one's own. */
export function setOfFile(path: string): CatalogueEntry | undefined {
  return datasetCatalogue.find((entry) => fileLayouts(entry).some((layout) => layout.includes(path)));
}

export function sayCure(path: string): string {
  const set = setOfFile(path);
  if (set === undefined) return `Drop ${path} on the page, or correct the path in the recipe.`;
  const names = set.downloads.map(({ file }) => file.replace(/^.*\//, ''));
  return (
    `Drop ${names.join(', ')} on the page, or fetch the set with "descent datasets fetch ${set.name}" and open the page ` +
    'with "descent serve".'
  );
}

/** `files` as they will be with the new ones. */
export function withNewFiles(files: DataFiles, added: ReadonlyMap<string, Uint8Array>): DataFiles {
  return { ...files, read: async (path) => added.get(path) ?? files.read(path) };
}
