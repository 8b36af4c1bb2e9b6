/** What dropped files are, by their names: files of the known sets, tables, packed images, folders of pictures, runs, recipes. */
import type { NewFile, Picture } from '../protocol/data.ts';

export interface DroppedFile {
  /** With the folders that were dropped or chosen. */
  readonly path: string;
  readonly bytes: Blob;
}

export interface PictureFolder {
  /** A name for the set. */
  readonly name: string;
  readonly pictures: readonly Picture[];
  readonly classNames: readonly string[];
}

export interface Recognised {
  readonly dataFiles: readonly NewFile[];
  readonly pictures: PictureFolder | undefined;
  readonly runZips: readonly DroppedFile[];
  readonly recipes: readonly DroppedFile[];
  /** A sentence for each file that is nothing of these. */
  readonly faults: readonly string[];
}

const picture = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;
/** What systems put into folders by themselves. */
const clutter = /(^|\/)(\.|thumbs\.db$|desktop\.ini$|__MACOSX\/)/i;
const trainFolder = /^(train|training)$/i;
const testFolder = /^(test|testing)$/i;

export function recognise(files: readonly DroppedFile[]): Recognised {
  const dataFiles: NewFile[] = [];
  const runZips: DroppedFile[] = [];
  const recipes: DroppedFile[] = [];
  const pictures: DroppedFile[] = [];
  const unknown: string[] = [];
  for (const file of files) {
    const { path, bytes } = file;
    if (clutter.test(path)) continue;
    const stored = storedPath(path);
    if (stored !== undefined) dataFiles.push({ path: stored, bytes });
    else if (picture.test(path)) pictures.push(file);
    // Inside a folder they belong to something else.
    else if (/^[^/]*\.zip$/i.test(path)) runZips.push(file);
    else if (/^[^/]*\.json$/i.test(path)) recipes.push(file);
    else unknown.push(path);
  }
  const folder = pictureFolder(pictures);
  return {
    dataFiles,
    pictures: typeof folder === 'string' ? undefined : folder,
    runZips,
    recipes,
    faults: [...(typeof folder === 'string' ? [folder] : []), ...sayUnknown(unknown)],
  };
}

/** Where a file of a data set is kept; undefined for others. */
export function storedPath(path: string): string | undefined {
  const name = path.split('/').at(-1) ?? '';
  const idx = /^(train|t10k)-(images|labels)[-.]idx([13])-ubyte(\.gz)?$/i.exec(name);
  if (idx !== null) return `fashion-mnist/${idx[1]}-${idx[2]}-idx${idx[3]}-ubyte.gz`.toLowerCase();
  if (/^cifar-10-binary\.tar\.gz$/i.test(name)) return name.toLowerCase();
  if (/^(data_batch_[1-5]|test_batch)\.bin$/i.test(name)) return `cifar-10-batches-bin/${name.toLowerCase()}`;
  return /\.(csv|csv\.gz|safetensors)$/i.test(name) ? name : undefined;
}

function sayUnknown(paths: readonly string[]): string[] {
  const [first] = paths;
  if (first === undefined) return [];
  const others = paths.length === 1 ? '' : ` and ${paths.length - 1} more`;
  return [
    `${first}${others}: not known here. Drop the files of Fashion-MNIST or CIFAR-10, a table (.csv), packed images (.safetensors), folders ` +
      'of pictures, a run (.zip) or a recipe (.json).',
  ];
}

/** A class is the folder that its pictures are in; folders `train` and `test` above say which part they are. */
function pictureFolder(files: readonly DroppedFile[]): PictureFolder | string | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const pictures = files.map(({ path, bytes }): Picture => {
    const folders = path.split('/').slice(0, -1);
    return {
      path,
      bytes,
      className: folders.at(-1) ?? '',
      isTest: folders.slice(0, -1).some((folder) => testFolder.test(folder)),
    };
  });
  const loose = pictures.find(({ className }) => className === '');
  const classNames = [...new Set(pictures.map(({ className }) => className))].toSorted();
  if (loose !== undefined || classNames.length < 2) {
    return (
      `${loose?.path ?? first.path}: pictures of one class cannot be told apart. Put the pictures of each class into a folder of its own, ` +
      'and drop two such folders or more, or the folder that holds them.'
    );
  }
  const top = first.path.split('/');
  const holdsAll = top.length > 2 && pictures.every(({ path }) => path.startsWith(`${top[0]}/`));
  const name = holdsAll && !trainFolder.test(top[0] ?? '') ? top[0] : undefined;
  return { name: fileStem(name ?? 'pictures'), pictures, classNames };
}

/** What a file may be called on any system. */
export function fileStem(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_-]+/gu, '-').replaceAll(/^-+|-+$/g, '') || 'pictures';
}
