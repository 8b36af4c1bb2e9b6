/** Runs the command line in the tests' own process, or the built one as a process that can be interrupted and killed. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { main } from '../../node/cli/main.ts';
import type { Io } from '../../node/output.ts';
import { gzip, idx } from '../data/memory-files.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process. */
export async function descent(args: readonly string[], overrides: Partial<Io> = {}): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const code = await main(args, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    terminalColumns: undefined,
    terminalRows: undefined,
    onInterrupt: () => () => undefined,
    ...overrides,
  });
  return { code, stdout, stderr };
}

/** A folder that is removed after the test, or after all tests of a file with `afterAll`. */
export function temporaryFolder(after: (remove: () => void) => void = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'descent-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file into a folder and returns its path. */
export function writeFile(folder: string, name: string, content: string | Uint8Array | object): string {
  const path = join(folder, name);
  const raw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(path, raw ? content : JSON.stringify(content));
  return path;
}

/** Writes a Fashion-MNIST of 12 training and 4 test images; `changes` replace files. */
export async function writeFashion(folder: string, changes: Readonly<Record<string, Uint8Array>> = {}): Promise<void> {
  const files = {
    'train-images-idx3-ubyte.gz': await gzip(idx([12, 28, 28], (i) => i % 256)),
    'train-labels-idx1-ubyte.gz': await gzip(idx([12], (i) => i % 10)),
    't10k-images-idx3-ubyte.gz': await gzip(idx([4, 28, 28], (i) => (i + 7) % 256)),
    't10k-labels-idx1-ubyte.gz': await gzip(idx([4], (i) => 9 - i)),
    ...changes,
  };
  for (const [name, bytes] of Object.entries(files)) writeFile(folder, name, bytes);
}

export function readText(...path: readonly string[]): string {
  return readFileSync(join(...path), 'utf8');
}

/** The built command line; built here where sources are newer, which `npm test` leaves nothing to do for. */
export function builtCli(): string {
  const built = join(root, 'dist/descent.js');
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0;
  // Below bench/ lie the peers, which are no part of the command line.
  const newest = ['src', 'node', 'shaders', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder !== 'bench', encoding: 'utf8' }).map(
      (name) => statSync(join(root, folder, name)).mtimeMs,
    ),
  );
  if (Math.max(...newest) > builtAt) {
    const args = [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--emptyOutDir=false'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the build failed: ${stderr}`);
  }
  return built;
}

export interface Spawned {
  readonly child: ChildProcess;
  /** What has come on standard error so far. */
  readonly stderr: () => string;
  readonly finished: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>;
}

/** Starts the built command line as a process of its own. */
export function spawnCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Spawned {
  const child = spawn(process.execPath, [builtCli(), ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const finished = new Promise<Outcome & { signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, stderr: () => stderr, finished };
}

/** Waits until something holds, looking every few milliseconds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
