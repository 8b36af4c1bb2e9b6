/** A side as a process of its own: one library cannot disturb another, and one that idles takes no processor time. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Failure, Hello, Request } from './protocol.ts';

export interface Side {
  readonly name: string;
  readonly hello: Hello;
  /** The answer; a failure too where the side has ended or takes too long. */
  ask(request: Request): Promise<Answer>;
  close(): void;
}

export interface SideCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Longest wait for one line, in ms: slow libraries on software adapters take minutes for a round. */
const patience = 600_000;

/** Starts a side and waits for its first line. Throws Error with the reason if it gives none. */
export async function startSide({ name, file, args, environment = {} }: SideCommand): Promise<Side> {
  const child = spawn(file, args, { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let wake: () => void = () => undefined;
  let ended: string | undefined;
  let complaint = '';
  const end = (reason: string): void => {
    ended ??= reason;
    wake();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
  child.stdin.on('error', () => undefined);
  child.on('error', (cause) => end(cause.message));
  child.on('close', (code, signal) =>
    end(`ended with ${signal ?? `code ${code}`}: ${complaint.trim().split('\n').at(-1)}`),
  );
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });

  async function nextLine(): Promise<unknown> {
    const timer = setTimeout(() => {
      end('took too long');
      child.kill('SIGKILL');
    }, patience);
    try {
      while (lines.length === 0 && ended === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const line = lines.shift();
      if (line === undefined) return { error: ended ?? '' } satisfies Failure;
      return JSON.parse(line) as unknown;
    } catch (cause) {
      return { error: `did not speak JSON: ${String(cause)}` } satisfies Failure;
    } finally {
      clearTimeout(timer);
    }
  }

  const hello = (await nextLine()) as Hello | Failure;
  if ('error' in hello) {
    child.kill('SIGKILL');
    throw new Error(hello.error);
  }
  return {
    name,
    hello,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await nextLine()) as Answer;
    },
    close() {
      child.stdin.end(`${JSON.stringify({ do: 'quit' } satisfies Request)}\n`);
      // Whoever hangs at its end must not hold the parent.
      setTimeout(() => child.kill('SIGKILL'), 3000).unref();
    },
  };
}
