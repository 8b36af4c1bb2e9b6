/**
 * Makes one WGSL module from a shader file: puts in the files it uses, rewrites its tuning constants by name, and
 * remembers where each line came from. A `//! use lib/name.wgsl` line stays as a comment above the text that it brings.
 */

import { ShaderError } from '../errors.ts';

/** Shader texts by path relative to the shaders folder: `lib/math.wgsl`, `dense_forward.wgsl`. */
export type ShaderLibrary = Readonly<Record<string, string>>;

export interface AssembledShader {
  readonly name: string;
  readonly code: string;
  /** The constants that the file declares `override`: the pipeline's `constants`. */
  readonly overrides: Readonly<Record<string, number>>;
  /** Names a line of `code` (from 1, as in compiler messages) as file:line. */
  locate(line: number): string;
}

interface SourceLine {
  readonly text: string;
  readonly file: string;
  readonly number: number;
}

/** `const` or `override`, at the start of a line, with a scalar type. */
const declaration = /^(const|override)\s+(\w+)\s*:\s*(u32|i32|f32|bool)\b/;

/**
 * Assembles the shader at path `name`, with `constants` by name in place of its defaults (bool as 0 or 1). Throws
 * ShaderError on an unknown file, a cycle, a constant that is not declared, or a value that does not fit its type.
 */
export function assembleShader(
  name: string,
  library: ShaderLibrary,
  constants: Readonly<Record<string, number>>,
): AssembledShader {
  const lines: SourceLine[] = [];
  include(name, library, lines, new Set(), []);
  const texts = lines.map((line) => line.text);
  const declared = new Map<string, { lineIndex: number; kind: string; type: string }>();
  texts.forEach((text, lineIndex) => {
    const match = declaration.exec(text);
    if (match !== null) declared.set(match[2]!, { lineIndex, kind: match[1]!, type: match[3]! });
  });

  const overrides: Record<string, number> = {};
  for (const [constant, value] of Object.entries(constants)) {
    const found = declared.get(constant);
    if (found === undefined) {
      const known = [...declared.keys()].sort().join(', ') || 'none';
      throw new ShaderError(`shaders/${name}: no const or override ${constant} to specialise (has: ${known}).`);
    }
    const { lineIndex, kind, type } = found;
    const place = locate(lineIndex + 1);
    const literal = formatLiteral(value, type);
    if (literal === undefined) {
      throw new ShaderError(`${place}: ${constant} is ${type} and cannot be ${value}.`);
    }
    if (kind === 'override') {
      overrides[constant] = value;
      continue;
    }
    const rewritten = texts[lineIndex]!.replace(/=[^;]*;/, `= ${literal};`);
    if (!rewritten.includes(`= ${literal};`)) {
      throw new ShaderError(
        `${place}: const ${constant} does not end on its line; write it on one line to specialise it.`,
      );
    }
    texts[lineIndex] = rewritten;
  }

  function locate(line: number): string {
    const source = lines[line - 1];
    return source === undefined ? `shaders/${name}` : `shaders/${source.file}:${source.number}`;
  }
  return { name, code: texts.join('\n'), overrides, locate };
}

/** Appends a file and, in the place of its `use` lines, the files it uses that are not in yet; `users` are open. */
function include(
  file: string,
  library: ShaderLibrary,
  lines: SourceLine[],
  included: Set<string>,
  users: readonly SourceLine[],
): void {
  const user = users.at(-1);
  const place = user === undefined ? '' : `shaders/${user.file}:${user.number}: `;
  if (!Object.hasOwn(library, file)) {
    const known = Object.keys(library).sort().join(', ') || 'none';
    throw new ShaderError(`${place}no shader file ${file} (has: ${known}).`);
  }
  const cycleStart = users.findIndex((line) => line.file === file);
  if (cycleStart >= 0) {
    const cycle = [...users.slice(cycleStart).map((line) => line.file), file].join(' uses ');
    throw new ShaderError(`${place}a cycle of files: ${cycle}.`);
  }
  if (included.has(file)) return;
  included.add(file);
  library[file]!.replace(/\n$/, '')
    .split('\n')
    .forEach((text, index) => {
      const line = { text, file, number: index + 1 };
      lines.push(line);
      if (!text.startsWith('//!')) return;
      const used = /^\/\/! use (\S+\.wgsl)\s*$/.exec(text)?.[1];
      if (used === undefined) {
        throw new ShaderError(
          `shaders/${file}:${line.number}: expected "//! use lib/name.wgsl", found "${text.trim()}".`,
        );
      }
      include(used, library, lines, included, [...users, line]);
    });
}

/** A number as a WGSL literal of a type; undefined where it does not fit. */
function formatLiteral(value: number, type: string): string | undefined {
  switch (type) {
    case 'u32':
      return value === value >>> 0 ? `${value}u` : undefined;
    case 'i32':
      return value === (value | 0) ? `${value}` : undefined;
    case 'f32': {
      const rounded = Math.fround(value);
      if (!Number.isFinite(rounded)) return undefined;
      return Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? `${rounded}.0` : `${rounded}`;
    }
    default:
      return value === 0 ? 'false' : value === 1 ? 'true' : undefined;
  }
}
