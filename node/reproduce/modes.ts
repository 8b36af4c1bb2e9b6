/** How long a row is trained: as its recipe says, quickly, or for so many epochs; and where each of these is kept. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { quickRecipe } from '../../src/train/quick.ts';
import { openRecipe } from '../cli/options.ts';
import type { PublishedRow } from './published/types.ts';

export type Mode =
  | { readonly kind: 'full' }
  | { readonly kind: 'quick' }
  | { readonly kind: 'epochs'; readonly epochs: number };

export const full: Mode = { kind: 'full' };

/** What is told of a mode on pages and in tables. */
export function sayMode(mode: Mode): string {
  return mode.kind === 'epochs' ? `${mode.epochs} ${mode.epochs === 1 ? 'epoch' : 'epochs'}` : mode.kind;
}

/** The mode that a row is done in where this one is asked for: what trains nothing long is always done in full. */
export function modeOfRow({ kind }: PublishedRow, asked: Mode): Mode {
  return kind === 'gradients' || kind === 'overfit' || kind === 'exercise' ? full : asked;
}

/** Where a row's work lies. */
export function rowFolder(out: string, report: string, row: string, mode: Mode): string {
  const suffix = mode.kind === 'full' ? '' : mode.kind === 'quick' ? '-quick' : `-epochs${mode.epochs}`;
  return join(out, report, `${row}${suffix}`);
}

/** A row's work that is finished. */
export interface DoneWork {
  readonly mode: Mode;
  readonly folder: string;
}

/** The work that counts: in full, else the most epochs, else quick. */
export function bestDone(out: string, report: string, row: string): DoneWork | undefined {
  const folder = join(out, report);
  const prefix = `${row}-epochs`;
  const epochs = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => b - a);
  const modes: Mode[] = [full, ...epochs.map((count): Mode => ({ kind: 'epochs', epochs: count })), { kind: 'quick' }];
  return modes.map((mode) => ({ mode, folder: rowFolder(out, report, row, mode) })).find(isDone);
}

/** Whether a row's work in a folder is finished. */
export function isDone({ folder }: DoneWork): boolean {
  return existsSync(join(folder, 'result.json'));
}

/** Whether work that is there makes other work superfluous. */
export function countsOver(done: Mode, asked: Mode): boolean {
  if (done.kind === 'full' || asked.kind === 'quick') return true;
  return done.kind === 'epochs' && asked.kind === 'epochs' && done.epochs === asked.epochs;
}

/** A row's recipe in a mode, with its data. */
export async function openInMode(name: string, mode: Mode, data: string | undefined): ReturnType<typeof openRecipe> {
  const opened = await openRecipe(name, {
    ...(data !== undefined && { data }),
    ...(mode.kind === 'epochs' && { epochs: mode.epochs }),
  });
  if (mode.kind !== 'quick') return opened;
  return { ...opened, recipe: quickRecipe(opened.recipe, opened.dataset) };
}
