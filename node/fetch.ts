/**
 * Downloads of data sets into the cache folder: with progress, resumed after an interruption, and renamed into place
 * only when the sha256 is right. A mirror is any web server that holds the files as the cache folder does.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { datasetCatalogue } from '../src/data/catalogue.ts';
import type { CatalogueEntry, Download } from '../src/data/catalogue.ts';
import { DataError } from '../src/errors.ts';
import { nearest } from '../src/recipe/parse.ts';

export interface FetchProgress {
  readonly file: string;
  /** Bytes on disk, those of an earlier, interrupted download included. */
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface FetchOptions {
  /** Normally `datasetCacheDir()`. */
  readonly cacheDir: string;
  /** A mirror; default: the environment variable DESCENT_MIRROR, else the official sites. */
  readonly baseUrl?: string | undefined;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Stops the download; what has come stays for the next attempt. */
  readonly signal?: AbortSignal;
  /** Default: the project's catalogue. */
  readonly catalogue?: readonly CatalogueEntry[];
}

/**
 * Fetches the files of a data set that are not in the cache yet and returns the paths of all. Throws DataError for an
 * unknown name, a set without downloads, a failed download or a wrong checksum; the signal's reason if it stopped one.
 */
export async function fetchDataset(name: string, options: FetchOptions): Promise<readonly string[]> {
  const catalogue = options.catalogue ?? datasetCatalogue;
  const entry = catalogue.find((each) => each.name === name);
  const fetchable = catalogue.filter((each) => each.downloads.length > 0).map((each) => each.name);
  if (entry === undefined) {
    const near = nearest(name, fetchable);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw new DataError(name, `is no data set.${hint} Can be fetched: ${fetchable.join(', ')}.`);
  }
  if (entry.downloads.length === 0) {
    throw new DataError(name, `needs no download (${entry.files}). Can be fetched: ${fetchable.join(', ')}.`);
  }
  const files: string[] = [];
  for (const download of entry.downloads) files.push(await fetchFile(download, options));
  return files;
}

async function fetchFile(download: Download, options: FetchOptions): Promise<string> {
  const target = join(options.cacheDir, download.file);
  const part = `${target}.part`;
  try {
    if (existsSync(target) && (await sha256OfFile(target)) === download.sha256) return target;
    await mkdir(dirname(target), { recursive: true });
    await receive(download, part, options);
    const digest = await sha256OfFile(part);
    if (digest !== download.sha256) {
      await rm(part);
      throw new DataError(
        sourceUrl(download, options),
        `came with sha256 ${digest}, expected ${download.sha256}; the download was removed. ` +
          'Fetch it again, or from another mirror.',
      );
    }
    await rename(part, target);
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new DataError(
      error.path ?? part,
      `cannot be written (${error.code}). Make space, or make the folder writable.`,
    );
  }
  return target;
}

function sourceUrl(download: Download, options: FetchOptions): string {
  const mirror = options.baseUrl ?? process.env['DESCENT_MIRROR'];
  return mirror ? `${mirror.replace(/\/+$/, '')}/${download.file}` : download.url;
}

/** Downloads to `part`, continuing what is there if the server allows it. */
async function receive(download: Download, part: string, options: FetchOptions): Promise<void> {
  const url = sourceUrl(download, options);
  let receivedBytes = existsSync(part) ? (await stat(part)).size : 0;
  if (receivedBytes > download.sizeBytes) receivedBytes = 0;
  if (receivedBytes === download.sizeBytes) return;

  const response = await request(url, receivedBytes, options.signal);
  if (response.status === 416) {
    await rm(part);
    throw new DataError(url, 'has no such range, the started download was removed. Run the same command again.');
  }
  // A server that ignores the range answers 200 and sends the file from its beginning.
  if (response.status !== 206) receivedBytes = 0;
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  const expectedBytes =
    receivedBytes + Number(response.headers.get('content-length') ?? download.sizeBytes - receivedBytes);
  if (expectedBytes !== download.sizeBytes || (receivedBytes > 0 && Number(range?.[1]) !== receivedBytes)) {
    await response.body?.cancel();
    throw new DataError(
      url,
      `offers ${expectedBytes} bytes from byte ${range?.[1] ?? 0}, expected ${download.sizeBytes} from byte ` +
        `${receivedBytes}: not the file, or not the part asked for. Set DESCENT_MIRROR to a mirror that has it.`,
    );
  }
  await using file = await open(part, receivedBytes === 0 ? 'w' : 'a');
  const report = (): void =>
    options.onProgress?.({ file: download.file, receivedBytes, totalBytes: download.sizeBytes });
  report();
  try {
    for await (const chunk of response.body ?? []) {
      await file.writeFile(chunk as Uint8Array);
      receivedBytes += (chunk as Uint8Array).length;
      report();
      if (receivedBytes > download.sizeBytes) break;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isFileError(error)) throw error;
    throw interrupted(url, receivedBytes, download.sizeBytes);
  }
  await file.sync();
  if (receivedBytes < download.sizeBytes) throw interrupted(url, receivedBytes, download.sizeBytes);
}

async function request(url: string, fromByte: number, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      // Compression in transit would make the byte counts of ranges those of other bytes.
      headers: { 'accept-encoding': 'identity', ...(fromByte > 0 ? { range: `bytes=${fromByte}-` } : {}) },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new DataError(url, `cannot be reached (${reason}). Check the network, or set DESCENT_MIRROR to a mirror.`);
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  throw new DataError(
    url,
    `answered ${response.status} ${response.statusText}. Set DESCENT_MIRROR to a mirror that has the file.`,
  );
}

function interrupted(url: string, receivedBytes: number, totalBytes: number): DataError {
  return new DataError(
    url,
    `broke off after ${receivedBytes} of ${totalBytes} bytes. Run the same command again: it continues from there.`,
  );
}

/** Network errors of fetch keep their system error as cause; only file errors have a syscall themselves. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
