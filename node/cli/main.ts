/**
 * The command line: reads the arguments, runs one command and turns what is thrown into an exit code and one line on standard error.
 * Exit codes: 0 done; 1 a check failed, the loss became NaN, or a fault of Descent itself (with its stack); 2 anything wrong with the
 * input; 3 no adapter; 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import { DescentError } from '../../src/errors.ts';
import type { ErrorKind } from '../../src/errors.ts';
import type { Io } from '../output.ts';
import { benchCommand } from './bench.ts';
import { datasetsCommand } from './datasets.ts';
import { devicesCommand } from './devices.ts';
import { evaluateCommand } from './evaluate.ts';
import { gradcheckCommand } from './gradcheck.ts';
import { inspectCommand } from './inspect.ts';
import { lrFindCommand } from './lr-find.ts';
import { packCommand } from './pack.ts';
import { planCommand } from './plan.ts';
import { predictCommand } from './predict.ts';
import { recipesCommand } from './recipes.ts';
import { reportCommand } from './report.ts';
import { reproduceCommand } from './reproduce.ts';
import { searchCommand } from './search.ts';
import { serveCommand } from './serve.ts';
import { trainCommand } from './train.ts';
import { unpackCommand } from './unpack.ts';
import { verifyCommand } from './verify.ts';

const exitCodes: Readonly<Record<ErrorKind, number>> = { check: 1, input: 2, device: 3, interrupted: 130 };

/** Runs one command; `args` are those after the program's name. Returns the exit code. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const program = new Command('descent')
    .description('Train neural networks on WebGPU, with a CPU path that proves the GPU right to the bit.')
    .version(version);
  program
    .addCommand(trainCommand(io, args))
    .addCommand(searchCommand(io, args))
    .addCommand(lrFindCommand(io))
    .addCommand(reproduceCommand(io, args))
    .addCommand(evaluateCommand(io))
    .addCommand(predictCommand(io))
    .addCommand(reportCommand(io))
    .addCommand(inspectCommand(io))
    .addCommand(packCommand(io))
    .addCommand(unpackCommand(io))
    .addCommand(benchCommand(io))
    .addCommand(verifyCommand(io))
    .addCommand(gradcheckCommand(io))
    .addCommand(planCommand(io))
    .addCommand(recipesCommand(io))
    .addCommand(datasetsCommand(io))
    .addCommand(devicesCommand(io))
    .addCommand(serveCommand(io));
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: io.stdout,
      writeErr: io.stderr,
      outputError: (text, write) => write(`descent: ${oneLine(text.replace(/^error: /, ''))}\n`),
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (cause) {
    return reportError(cause, io);
  }
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function reportError(cause: unknown, io: Io): number {
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : exitCodes.input;
  if (cause instanceof DescentError) {
    io.stderr(`descent: ${oneLine(cause.message)}\n`);
    return exitCodes[cause.kind];
  }
  if (isFileError(cause)) {
    io.stderr(`descent: ${oneLine(cause.message)}. Check the path, its permissions and the space left.\n`);
    return exitCodes.input;
  }
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  io.stderr(`descent: this is a fault of Descent itself; please report it.\n${stack}\n`);
  return exitCodes.check;
}

/** What was typed may be of any length. */
const mostLettersOfWord = 400;

function oneLine(text: string): string {
  const shorten = (word: string): string =>
    word.length > mostLettersOfWord
      ? `${word.slice(0, 100)}… (${word.length - 120} letters left out) …${word.slice(-20)}`
      : word;
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/"[^"]*"|\S+/g, shorten);
}

/** An error of the file system, such as a folder that cannot be written. */
function isFileError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'syscall' in cause && 'path' in cause;
}
