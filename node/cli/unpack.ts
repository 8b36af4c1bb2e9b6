/** `descent unpack FILE.zip`: the run folder that a zip of the page or of `descent pack` holds, whole or not at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { DataError } from '../../src/errors.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { holdsRun, writeWhole } from '../run-folder.ts';
import { refuseTraining } from '../search/marks.ts';
import { quoteCommand, showPath } from './interruption.ts';
import { addJsonOption, readInput } from './options.ts';

interface UnpackOptions {
  readonly out?: string;
  readonly json?: boolean;
}

export function unpackCommand(io: Io): Command {
  const command = new Command('unpack')
    .description('unpack a run that the page has exported, or "descent pack" has packed, into a run folder')
    .argument('<zip>', 'the zip file')
    .option('--out <folder>', 'the run folder, which must not hold anything yet (default: runs/<name>)');
  return addJsonOption(command).action(async (path: string, options: UnpackOptions) => {
    const { unpackRun } = await import('../../src/train/run-zip.ts');
    const { name, result, files } = unpackRun(readInput(path), path);
    const folder = options.out ?? join('runs', name);
    refuseUsed(folder);
    writeFolder(folder, files);
    if (options.json === true) {
      io.stdout(formatJson({ run: resolve(folder), files: files.size, finished: result !== undefined }));
      return;
    }
    const next =
      result === undefined
        ? quoteCommand(['train', showPath(join(folder, 'recipe.json')), '--out', showPath(folder), '--resume'])
        : quoteCommand(['report', showPath(folder)]);
    const state = result === undefined ? 'a run that is not finished' : 'a finished run';
    io.stdout(`${showPath(folder)}: ${state}, ${files.size} files. Go on with: ${next}\n`);
  });
}

function refuseUsed(folder: string): void {
  refuseTraining(folder);
  if (holdsRun(folder)) throw new DataError(folder, 'already holds a run. Choose another --out.');
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new DataError(folder, 'is not empty. Choose another --out.');
  }
}

/** Writes the files beside the place of the folder, and moves them there together. */
function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  const unfinished = join(dirname(resolve(folder)), `.${basename(resolve(folder))}.${process.pid}`);
  rmSync(unfinished, { recursive: true, force: true });
  try {
    mkdirSync(join(unfinished, 'checkpoints'), { recursive: true });
    for (const [path, bytes] of files) writeWhole(join(unfinished, path), bytes);
    renameSync(unfinished, folder);
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    throw cause;
  }
}
