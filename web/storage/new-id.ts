/** An id for a run or a search. Not `crypto.randomUUID`, which pages without a secure context lack. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
