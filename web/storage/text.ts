/** Files of the storage as text; one that is not there is empty. */

export const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
