/** What made a number: the version of the program, and the commit where it runs in its own checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { name, version } from '../../package.json';

export interface ProgramVersion {
  readonly version: string;
  /** Short; ends in `-dirty` where files were changed since. Absent outside a checkout of the program, and without git. */
  readonly commit?: string;
}

/** Looks at the folder that the program was started in. */
export function programVersion(folder = process.cwd()): ProgramVersion {
  const top = git(folder, ['rev-parse', '--show-toplevel']);
  if (top === undefined || packageName(top) !== name) return { version };
  const commit = git(folder, ['describe', '--always', '--dirty', '--abbrev=10', '--exclude=*']);
  return commit === undefined ? { version } : { version, commit };
}

function git(folder: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
  const text = status === 0 ? stdout.trim() : '';
  return text === '' ? undefined : text;
}

function packageName(folder: string): string | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string }).name;
  } catch {
    return undefined;
  }
}

export function sayVersion({ version: number, commit }: ProgramVersion): string {
  return commit === undefined ? number : `${number} (${commit})`;
}
