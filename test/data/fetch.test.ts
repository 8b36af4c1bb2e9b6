// Downloads against a server on 127.0.0.1: whole, cut off and resumed, wrong, refused.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchDataset } from '../../node/fetch.ts';
import type { FetchOptions, FetchProgress } from '../../node/fetch.ts';
import type { CatalogueEntry } from '../../src/data/catalogue.ts';
import { DataError } from '../../src/errors.ts';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251);
const sha256 = createHash('sha256').update(content).digest('hex');

let cacheDir: string;
let server: ReturnType<typeof createServer>;
let requests: IncomingMessage[];
let respond: (request: IncomingMessage, response: ServerResponse) => void;
let options: FetchOptions;
let progress: FetchProgress[];
const target = () => join(cacheDir, 'set', 'data.bin');
const part = () => `${target()}.part`;

beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'descent-fetch-'));
  requests = [];
  progress = [];
  server = createServer((request, response) => {
    requests.push(request);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entry: CatalogueEntry = {
    name: 'cifar10',
    title: '',
    source: '',
    licence: '',
    files: '',
    downloads: [{ file: 'set/data.bin', url: 'http://127.0.0.1:1/data.bin', sha256, sizeBytes: content.length }],
  };
  options = { cacheDir, baseUrl: `${url}/mirror/`, catalogue: [entry], onProgress: (each) => progress.push(each) };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cacheDir, { recursive: true });
});

const fetchSet = (more: Partial<FetchOptions> = {}) => fetchDataset('cifar10', { ...options, ...more });

/** A server that knows ranges, as most do. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { 'content-length': content.length - from };
  if (from === 0) response.writeHead(200, headers);
  else
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(from));
}

/** Sends the first bytes, then cuts the connection. */
function cutAfter(byteCount: number): typeof serve {
  return (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, byteCount), () => setTimeout(() => response.destroy(), 50));
  };
}

function leavePart(bytes: Uint8Array): void {
  mkdirSync(dirname(part()), { recursive: true });
  writeFileSync(part(), bytes);
}

test('a file is downloaded with progress, checked and put in place', async () => {
  respond = serve;
  expect(await fetchSet()).toEqual([target()]);
  expect(readFileSync(target()).equals(content)).toBe(true);
  expect(existsSync(part())).toBe(false);
  expect(requests.map((request) => request.url)).toEqual(['/mirror/set/data.bin']);
  expect(progress[0]?.receivedBytes).toBe(0);
  expect(progress.at(-1)).toEqual({ file: 'set/data.bin', receivedBytes: content.length, totalBytes: content.length });
});

test('a file that is in the cache already is not downloaded again, a damaged one is', async () => {
  respond = serve;
  await fetchSet();
  await fetchSet();
  expect(requests).toHaveLength(1);
  writeFileSync(target(), content.subarray(1));
  await fetchSet();
  expect(requests).toHaveLength(2);
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('a download that was cut off is told, kept, and continued from where it stopped', async () => {
  respond = cutAfter(120_000);
  await expect(fetchSet()).rejects.toThrow('broke off after 120000 of 300000 bytes. Run the same command again');
  expect(statSync(part()).size).toBe(120_000);
  expect(existsSync(target())).toBe(false);
  respond = serve;
  progress = [];
  await fetchSet();
  expect(requests[1]?.headers.range).toBe('bytes=120000-');
  expect(progress[0]?.receivedBytes).toBe(120_000);
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('a server that ignores ranges sends the whole file, which replaces what was there', async () => {
  leavePart(content.subarray(0, 1000));
  respond = (_, response) => response.end(content);
  await fetchSet();
  expect(requests[0]?.headers.range).toBe('bytes=1000-');
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('a wrong checksum is refused, and the download removed', async () => {
  const wrong = content.slice();
  wrong[5] = 255;
  respond = (_, response) => response.end(wrong);
  await expect(fetchSet()).rejects.toThrow(DataError);
  await expect(fetchSet()).rejects.toThrow(`expected ${sha256}; the download was removed`);
  expect([existsSync(part()), existsSync(target())]).toEqual([false, false]);
});

test('a damaged start of an earlier download is found by the checksum, and the next attempt succeeds', async () => {
  leavePart(new Uint8Array(1000));
  respond = serve;
  await expect(fetchSet()).rejects.toThrow('the download was removed');
  await fetchSet();
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('a complete download that was not put in place yet needs no request', async () => {
  leavePart(content);
  await fetchSet();
  expect(requests).toHaveLength(0);
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('404, another file, another range and a refused range are told', async () => {
  respond = (_, response) => response.writeHead(404).end();
  await expect(fetchSet()).rejects.toThrow('/mirror/set/data.bin: answered 404 Not Found. Set DESCENT_MIRROR');
  respond = (_, response) => response.writeHead(200, { 'content-length': 12 }).end('<html></html');
  await expect(fetchSet()).rejects.toThrow('offers 12 bytes from byte 0, expected 300000 from byte 0');
  expect(existsSync(part())).toBe(false);
  leavePart(content.subarray(0, 1000));
  respond = (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-299999/300000' }).end(content);
  await expect(fetchSet()).rejects.toThrow('from byte 0, expected 300000 from byte 1000');
  expect(statSync(part()).size).toBe(1000);
  respond = (_, response) => response.writeHead(416).end();
  await expect(fetchSet()).rejects.toThrow('has no such range');
  expect(existsSync(part())).toBe(false);
});

test('a server that cannot be reached is told', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((resolve) => closed.close(resolve));
  await expect(fetchSet({ baseUrl })).rejects.toThrow(
    `${baseUrl}/set/data.bin: cannot be reached (connect ECONNREFUSED`,
  );
});

test('an interruption stops the download and keeps what has come', async () => {
  respond = (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 50_000));
  };
  const controller = new AbortController();
  const onProgress = ({ receivedBytes }: FetchProgress) => {
    if (receivedBytes === 50_000) controller.abort();
  };
  await expect(fetchSet({ signal: controller.signal, onProgress })).rejects.toThrow(controller.signal.reason as Error);
  expect(statSync(part()).size).toBe(50_000);
});

test('the mirror may come from the environment; without one, the official address is used', async () => {
  respond = serve;
  vi.stubEnv('DESCENT_MIRROR', options.baseUrl);
  await fetchSet({ baseUrl: undefined });
  expect(requests).toHaveLength(1);
  rmSync(target());
  vi.stubEnv('DESCENT_MIRROR', '');
  await expect(fetchSet({ baseUrl: undefined })).rejects.toThrow('http://127.0.0.1:1/data.bin: cannot be reached');
});

test('unknown names and sets without downloads are refused with the known ones', async () => {
  await expect(fetchDataset('cifar', { cacheDir })).rejects.toThrow(
    'cifar: is no data set. Did you mean "cifar10"? Can be fetched: fashion-mnist, cifar10.',
  );
  await expect(fetchDataset('digits', { cacheDir })).rejects.toThrow('digits: needs no download (embedded)');
});

test('a cache folder that cannot be written is told', async () => {
  respond = serve;
  writeFileSync(join(cacheDir, 'set'), 'a file where a folder should be');
  await expect(fetchSet()).rejects.toThrow(/cannot be written \((EEXIST|ENOTDIR)\)/);
});
