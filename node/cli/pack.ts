/** `descent pack RUN`: a run folder as one zip file, for the page or another machine. What packs is loaded only here. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { DataError } from '../../src/errors.ts';
import { formatBytes } from '../../src/numbers.ts';
import { folderName, isRunFile } from '../../src/train/run-files.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { readModelFile, readResult, readRunRecipe, writeWhole } from '../run-folder.ts';
import { lockRun } from '../run-lock.ts';
import { refuseEnded } from '../search/marks.ts';
import { addJsonOption, checkWritable } from './options.ts';

interface PackOptions {
  readonly out?: string;
  readonly json?: boolean;
}

export function packCommand(io: Io): Command {
  const command = new Command('pack')
    .description('pack a run into one zip file, which "descent unpack" and the page take')
    .argument('<run>', 'the folder of a run, finished or not')
    .option('--out <file>', 'the zip file (default: <run>.zip in the current folder)');
  return addJsonOption(command).action(async (run: string, options: PackOptions) => {
    readRunRecipe(run);
    readModelFile(run);
    refuseEnded(run);
    const name = basename(resolve(run));
    const out = options.out ?? `${folderName(name)}.zip`;
    checkWritable(out, '--out');
    if (existsSync(out)) throw new DataError(out, 'is there already. Choose another --out.');
    const { zip, count } = await packFolder(run, name);
    writeWhole(out, zip);
    const json = { file: resolve(out), bytes: zip.length, files: count };
    io.stdout(
      options.json === true ? formatJson(json) : `${out}: ${count} files of ${run}, ${formatBytes(zip.length)}\n`,
    );
  });
}

/** Nobody writes to a run meanwhile: its files belong together. */
async function packFolder(run: string, name: string): Promise<{ readonly zip: Uint8Array; readonly count: number }> {
  const { packRun } = await import('../../src/train/run-zip.ts');
  using _lock = readResult(run) === undefined ? lockRun(run) : undefined;
  const paths = readdirSync(run, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll(sep, '/'))
    .filter(isRunFile)
    .toSorted();
  const files = new Map(paths.map((path) => [path, readFileSync(join(run, path))]));
  return { zip: packRun(name, files), count: files.size };
}
