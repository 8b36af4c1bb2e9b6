#!/usr/bin/env node
/** The program `descent`: the command line on this process's terminal. */
import { main } from './cli/main.ts';
import { pollPatiently } from './poll-patiently.ts';

pollPatiently();

// Whoever reads the output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  get terminalColumns() {
    // A terminal that does not know its width says 0.
    return process.stderr.isTTY ? process.stderr.columns || 80 : undefined;
  },
  get terminalRows() {
    return process.stderr.isTTY ? process.stderr.rows || 24 : undefined;
  },
  onInterrupt(callback) {
    process.on('SIGINT', callback);
    return () => process.off('SIGINT', callback);
  },
});
