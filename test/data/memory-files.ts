/** Data files in memory, for the loaders' tests. */
import type { DataFiles } from '../../src/data/dataset.ts';
import { parseData } from '../../src/recipe/parse.ts';
import type { DataRecipe } from '../../src/recipe/schema.ts';

export function memoryFiles(contents: Readonly<Record<string, Uint8Array | string>>): DataFiles {
  return {
    read: (path) => {
      const content = contents[path];
      return Promise.resolve(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    },
    describe: (path) => (path in contents ? `mem/${path}` : `${path} (looked in mem)`),
  };
}

/** A data recipe with its defaults filled in. */
export function dataRecipe(data: object): DataRecipe {
  return parseData(data);
}

export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An IDX file of bytes. */
export function idx(shape: readonly number[], fill: (index: number) => number): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, length) => product * length, 1);
  const file = new Uint8Array(4 + 4 * shape.length + count);
  file.set([0, 0, 8, shape.length]);
  const view = new DataView(file.buffer);
  for (const [i, length] of shape.entries()) view.setUint32(4 + 4 * i, length);
  for (let i = 0; i < count; i++) file[4 + 4 * shape.length + i] = fill(i);
  return file;
}
