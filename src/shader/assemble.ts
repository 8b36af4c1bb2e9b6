/**
 * Makes one WGSL module from a shader file: puts in the files it uses, rewrites its tuning constants by name, repeats the lines of
 * register tiles, and remembers where each line came from.
 *   //! use lib/name.wgsl       stays as a comment above the text that it brings
 *   //! each ROW < ROWS … //! end   the lines between once for each value of ROW, written as a literal; as it stands, ROW is a constant 0
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
 * Assembles the shader at path `name`, with `constants` by name in place of its defaults (bool as 0 or 1), and files that it uses
 * replaced by others that offer the same (`replaced`: path to path). Throws ShaderError on an unknown file, a cycle, a constant that is
 * not declared, or a value that does not fit its type.
 */
export function assembleShader(
  name: string,
  library: ShaderLibrary,
  constants: Readonly<Record<string, number>>,
  replaced: Readonly<Record<string, string>> = {},
): AssembledShader {
  let lines: SourceLine[] = [];
  include(name, { library, replaced, lines, included: new Set() }, []);
  // Directives such as `enable` have to come before everything else.
  lines = [...lines.filter(({ text }) => isDirective(text)), ...lines.filter(({ text }) => !isDirective(text))];
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

  lines = repeatLines(lines.map((line, index) => ({ ...line, text: texts[index]! })));

  function locate(line: number): string {
    const source = lines[line - 1];
    return source === undefined ? `shaders/${name}` : `shaders/${source.file}:${source.number}`;
  }
  return { name, code: lines.map(({ text }) => text).join('\n'), overrides, locate };
}

function isDirective(text: string): boolean {
  return /^(enable|requires|diagnostic)\b/.test(text);
}

/** Writes out the lines between `//! each NAME < COUNT` and `//! end`; COUNT is a constant with a literal value. */
function repeatLines(lines: readonly SourceLine[]): SourceLine[] {
  const out: SourceLine[] = [];
  let open: { readonly start: SourceLine; readonly counter: RegExp; readonly count: number } | undefined;
  let body: SourceLine[] = [];
  const fail = ({ file, number }: SourceLine, reason: string): never => {
    throw new ShaderError(`shaders/${file}:${number}: ${reason}`);
  };
  for (const line of lines) {
    const directive = line.text.trim();
    const each = /^\/\/! each (\w+) < (\w+)$/.exec(directive);
    if (each !== null) {
      if (open !== undefined) fail(line, 'repeated lines within repeated lines. Repeat one of the two by hand.');
      const value = new RegExp(`^const ${each[2]}: u32 = (\\d+)u;`);
      const count = lines.map(({ text }) => value.exec(text)?.[1]).find((found) => found !== undefined);
      if (count === undefined) fail(line, `no "const ${each[2]}: u32" with a plain number to count to.`);
      open = { start: line, counter: new RegExp(`\\b${each[1]}\\b`, 'g'), count: Number(count) };
    } else if (directive === '//! end' && open !== undefined) {
      const { counter, count } = open;
      for (let i = 0; i < count; i++) {
        for (const one of body) out.push({ ...one, text: one.text.replace(counter, `${i}u`) });
      }
      open = undefined;
      body = [];
    } else {
      if (/^\/\/!(?! use )/.test(directive))
        fail(line, `"${directive}" is no "//! each NAME < COUNT" and closes none.`);
      (open === undefined ? out : body).push(line);
    }
  }
  if (open !== undefined) fail(open.start, 'no "//! end" follows.');
  return out;
}

interface Inclusion {
  readonly library: ShaderLibrary;
  readonly replaced: Readonly<Record<string, string>>;
  readonly lines: SourceLine[];
  readonly included: Set<string>;
}

/** Appends a file and, in the place of its `use` lines, the files it uses that are not in yet; `users` are open. */
function include(file: string, inclusion: Inclusion, users: readonly SourceLine[]): void {
  const { library, replaced, lines, included } = inclusion;
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
      if (!text.startsWith('//!') || /^\/\/! (each|end)\b/.test(text)) return;
      const used = /^\/\/! use (\S+\.wgsl)\s*$/.exec(text)?.[1];
      if (used === undefined) {
        throw new ShaderError(
          `shaders/${file}:${line.number}: expected "//! use lib/name.wgsl", found "${text.trim()}".`,
        );
      }
      include(replaced[used] ?? used, inclusion, [...users, line]);
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
