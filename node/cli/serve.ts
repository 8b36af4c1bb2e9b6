/** `descent serve`: the page on this machine, with the data sets that are here, until Ctrl-C. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { checkDataFolder, standardDataFolders } from '../files.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import { openServer } from '../serve/server.ts';
import { addJsonOption, parseCount } from './options.ts';

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

export function serveCommand(io: Io): Command {
  const command = new Command('serve')
    .description('serve the page on this machine, with the data sets that are here, until Ctrl-C')
    .option('--port <n>', 'port; 0: any that is free', parsePort, 4180)
    .option(
      '--host <name>',
      'address to listen on; 0.0.0.0 lets other machines in, whose browsers allow WebGPU over HTTPS only',
      'localhost',
    )
    .option('--data <folder>', 'serve the data sets of this folder too')
    .option('--open', 'open the page in the browser');
  return addJsonOption(command).action(async ({ port, host, data, open, json }: ServeOptions) => {
    if (data !== undefined) checkDataFolder(data);
    const dataFolders = [...(data === undefined ? [] : [data]), ...standardDataFolders()];
    await using server = await openServer({ pageFolder: pageFolder(), dataFolders, host, port });
    const interrupted = new Promise<void>((resolve) => {
      const stop = io.onInterrupt(() => {
        stop();
        resolve();
      });
    });
    io.stdout(json === true ? formatJson({ url: server.url, dataFolders }) : `${server.url}\n`);
    io.stderr(`Data sets from ${dataFolders.join(' and ')}. Ctrl-C ends it.\n`);
    if (open === true) openInBrowser(server.url, io);
    await interrupted;
  });
}

/** Beside the built program; for the sources, where the build puts it. */
function pageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'page');
  return existsSync(beside) ? beside : join(here, '../../dist/page');
}

function parsePort(text: string): number {
  const port = parseCount(text);
  if (port > 65_535) throw new InvalidArgumentError('Ports go up to 65535.');
  return port;
}

function openInBrowser(url: string, io: Io): void {
  const [program = '', ...args] =
    process.platform === 'win32'
      ? ['cmd', '/c', 'start', '', url]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', url];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.on('error', () => io.stderr(`No browser could be started; open ${url} yourself.\n`));
  child.unref();
}
