// `descent serve`: what it gives, and what no request gets out of it.
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openServer, readPath } from '../../node/serve/server.ts';
import { DataError } from '../../src/errors.ts';
import { descent, readText, temporaryFolder, until, writeFashion, writeFile } from './run-cli.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with the path as it is given: `fetch` would tidy it up. */
function get(
  url: string,
  path: string,
  more: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, ...more }, (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A folder `top` with a page, data, and a secret beside both; the server of it. */
async function serveSmall(): Promise<{ readonly url: string; readonly dataFolder: string }> {
  const top = temporaryFolder();
  const pageFolder = join(top, 'page');
  const dataFolder = join(top, 'data');
  for (const folder of [join(pageFolder, 'assets'), join(dataFolder, 'tables'), join(dataFolder, '.hidden')]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFile(top, 'secret.csv', 'secret');
  writeFile(pageFolder, 'index.html', '<!doctype html><html><head lang="en"><title>D</title></head></html>');
  writeFile(pageFolder, 'assets/main.js', 'run();');
  writeFile(dataFolder, 'a.csv', 'x,y\n1,0\n');
  writeFile(dataFolder, 'notes.txt', 'private');
  writeFile(dataFolder, 'tables/b.csv', 'x,y\n1,0\n2,1\n');
  writeFile(dataFolder, '.hidden/c.csv', 'hidden');
  writeFile(dataFolder, 'pets.safetensors', Uint8Array.of(1, 2, 3));
  const server = await openServer({ pageFolder, dataFolders: [dataFolder], host: 'localhost', port: 0 });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { url: server.url, dataFolder };
}

test('the page comes with the place of its data, its files with their types', async () => {
  const { url } = await serveSmall();
  for (const path of ['/', '/index.html', '/?recipe=abc']) {
    const { status, headers, body } = await get(url, path);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<head lang="en"><meta name="descent-data" content="data/" /><title>');
  }
  expect(await get(url, '/assets/main.js')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/javascript; charset=utf-8', 'content-length': '6' },
    body: 'run();',
  });
  expect(await get(url, '/assets/main.js', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  expect((await get(url, '/assets/other.js')).status).toBe(404);
  expect((await get(url, '/assets')).status).toBe(404);
  expect((await get(url, '/', { method: 'POST' })).status).toBe(405);
});

test('data files are listed and given, other files are not', async () => {
  const { url } = await serveSmall();
  expect(JSON.parse((await get(url, '/data/index.json')).body)).toEqual({
    files: [
      { path: 'a.csv', sizeBytes: 8 },
      { path: 'pets.safetensors', sizeBytes: 3 },
      { path: 'tables/b.csv', sizeBytes: 12 },
    ],
  });
  expect(await get(url, '/data/tables/b.csv')).toMatchObject({ status: 200, body: 'x,y\n1,0\n2,1\n' });
  expect(await get(url, '/data/pets.safetensors')).toMatchObject({
    headers: { 'content-type': 'application/octet-stream' },
    body: '\x01\x02\x03',
  });
  for (const path of ['/data/notes.txt', '/data/', '/data/tables', '/data/no.csv', '/a.csv']) {
    expect((await get(url, path)).status, path).toBe(404);
  }
});

test.each([
  '/../secret.csv',
  '/data/../secret.csv',
  '/data/../../secret.csv',
  '/data/tables/../../secret.csv',
  '/data/%2e%2e/secret.csv',
  '/data/..%2fsecret.csv',
  '/data/%2e%2e%2fsecret.csv',
  '/data/..%5csecret.csv',
  '/data/..\\secret.csv',
  '/data//etc/passwd',
  '/data/%2fetc/passwd',
  '/data/.hidden/c.csv',
  '/data/a.csv%00.csv',
  '/data/c:/secret.csv',
  '/data/%',
  'http://localhost/secret.csv',
])('no way out of the folders: %s', async (path) => {
  const { url } = await serveSmall();
  const { status, body } = await get(url, path);
  expect(status).toBe(400);
  expect(body).not.toContain('secret');
  expect(body).not.toContain('hidden');
});

test('the planted secret lies where paths that are not checked would lead', async () => {
  const { dataFolder } = await serveSmall();
  expect(readText(join(dataFolder, '../secret.csv'))).toBe('secret');
  expect(readText(join(dataFolder, '.hidden/c.csv'))).toBe('hidden');
  expect([readPath('/data/a.csv'), readPath('/data/a%2Fb.csv?x')]).toEqual(['data/a.csv', 'data/a/b.csv']);
});

test('a server of this machine answers to its own names only', async () => {
  const { url } = await serveSmall();
  const { port } = new URL(url);
  const ask = (host: string) => get(url, '/data/a.csv', { headers: { Host: host } });
  expect((await ask(`127.0.0.1:${port}`)).status).toBe(200);
  expect((await ask(`evil.example:${port}`)).status).toBe(403);
});

test('a page that is not built and a port that is taken are told with the cure', async () => {
  const folder = temporaryFolder();
  const options = { pageFolder: folder, dataFolders: [], host: 'localhost', port: 0 };
  await expect(openServer(options)).rejects.toThrow(DataError);
  await expect(openServer(options)).rejects.toThrow('holds no built page. Build it with "npm run build".');
  const { port } = new URL((await serveSmall()).url);
  writeFile(folder, 'index.html', '<head></head>');
  await expect(openServer({ ...options, port: Number(port) })).rejects.toThrow(
    `--port: ${port} is taken by another program. Choose another, or 0 for any.`,
  );
});

test('the command prints where the page is, serves the sets of --data, and ends with Ctrl-C', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'fashion-mnist'));
  await writeFashion(join(folder, 'fashion-mnist'));
  let stdout = '';
  let interrupt: (() => void) | undefined;
  const ended = descent(['serve', '--port', '0', '--data', folder], {
    stdout: (text) => (stdout += text),
    onInterrupt(callback) {
      interrupt = callback;
      return () => undefined;
    },
  });
  await until(() => stdout !== '');
  expect(stdout).toMatch(/^http:\/\/localhost:\d+\/\n$/);
  const url = stdout.trim();
  expect((await get(url, '/')).body).toContain('descent-data');
  const labels = await get(url, '/data/fashion-mnist/train-labels-idx1-ubyte.gz');
  expect(labels).toMatchObject({ status: 200, headers: { 'content-type': 'application/gzip' } });
  expect(labels.headers).not.toHaveProperty('content-encoding');
  interrupt?.();
  expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining(folder) });
});

test('wrong options are refused before anything is served', async () => {
  expect(await descent(['serve', '--port', '70000'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Ports go up to 65535.'),
  });
  expect(await descent(['serve', '--data', join(temporaryFolder(), 'no')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('this data folder is not there'),
  });
});
