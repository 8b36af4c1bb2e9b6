/** A terminal as far as the command line uses one: line breaks, carriage returns, up, erase. Keeps every screen that was drawn. */

export interface Terminal {
  readonly write: (text: string) => void;
  /** What was on the screen after each write, without empty lines at the end. */
  readonly frames: readonly string[];
  readonly screen: () => string;
}

const escape = '\x1b';
/** An escape sequence, a line break, or text. */
const tokens = new RegExp(`${escape}\\[\\d*[A-Z]|[\\r\\n]|[^${escape}\\r\\n]+`, 'g');

/** Throws where something is written beyond the last column, or goes up above the first line of the screen. */
export function emulateTerminal(columns: number, rows: number): Terminal {
  const lines: string[] = [''];
  const frames: string[] = [];
  let row = 0;
  let column = 0;
  const screen = (): string => lines.slice(-rows).join('\n').trimEnd();

  function put(text: string): void {
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + text + line.slice(column + text.length);
    column += text.length;
  }

  function act(token: string): void {
    const up = /^\[(\d+)A$/.exec(token.replace(escape, ''))?.[1];
    if (up !== undefined) {
      row -= Number(up);
      if (row < lines.length - rows) throw new Error(`went ${up} lines up, above the screen`);
    } else if (token === '\x1b[K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (token === '\x1b[J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column));
    else if (token === '\r') column = 0;
    else if (token === '\n') {
      column = 0;
      if (++row === lines.length) lines.push('');
    } else put(token);
  }

  return {
    write(text) {
      for (const [token] of text.matchAll(tokens)) act(token);
      // Lines of text may be longer than the screen is wide; what is redrawn in place may not.
      if (text.includes('\x1b[K') && text.split('\n').some((line) => line.length > columns + 8)) {
        throw new Error('drew beyond the last column');
      }
      frames.push(screen());
    },
    frames,
    screen,
  };
}
