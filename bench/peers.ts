/**
 * The program behind `npm run bench:peers`: Descent and other libraries side by side. As `bench.js side gpu|cpu [ADAPTER]` it is Descent's
 * own side.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { formatJson } from '../node/output.ts';
import { parsePositive } from '../node/cli/options.ts';
import { DescentError, DeviceError } from '../src/errors.ts';
import { compareWorkload, formatRows } from './compare.ts';
import type { Row } from './compare.ts';
import { runDescentSide } from './side.ts';
import { startSide } from './side-process.ts';
import type { Side } from './side-process.ts';
import { checkSideNames, installPeers, sideCommand, sideNames, usualSides } from './sides.ts';
import { chooseWorkloads, comparedWorkloads } from './workloads.ts';

interface PeersOptions {
  readonly workloads?: string;
  readonly sides?: string;
  readonly rounds: number;
  readonly steps?: number;
  readonly adapter?: string;
}

function peersCommand(): Command {
  return new Command('bench:peers')
    .description('train the same workloads with Descent and with other libraries, in turns, on the same adapter')
    .option('--workloads <names>', 'such as W1,W3 (default: all)')
    .option('--sides <names>', `which of ${sideNames.join(', ')} (default: ${usualSides.join(',')})`)
    .option('--rounds <n>', 'timed rounds of each side; the median is given', parsePositive, 5)
    .option('--steps <n>', 'steps of a round (default: as many as fill a second)', parsePositive)
    .option('--adapter <name>', 'an adapter by a part of its name (default: the best)');
}

async function comparePeers({ workloads, sides: sideList, rounds, steps, adapter }: PeersOptions): Promise<void> {
  const chosen = chooseWorkloads(split(workloads), comparedWorkloads);
  const wanted = sideList === undefined ? usualSides : split(sideList);
  checkSideNames(wanted);
  // Descent comes first: the others are held against it, and take the adapter that it took.
  const own = wanted.find((name) => name.startsWith('descent')) ?? 'descent-webgpu';
  const names = [own, ...wanted.filter((name) => name !== own)];
  if (names.some((name) => name.includes('js'))) installPeers();
  const folder = mkdtempSync(join(tmpdir(), 'descent-bench-'));
  const sides: Side[] = [];
  const absent: string[] = [];
  try {
    for (const name of names) {
      const taken = sides.find((side) => side.name === 'descent-webgpu')?.hello.adapter;
      const command = await sideCommand(name, taken ?? adapter);
      try {
        const side = await startSide(command);
        sides.push(side);
        process.stderr.write(`${name} ${side.hello.version} on ${side.hello.adapter}\n`);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        if (name === own) throw new DeviceError(`${name} does not start: ${reason}`);
        absent.push(`${name} not run: ${reason}`);
      }
    }
    const rows: Row[] = [];
    for (const workload of chosen) {
      process.stderr.write(`${workload.name}: ${workload.title} …\n`);
      const options = { rounds, folder, ...(steps !== undefined && { steps }) };
      for await (const row of compareWorkload(workload, sides, options)) {
        rows.push(row);
        process.stdout.write(formatJson(row));
      }
    }
    process.stdout.write(`\n${formatRows(rows)}${absent.map((line) => `\n${line}\n`).join('')}`);
    if (sides.length === 1 && names.length > 1) process.exitCode = 1;
  } finally {
    for (const side of sides) side.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function split(names: string | undefined): string[] {
  const trimmed = names?.split(',').map((name) => name.trim()) ?? [];
  return trimmed.filter((name) => name !== '');
}

const [mode, kind, adapter] = process.argv.slice(2);
try {
  if (mode === 'side') await runDescentSide(kind === 'cpu' ? 'cpu' : 'gpu', adapter);
  else {
    await peersCommand().exitOverride().action(comparePeers).parseAsync();
  }
} catch (cause) {
  // Commander has said what is wrong.
  if (cause instanceof CommanderError) process.exit(cause.exitCode === 0 ? 0 : 2);
  if (!(cause instanceof DescentError)) throw cause;
  process.stderr.write(`bench: ${cause.message}\n`);
  process.exitCode = cause.kind === 'device' ? 3 : 2;
}
