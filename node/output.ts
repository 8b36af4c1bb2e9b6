/** What goes to a terminal or a table file: padded tables, CSV, and lines that are redrawn in place. */

/** Where the command line writes. Standard output holds results only; everything else goes to standard error. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Columns of the terminal behind standard error; undefined where it is none, and nothing is redrawn. */
  readonly terminalColumns: number | undefined;
  /** Its lines. */
  readonly terminalRows: number | undefined;
  /** Calls back at each Ctrl-C until the returned function is called. */
  readonly onInterrupt: (callback: () => void) => () => void;
}

/** One JSON object as a line. JSON has no number for them, so NaN and the infinities become "NaN", "Infinity" and "-Infinity". */
export function formatJson(value: unknown): string {
  const replace = (_: string, each: unknown): unknown =>
    typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  return `${JSON.stringify(value, replace)}\n`;
}

/** Rows of cells as lines of padded columns. `align` has one letter per column: l, or r for numbers. Ends with a line break. */
export function formatTable(rows: readonly (readonly string[])[], align: string): string {
  const widths = [...align].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return align[column] === 'r' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Rows of cells as CSV (RFC 4180, but with the line breaks of this system's other files). */
export function formatCsv(rows: readonly (readonly (string | number)[])[]): string {
  const quote = (cell: string | number): string => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((cells) => `${cells.map(quote).join(',')}\n`).join('');
}

export interface LiveLine {
  /** Shows this text instead of the last, cut at the edge of the terminal; `always` even if it was redrawn just before. */
  show(text: string, always?: boolean): void;
  /** Takes the line away, so that other text can be written. */
  clear(): void;
  /** Takes it away for good: nothing is shown any more. */
  end(): void;
}

/** A line that is redrawn in place, at most ten times a second; shows nothing where standard error is no terminal. */
export function openLiveLine(io: Io): LiveLine {
  const block = openLiveBlock(io);
  return { show: (text, always) => block.show(() => [text], always), clear: block.clear, end: block.end };
}

export interface LiveBlock {
  /** Shows these lines instead of the last: as many as fit the terminal, cut at its edge. They are made only if they are drawn. */
  show(lines: () => readonly string[], always?: boolean): void;
  /** Takes the lines away, so that other text can be written. */
  clear(): void;
  /** Takes them away for good: nothing is shown any more. */
  end(): void;
}

const redrawMilliseconds = 100;

/** Lines that are redrawn in place, at most ten times a second; shows nothing where standard error is no terminal. */
export function openLiveBlock(io: Io): LiveBlock {
  let shown: readonly string[] = [];
  let drawnAt = -Infinity;
  let hasEnded = false;

  /** To the start of what is shown; a terminal that was made narrower since has broken its lines. */
  function goBack(): string {
    const columns = io.terminalColumns ?? Infinity;
    const rows = shown.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    return rows > 1 ? `\x1b[${rows - 1}A\r` : '\r';
  }

  function clear(): void {
    if (shown.length > 0) io.stderr(`${goBack()}\x1b[${shown.length > 1 ? 'J' : 'K'}`);
    shown = [];
  }

  return {
    show(lines, always = false) {
      const { terminalColumns, terminalRows = 24 } = io;
      const now = performance.now();
      if (hasEnded || terminalColumns === undefined || (!always && now - drawnAt < redrawMilliseconds)) return;
      drawnAt = now;
      const drawn = lines()
        .slice(0, Math.max(1, terminalRows - 1))
        .map((line) => line.slice(0, terminalColumns - 1));
      const rest = drawn.length < shown.length ? '\x1b[J' : '';
      io.stderr(`${goBack()}${drawn.map((line) => `${line}\x1b[K`).join('\n')}${rest}`);
      shown = drawn;
    },
    clear,
    end() {
      clear();
      hasEnded = true;
    },
  };
}
