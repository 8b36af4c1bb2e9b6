/** sha256 by the platform. */

/** Lower-case hexadecimal, or undefined where the platform offers none (a page without a secure context). */
export async function sha256(bytes: Uint8Array): Promise<string | undefined> {
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
