/** `descent devices`: every adapter with its limits, features and arithmetic, and the CPU path. */
import { Command } from 'commander';
import { shaderLibrary } from '../../shaders/index.ts';
import { DeviceError } from '../../src/errors.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { ArithmeticProbe } from '../../src/gpu/probe.ts';
import { formatBytes } from '../../src/numbers.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { listAdapters, openAdapter } from '../adapters.ts';
import type { AdapterDescription } from '../adapters.ts';
import { formatJson, formatTable } from '../output.ts';
import type { Io } from '../output.ts';
import { addJsonOption } from './options.ts';

interface ProbedAdapter extends AdapterDescription {
  readonly arithmetic?: ArithmeticProbe;
  /** Why it gives no device, if it does not. */
  readonly fault?: string;
}

export function devicesCommand(io: Io): Command {
  const command = new Command('devices').description('list the adapters, the best first, and what they can do');
  return addJsonOption(command).action(async ({ json }: { readonly json?: boolean }) => {
    const adapters: ProbedAdapter[] = [];
    for (const description of await listAdapters()) adapters.push({ ...description, ...(await probe(description)) });
    if (json === true) io.stdout(formatJson({ adapters }));
    else io.stdout([...adapters.map(formatAdapter), `${cpuDevice().name}\n  always there: --device cpu\n`].join('\n'));
  });
}

async function probe({ name, kind }: AdapterDescription): Promise<Pick<ProbedAdapter, 'arithmetic' | 'fault'>> {
  try {
    const { adapter } = await openAdapter({ adapter: name });
    using device = await openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary });
    return { arithmetic: device.arithmetic };
  } catch (cause) {
    if (cause instanceof DeviceError) return { fault: cause.message };
    throw cause;
  }
}

function formatAdapter(adapter: ProbedAdapter): string {
  const { name, kind, origin, backend, driver, limits, features, arithmetic, fault } = adapter;
  const facts = [
    [
      '  kind',
      `${kind === 'gpu' ? 'GPU' : 'software'}, ${origin === 'system' ? 'of the system' : 'from npm'}, ${backend}`,
    ],
    ['  driver', driver],
    ['  largest binding', formatBytes(limits['maxStorageBufferBindingSize'] ?? 0)],
    [
      '  workgroup',
      `${limits['maxComputeInvocationsPerWorkgroup']} invocations, ${formatBytes(limits['maxComputeWorkgroupStorageSize'] ?? 0)} shared`,
    ],
    ['  features', features.join(' ')],
    ['  arithmetic', fault ?? (arithmetic === undefined ? '' : formatArithmetic(arithmetic))],
  ];
  return `${name}\n${formatTable(facts, 'll')}`;
}

function formatArithmetic(probe: ArithmeticProbe): string {
  const { exact, contracts, divideExact, sqrtExact, flushesSubnormals } = probe;
  const rest = flushesSubnormals ? '; flushes subnormals' : '';
  if (exact) return `exact: equal to the CPU path to the bit${rest}`;
  const faults = [
    ...(contracts ? ['fuses multiply-adds'] : []),
    ...(divideExact ? [] : ['divides inexactly']),
    ...(sqrtExact ? [] : ['roots inexactly']),
  ];
  return `${faults.join(', ')}${rest}: equal to the CPU path within bounds`;
}
