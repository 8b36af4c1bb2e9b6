/** A run in one zip file: its folder with the files of a run, and nothing else. The command line and the page write and read the same. */
import { DataError } from '../errors.ts';
import { parseJson } from '../recipe/json.ts';
import { readZip, writeZip } from '../formats/zip.ts';
import { parseRecipe, upgradeRecipe } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { ResultJson } from './result-json.ts';
import { folderName, isRunFile, parseModelFile, parseResult, wholeLines } from './run-files.ts';
import type { ModelFile } from './run-files.ts';

export interface UnpackedRun {
  /** Of its folder in the zip. */
  readonly name: string;
  readonly recipe: Recipe;
  readonly model: ModelFile;
  /** Of a run that is finished. */
  readonly result?: ResultJson;
  /** By path in the folder; recipe.json, which makes a folder a run, comes last. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A zip of the files of a run, by path in its folder. */
export function packRun(name: string, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const folder = folderName(name);
  const entries = [...files]
    .filter(([path]) => isRunFile(path))
    .map(([path, bytes]) => [`${folder}/${path}`, bytes] as const);
  // Weights do not compress.
  return writeZip(new Map(entries), (path) => path.endsWith('.safetensors'), name);
}

/** The one run in a zip; what is no file of a run is left out. Throws DataError at `place` for a zip without a sound run. */
export function unpackRun(bytes: Uint8Array, place: string): UnpackedRun {
  const all = readZip(bytes, place);
  const root = findRun([...all.keys()], place);
  const inside = [...all].flatMap(([path, content]) =>
    path.startsWith(root) ? [[path.slice(root.length), content] as const] : [],
  );
  const files = new Map(
    inside
      .filter(([path]) => isRunFile(path))
      .toSorted(([a], [b]) => Number(a === 'recipe.json') - Number(b === 'recipe.json')),
  );
  const jsonOf = (path: string): unknown => parseJson(textOf(files.get(path)), `${place}: ${path}`);
  if (inside.some(([path]) => path === 'search.json')) {
    throw new DataError(place, 'holds a search, not a run. Pack one of its populations.');
  }
  if (!files.has('model.json')) {
    throw new DataError(place, 'holds a recipe but no run: there is no model.json. Pack the whole run folder.');
  }
  const recipe = parseRecipe(upgradeRecipe(jsonOf('recipe.json')));
  const model = parseModelFile(jsonOf('model.json'), `${place}: model.json`);
  checkComplete(files, model, place);
  const result = files.has('result.json') ? parseResult(jsonOf('result.json'), `${place}: result.json`) : undefined;
  for (const [index, line] of wholeLines(textOf(files.get('metrics.jsonl'))).entries()) {
    parseJson(line, `${place}: metrics.jsonl, evaluation ${index + 1}`);
  }
  const inZip = root.split('/').at(-2) ?? place.replace(/^.*[\\/]/, '').replace(/\.zip$/i, '');
  return { name: folderName(inZip), recipe, model, ...(result && { result }), files };
}

/** The path of the run's folder with its slash, or an empty one. */
function findRun(paths: readonly string[], place: string): string {
  const roots = paths
    .filter((path) => /(^|\/)recipe\.json$/.test(path))
    .map((path) => path.slice(0, -'recipe.json'.length));
  const depth = (root: string): number => root.split('/').length;
  const least = Math.min(...roots.map(depth));
  const [root, second] = roots.filter((each) => depth(each) === least);
  if (root === undefined) {
    throw new DataError(
      place,
      'holds no run: there is no recipe.json. Take a file that "descent pack" or the page has written.',
    );
  }
  if (second !== undefined) {
    throw new DataError(place, `holds several runs, such as ${root} and ${second}. Pack each into a file of its own.`);
  }
  return root;
}

/** What the other files say is there must be there. */
function checkComplete(files: ReadonlyMap<string, Uint8Array>, model: ModelFile, place: string): void {
  const needed = [...(model.initialWeights ? ['init'] : []), ...(files.has('result.json') ? ['final'] : [])];
  const missing = needed.map((name) => `${name}.safetensors`).find((name) => !files.has(name));
  if (missing !== undefined) throw new DataError(place, `lacks ${missing} of its run. Pack the whole run folder.`);
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
