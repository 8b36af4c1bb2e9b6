/** Observations and learning curves as a run would write them, of any length. */
import type { CurvePoint } from '../../node/report/figures/curves.ts';
import type { MemberRecord } from '../../node/report/observations.ts';
import type { TensorRecord } from '../../src/train/observation-lines.ts';

export function curvePoints(count: number): CurvePoint[] {
  return Array.from({ length: count }, (_, index) => ({
    epoch: index + 1,
    train: { loss: 3 * 0.999 ** index + 0.01, cost: 3 * 0.999 ** index + 0.01, accuracy: 1 - 0.9 * 0.999 ** index },
    validation: {
      loss: 3 * 0.999 ** index + 0.2,
      cost: 3 * 0.999 ** index + 0.2,
      accuracy: 0.95 - 0.9 * 0.999 ** index,
    },
  }));
}

export function tensorRecord(changes: Partial<TensorRecord> = {}): TensorRecord {
  return {
    name: 'dense1.weight',
    layer: 'dense1',
    kind: 'weight',
    mean: 0,
    rms: 0.5,
    min: -1,
    max: 1,
    zeros: 0,
    bins: Array.from({ length: 64 }, (_, bin) => 32 - Math.abs(bin - 32)),
    ...changes,
  };
}

/** Two layers, the first of which loses units. */
export function memberRecords(count: number): MemberRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    step: 10 * (index + 1),
    epoch: index + 1,
    tensors: ['dense1', 'dense2'].flatMap((layer) =>
      (['weight', 'gradient', 'update'] as const).map((kind) =>
        tensorRecord({
          name: `${layer}.weight`,
          layer,
          kind,
          rms: kind === 'update' ? 5e-4 : 0.5,
          max: 1 + index / count,
        }),
      ),
    ),
    deadUnits: [{ layer: 'dense1', share: (0.2 * index) / count }],
  }));
}
