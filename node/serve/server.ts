/**
 * The page over HTTP, and the data files below `data/`, so that a browser gets from its own machine what the sets' home pages do not give
 * it. Nothing else of the folders is served: of the data folders only files that may be part of a data set, and no path leads out of them.
 */
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDataFile } from '../../src/data/files.ts';
import type { ListedFile } from '../../src/data/files.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { isFolder } from '../files.ts';

export interface ServeOptions {
  /** The built page. */
  readonly pageFolder: string;
  /** Searched in this order. */
  readonly dataFolders: readonly string[];
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
  // Without Content-Encoding, so that a browser hands the file over as it is.
  '.gz': 'application/gzip',
};

/** Tells the page where its data files are. */
const dataMeta = '<meta name="descent-data" content="data/" />';
/** Folders below a data folder that are looked into: `fashion-mnist/`, `tables/` … */
const listedDepth = 2;

/** Serves until it is disposed of. Throws DataError where the page is not built, RecipeError where the address cannot be had. */
export async function openServer(options: ServeOptions): Promise<PageServer> {
  const { pageFolder, host, port } = options;
  if (!(await isFile(join(pageFolder, 'index.html')))) {
    throw new DataError(pageFolder, 'holds no built page. Build it with "npm run build".');
  }
  const server = createServer((request, response) => {
    answer(request, response, options).catch((cause: unknown) => fail(response, cause));
  });
  await listen(server, host, port);
  const { port: givenPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${givenPort}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const faults: Readonly<Record<string, RecipeError>> = {
        EADDRINUSE: new RecipeError('--port', `${port} is taken by another program. Choose another, or 0 for any.`),
        EACCES: new RecipeError('--port', `${port} may not be opened by this user. Choose one from 1024 on.`),
        EADDRNOTAVAIL: new RecipeError('--host', `${host} is no address of this machine. Leave it out for localhost.`),
        ENOTFOUND: new RecipeError('--host', `${host} is no known name. Leave it out for localhost.`),
      };
      reject(faults[error.code ?? ''] ?? error);
    });
    server.listen(port, host, resolve);
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, 405, 'only GET and HEAD are answered');
    return;
  }
  if (!isOwnName(request.headers.host, options.host)) {
    refuse(response, 403, 'this name is not served');
    return;
  }
  const path = readPath(request.url ?? '/');
  if (path === undefined) {
    refuse(response, 400, 'no path of this server');
    return;
  }
  if (path === '' || path === 'index.html') {
    const html = await readFile(join(options.pageFolder, 'index.html'), 'utf8');
    send(
      request,
      response,
      '.html',
      html.replace(/<head[^>]*>/i, (head) => `${head}${dataMeta}`),
    );
    return;
  }
  if (path === 'data/index.json') {
    send(request, response, '.json', JSON.stringify({ files: await listDataFiles(options.dataFolders) }));
    return;
  }
  const file = path.startsWith('data/')
    ? await findDataFile(options.dataFolders, path.slice('data/'.length))
    : await findFile([options.pageFolder], path);
  if (file === undefined) refuse(response, 404, 'not found');
  else await sendFile(request, response, file);
}

/** The path of a request without its first slash; undefined where a part of it is none that a file below a folder has. */
export function readPath(url: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(url.replace(/[?#].*$/s, ''));
  } catch {
    return undefined;
  }
  if (!path.startsWith('/')) return undefined;
  const parts = path.slice(1).split('/');
  const isWrong = (part: string): boolean => part.startsWith('.') || /[\\\0:]/.test(part);
  return parts.some(isWrong) || parts.slice(0, -1).includes('') ? undefined : parts.join('/');
}

/** A server of this machine alone answers to its own names only: else a page could give it another name and read from it. */
function isOwnName(asked: string | undefined, host: string): boolean {
  const local = ['localhost', '127.0.0.1', '[::1]'];
  if (!local.includes(host) && host !== '::1') return true;
  return local.includes((asked ?? '').replace(/:\d+$/, ''));
}

function findDataFile(folders: readonly string[], path: string): Promise<string | undefined> {
  return isDataFile(path) ? findFile(folders, path) : Promise.resolve(undefined);
}

/** `path` comes from `readPath`, and so stays below the folder. */
async function findFile(folders: readonly string[], path: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, path);
    if (await isFile(file)) return file;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function listDataFiles(folders: readonly string[]): Promise<readonly ListedFile[]> {
  const found = new Map<string, ListedFile>();
  for (const folder of folders) {
    for (const file of await listFolder(folder, '', listedDepth)) {
      if (!found.has(file.path)) found.set(file.path, file);
    }
  }
  return [...found.values()].sort((a, b) => a.path.localeCompare(b.path));
}

async function listFolder(folder: string, prefix: string, depth: number): Promise<readonly ListedFile[]> {
  if (!isFolder(folder)) return [];
  const files: ListedFile[] = [];
  for (const name of await readdir(folder)) {
    const path = `${prefix}${name}`;
    const about = await stat(join(folder, name)).catch(() => undefined);
    if (about?.isFile() && isDataFile(path)) files.push({ path, sizeBytes: about.size });
    if (about?.isDirectory() && depth > 1 && !name.startsWith('.')) {
      files.push(...(await listFolder(join(folder, name), `${path}/`, depth - 1)));
    }
  }
  return files;
}

function send(request: IncomingMessage, response: ServerResponse, extension: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(200, headers(extension, body.length));
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const { size } = await stat(file);
  response.writeHead(200, headers(extname(file).toLowerCase(), size));
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

function headers(extension: string, sizeBytes: number): Record<string, string | number> {
  return {
    'Content-Type': contentTypes[extension] ?? 'application/octet-stream',
    'Content-Length': sizeBytes,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  };
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${reason}\n`);
}

/** A file that cannot be read, or a browser that hung up in the middle of one. */
function fail(response: ServerResponse, cause: unknown): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500, cause instanceof Error ? cause.message : 'failed');
}
