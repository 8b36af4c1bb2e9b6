/** The profile of a run for people: a table of kernels, what lies between them, and how it was measured. */
import { formatCount, formatShare } from '../../src/numbers.ts';
import type { Profile } from '../../src/train/profile.ts';
import { formatTable } from '../output.ts';

/** What `--json` prints of a profile: all but the single calls, which are the trace's. */
export type ProfileJson = Omit<Profile, 'spans'>;

export function profileJson(profile: Profile): ProfileJson {
  const { spans: _, ...json } = profile;
  return json;
}

export function formatProfile(profile: Profile, device: 'gpu' | 'cpu'): string {
  const { clock, steps, kernels, gapMicroseconds, stepMicroseconds, plainStepMicroseconds } = profile;
  const rows = kernels.map((row) => [
    row.kernel,
    row.layer,
    row.variant ?? '',
    String(row.callsPerStep),
    row.microseconds.toFixed(1),
    formatShare(row.share),
    row.gigaflopsPerSecond?.toFixed(2) ?? '',
    row.gigabytesPerSecond?.toFixed(2) ?? '',
  ]);
  const total = (name: string, microseconds: number): string[] => [
    name,
    '',
    '',
    '',
    microseconds.toFixed(1),
    stepMicroseconds === 0 ? '' : formatShare(microseconds / stepMicroseconds),
  ];
  const totals = [
    total('between kernels', gapMicroseconds),
    total('step, each call timed', stepMicroseconds),
    ...(plainStepMicroseconds === undefined ? [] : [total('step as it trains', plainStepMicroseconds)]),
  ];
  const header = ['kernel', 'layer', 'variant', 'calls', 'us/call', 'share', 'GFLOP/s', 'GB/s'];
  const onHost =
    device === 'cpu'
      ? 'by the clock'
      : 'call by call on the clock of the host, since this adapter has no timestamps: what a launch costs is in them';
  const how = clock === 'timestamps' ? "by the adapter's timestamps" : onHost;
  const counted = `${formatCount(steps)} ${steps === 1 ? 'step' : 'steps'}`;
  return `${formatTable([header, ...rows, ...totals], 'lllrrrrr')}Medians of ${counted}, ${how}.\n`;
}
