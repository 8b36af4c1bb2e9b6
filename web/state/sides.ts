/** CPU and GPU in training beside each other: what each has reported, and how far the two agree. */
import type { SideReport, SideResult } from '../protocol/verifying.ts';

export interface Side {
  /** Steps done, 1, 2, 3 …, and the mean loss of each one's batch; both grow in place. */
  readonly steps: number[];
  readonly losses: number[];
  /** sha256 of the weights by steps done; grows in place. */
  readonly hashes: Map<number, string>;
  readonly samplesPerSecond: number;
  readonly result?: SideResult;
}

export interface Sides {
  /** Of each side. */
  readonly steps: number;
  readonly gpu: Side;
  readonly cpu: Side;
}

export const sideNames = ['gpu', 'cpu'] as const;
export type SideName = (typeof sideNames)[number];

const emptySide = (): Side => ({ steps: [], losses: [], hashes: new Map(), samplesPerSecond: 0 });

export function startSides(steps: number): Sides {
  return { steps, gpu: emptySide(), cpu: emptySide() };
}

export function addReport(sides: Sides, name: SideName, report: SideReport): Sides {
  const side = sides[name];
  if (report.type === 'losses') {
    side.losses.push(...report.losses);
    while (side.steps.length < side.losses.length) side.steps.push(side.steps.length + 1);
    return { ...sides, [name]: { ...side, samplesPerSecond: report.samplesPerSecond } };
  }
  if (report.sha256 !== undefined) side.hashes.set(report.step, report.sha256);
  return { ...sides };
}

export function endSide(sides: Sides, name: SideName, result: SideResult): Sides {
  return { ...sides, [name]: { ...sides[name], result, samplesPerSecond: result.samplesPerSecond } };
}

/** How far the two sides agree, as far as both have come. */
export interface Agreement {
  /** Steps that both have done. */
  readonly steps: number;
  /** Of these, with losses equal in every bit. */
  readonly equalLosses: number;
  readonly largestDifference: number;
  /** Points at which both have hashed their weights. */
  readonly hashes: number;
  readonly equalHashes: number;
  /** The first step after which the weights differ. */
  readonly firstDifferent?: number;
  /** Samples a second on the GPU over those on the CPU; absent until both are known. */
  readonly speedUp?: number;
}

export function compareSides({ gpu, cpu }: Sides): Agreement {
  const steps = Math.min(gpu.losses.length, cpu.losses.length);
  let equalLosses = 0;
  let largestDifference = 0;
  for (let step = 0; step < steps; step++) {
    const [onGpu = Number.NaN, onCpu = Number.NaN] = [gpu.losses[step], cpu.losses[step]];
    if (Object.is(onGpu, onCpu)) equalLosses++;
    else largestDifference = Math.max(largestDifference, Math.abs(onGpu - onCpu));
  }
  const hashed = [...gpu.hashes].filter(([step]) => cpu.hashes.has(step)).toSorted(([a], [b]) => a - b);
  const different = hashed.filter(([step, sha256]) => cpu.hashes.get(step) !== sha256);
  const firstDifferent = different[0]?.[0];
  const hasSpeeds = gpu.samplesPerSecond > 0 && cpu.samplesPerSecond > 0;
  return {
    steps,
    equalLosses,
    largestDifference,
    hashes: hashed.length,
    equalHashes: hashed.length - different.length,
    ...(firstDifferent !== undefined && { firstDifferent }),
    ...(hasSpeeds && { speedUp: gpu.samplesPerSecond / cpu.samplesPerSecond }),
  };
}
