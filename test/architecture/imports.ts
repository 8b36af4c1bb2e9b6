/** What a source file imports, found in its text. */

export interface Import {
  readonly target: string;
  /** Of types alone: nothing of it is there when the program runs. */
  readonly isType: boolean;
}

/** Static, type-only and dynamic imports, exports from, and globs. */
export function importsOf(text: string): Import[] {
  const found = withoutComments(text).matchAll(
    /(?:\b(?:import|export)\s+(type\b)?[^'"`();]*?\bfrom|\bimport|\bimport\(|glob(?:<[^>]*>)?\()\s*(['"])([^$]*?)\2/g,
  );
  return Array.from(found, ([, type, , target]) => ({ target: target ?? '', isType: type !== undefined }));
}

export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
}
