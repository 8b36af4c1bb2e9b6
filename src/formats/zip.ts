/**
 * Zip files (PKWARE, APPNOTE.TXT): several files in one, each stored or deflated. What is read is checked against its CRC-32, since a bit
 * that has flipped on the way must not train on in silence; paths that lead out of the folder are refused.
 */
import { inflateSync, zipSync } from 'fflate';
import { DataError } from '../errors.ts';

/** Beyond it, what is to be unpacked would fill the memory. */
const mostBytes = 2 ** 31;
/** No clock: the same files give the same bytes. */
const modified = new Date(1980, 0, 1);

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const fileSignature = 0x04034b50;
const endBytes = 22;
const mostCommentBytes = 0xffff;

/** A zip of files by path; text is deflated, and what `isStored` says is kept as it is. Throws DataError at `place` for more than fits. */
export function writeZip(
  files: ReadonlyMap<string, Uint8Array>,
  isStored: (path: string) => boolean,
  place: string,
): Uint8Array {
  checkTotal(
    Array.from(files.values()).reduce((sum, { length }) => sum + length, 0),
    place,
  );
  const entries = Array.from(files, ([path, bytes]) => [path, [bytes, { level: isStored(path) ? 0 : 6 }]] as const);
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0], { mtime: modified });
}

/** The files of a zip by path. Throws DataError at `place` for what is no zip, cut short, damaged or unsafe. */
export function readZip(bytes: Uint8Array, place: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of readEntries(bytes, place)) {
    checkPath(entry.path, place);
    if (entry.path.endsWith('/')) continue;
    if (files.has(entry.path)) throw damaged(place, `it holds "${entry.path}" twice`);
    total += entry.sizeBytes;
    checkTotal(total, place);
    files.set(entry.path, readEntry(bytes, entry, place));
  }
  return files;
}

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** The directory at the end of the file. */
function readEntries(bytes: Uint8Array, place: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === undefined) throw new DataError(place, 'is no zip file, or is cut short. Copy or export it again.');
  const entries: Entry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < view.getUint16(end + 10, true); index++) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature) throw damaged(place, 'its directory is broken');
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [pathBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + pathBytes));
    if ((flags & 1) === 1) throw new DataError(place, `"${path}" is encrypted. Pack it without a password.`);
    if (method !== 0 && method !== 8) {
      throw new DataError(place, `"${path}" is packed by method ${method}. Pack it stored or deflated, as usual.`);
    }
    entries.push({
      path,
      method,
      crc32: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      sizeBytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += 46 + pathBytes + extraBytes + commentBytes;
  }
  return entries;
}

/** Where the end record begins: a comment may follow it. */
function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - endBytes;
  for (let at = last; at >= Math.max(0, last - mostCommentBytes); at--) {
    if (view.getUint32(at, true) === endSignature) return at;
  }
  return undefined;
}

function readEntry(bytes: Uint8Array, entry: Entry, place: string): Uint8Array {
  const { path, method, packedBytes, sizeBytes, offset } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== fileSignature) {
    throw damaged(place, `"${path}" is not where its directory says`);
  }
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const packed = bytes.subarray(start, start + packedBytes);
  // Not `slice`: that of Node's Buffer shares its memory.
  const content = method === 0 ? new Uint8Array(packed) : inflate(packed, sizeBytes);
  if (content?.length !== sizeBytes || crc32(content) !== entry.crc32) {
    throw damaged(place, `"${path}" is not what was packed`);
  }
  return content;
}

/** Undefined for what is no deflated data. */
function inflate(packed: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  try {
    return inflateSync(packed, { out: new Uint8Array(sizeBytes) });
  } catch {
    return undefined;
  }
}

function checkPath(path: string, place: string): void {
  const parts = path.replace(/\/$/, '').split('/');
  const isSafe = !/[\\:\0]/.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isSafe) return;
  throw new DataError(
    place,
    `holds ${JSON.stringify(path)}, a path that leads out of its folder. Do not use this file.`,
  );
}

function checkTotal(total: number, place: string): void {
  if (total <= mostBytes) return;
  throw new DataError(
    place,
    `holds more than ${mostBytes / 2 ** 30} GiB, the most that is packed or unpacked. Copy the folder.`,
  );
}

function damaged(place: string, fault: string): DataError {
  return new DataError(place, `is a damaged zip file: ${fault}. Copy or export it again.`);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
