/** `descent bench`: how fast this machine trains the benchmark's workloads, so that anyone can check what the project claims. */
import { Command, Option } from 'commander';
import { formatFigures, measureWorkload } from '../../bench/figures.ts';
import type { Figure } from '../../bench/figures.ts';
import { chooseWorkloads, workloads } from '../../bench/workloads.ts';
import { formatJson, openLiveLine } from '../output.ts';
import type { Io } from '../output.ts';
import { addTuneOption, deviceName, openChosenDevice, parsePositive } from './options.ts';
import type { DeviceChoice } from './options.ts';

interface BenchOptions extends DeviceChoice {
  readonly rounds: number;
  readonly kernels?: boolean;
  readonly observe?: boolean;
  readonly json?: boolean;
}

export function benchCommand(io: Io): Command {
  const command = new Command('bench')
    .description('measure how fast this machine trains: steps, kernels, matrix products')
    .argument('[workloads...]', `which of ${workloads.map(({ name }) => name).join(', ')} (default: all)`)
    .addOption(new Option('--device <kind>', 'an adapter, or the CPU path').choices(['gpu', 'cpu']).default('gpu'))
    .option('--adapter <name>', 'an adapter by a part of its name (see "descent devices")');
  return addTuneOption(command)
    .option('--rounds <n>', 'how often to measure each figure; the median is given', parsePositive, 5)
    .option('--kernels', 'also time each kernel of a step by itself')
    .option(
      '--observe',
      'also measure what it costs to observe weights and gradients ten times a second, or at every other step of slower ones',
    )
    .option('--json', 'print one JSON object a line for each figure on standard output and nothing else there')
    .action(async (names: readonly string[], options: BenchOptions) => {
      const chosen = chooseWorkloads(names);
      const { rounds, kernels = false, observe = false, json = false } = options;
      const live = openLiveLine(io);
      const say = (text: string): void => {
        live.clear();
        io.stderr(text);
      };
      using device = await openChosenDevice(options, { ...io, stderr: say });
      if (!json) io.stdout(`${deviceName(device)}\n\n`);
      const figures: Figure[] = [];
      try {
        for (const workload of chosen) {
          live.show(`${workload.name}: ${workload.title} …`, true);
          for await (const figure of measureWorkload(device, workload, { rounds, kernels, observe })) {
            figures.push(figure);
            if (json) io.stdout(formatJson(figure));
          }
        }
      } finally {
        live.clear();
      }
      if (!json) io.stdout(formatFigures(figures, new Map(chosen.map(({ name, title }) => [name, title]))));
    });
}
