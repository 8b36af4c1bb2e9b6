/** What long commands share: Ctrl-C ends them at a good place and tells how to go on, and each keeps its work in a folder of its own. */
import { join, relative } from 'node:path';
import type { Recipe } from '../../src/recipe/schema.ts';
import { folderName } from '../../src/train/run-files.ts';
import type { Io } from '../output.ts';

/**
 * The first Ctrl-C aborts the signal and says so, the second ends the process. `close` takes away what is redrawn in place, for good; `cure` is
 * the sentence that says how to go on.
 */
export function listenForInterrupts(
  io: Io,
  close: () => void,
  cure: string,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) {
      io.stderr(`descent: interrupted. ${cure}\n`);
      process.exit(130);
    }
    controller.abort();
    close();
    io.stderr('Stopping as soon as the work can be left (Ctrl-C again stops at once).\n');
  });
  return { signal: controller.signal, [Symbol.dispose]: stop };
}

/** The command to go on with what these arguments began, as one types it into a shell. */
export function resumeCommand(args: readonly string[], folder: string): string {
  const isGiven = (option: string) => args.some((word) => word === option || word.startsWith(`${option}=`));
  const out = isGiven('--out') ? [] : ['--out', folder];
  return quoteCommand([...args, ...out, ...(args.includes('--resume') ? [] : ['--resume'])]);
}

/** A command of this program, as one types it into a shell. */
export function quoteCommand(args: readonly string[]): string {
  const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ['descent', ...args].map(quote).join(' ');
}

/** A path as one would type it here. */
export function showPath(path: string): string {
  const short = relative('.', path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** A folder in `parent` named after recipe, seed and time, that is not in use. */
export function freshFolder(parent: string, { name, seed }: Recipe, isUsed: (folder: string) => boolean): string {
  const time = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  const base = join(parent, `${folderName(name)}-${seed}-${time}`);
  // Two may start within one second.
  for (let count = 1; ; count++) {
    const folder = count === 1 ? base : `${base}-${count}`;
    if (!isUsed(folder)) return folder;
  }
}
