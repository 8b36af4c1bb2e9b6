/**
 * Gzip through the platform's own DecompressionStream, which browsers and Node both have.
 * A file that is cut short or damaged becomes one sentence instead of the platform's error.
 */
import { DataError } from '../errors.ts';

/** True if the bytes start as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Decompresses a gzip file (RFC 1952). Throws DataError at `place` if it is no gzip file, corrupt or truncated. */
export async function gunzip(bytes: Uint8Array, place: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!isGzip(bytes)) {
    throw new DataError(place, 'is no gzip file (it does not start with 1f 8b). Use the original .gz file.');
  }
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  try {
    const plain = await new Response(source.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
    return new Uint8Array(plain);
  } catch {
    throw new DataError(
      place,
      `is corrupt or truncated: its gzip data do not unpack (the file has ${bytes.length} bytes). Fetch it again.`,
    );
  }
}

/** The bytes themselves, or what they unpack to if they are gzipped. */
export async function gunzipIfNeeded(bytes: Uint8Array, place: string): Promise<Uint8Array> {
  return isGzip(bytes) ? gunzip(bytes, place) : bytes;
}
