/** The model that is looked into, held open on the device: one model at a time, and one question at a time. */
import type { Dataset } from '../../../src/data/dataset.ts';
import { elementCount } from '../../../src/formats/shape.ts';
import type { Device } from '../../../src/train/device.ts';
import { openInspector } from '../../../src/train/inspect.ts';
import type { Inspector, LayerActivation } from '../../../src/train/inspect.ts';
import { describeModel } from '../../../src/train/saved-model.ts';
import type { Prepared } from '../../../src/train/session.ts';
import type { Devices } from '../devices.ts';
import type { Snapshot } from '../live-model.ts';
import type { Pace } from './pace.ts';

/** What all activations of a batch may take. */
const mostBytes = 2 ** 25;
/** Beside a training that shares the device, a question must be a short one. */
const mostMultiplyAdds = 2e7;
const rowLimits = { least: 16, most: 4096 };

export type Rows = Dataset['inputs'];

export interface Inspectors {
  /** What every layer answers to one row, at once. */
  activations(snapshot: Snapshot, member: number, row: Rows): Promise<LayerActivation[]>;
  /** Outputs for one row, at once. */
  output(snapshot: Snapshot, member: number, row: Rows): Promise<Float32Array>;
  /** Outputs for many rows, batch by batch at the pace that is allowed; undefined where the signal was aborted on the way. */
  outputs(snapshot: Snapshot, member: number, rows: Rows, signal: AbortSignal): Promise<Float32Array | undefined>;
  /** Gives back what is held on the device. */
  close(): void;
}

interface Held {
  readonly device: Device;
  readonly prepared: Prepared;
  readonly member: number;
  readonly batch: number;
  readonly inspector: Inspector;
  snapshot: Snapshot | undefined;
}

export function openInspectors(devices: Devices, pace: Pace): Inspectors {
  let held: Held | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function release(): void {
    held?.inspector[Symbol.dispose]();
    held = undefined;
  }

  async function hold(snapshot: Snapshot, member: number, batch: number): Promise<Inspector> {
    const { prepared } = snapshot;
    const device = await devices.current();
    const fits =
      held?.device === device && held.prepared === prepared && held.member === member && held.batch === batch;
    if (!fits || held === undefined) {
      release();
      const recipe = prepared.members[member];
      if (recipe === undefined) throw new Error(`the run has no member ${member}`);
      const options = { member, batch, place: prepared.dataset.name };
      const inspector = await openInspector(recipe, describeModel(prepared), device, options);
      held = { device, prepared, member, batch, inspector, snapshot: undefined };
    }
    if (held.snapshot !== snapshot) {
      const { memberStride } = prepared.plan.model;
      held.inspector.setParameters(snapshot.parameters.subarray(member * memberStride, (member + 1) * memberStride));
      held.snapshot = snapshot;
    }
    return held.inspector;
  }

  function ask<T>(
    snapshot: Snapshot,
    member: number,
    batch: number,
    question: (inspector: Inspector) => Promise<T>,
  ): Promise<T> {
    const answer = turn.then(async () => {
      try {
        const inspector = await hold(snapshot, member, batch);
        const before = inspector.busyMilliseconds();
        const result = await question(inspector);
        pace.spent(inspector.busyMilliseconds() - before);
        return result;
      } catch (cause) {
        // The device may be lost: the next question opens the model anew.
        release();
        throw cause;
      }
    });
    turn = answer.catch(() => undefined);
    return answer;
  }

  return {
    activations: (snapshot, member, row) => ask(snapshot, member, 1, (inspector) => inspector.activations(row)),
    output: (snapshot, member, row) => ask(snapshot, member, 1, (inspector) => inspector.outputs(row)),
    async outputs(snapshot, member, rows, signal) {
      const { plan, dataset } = snapshot.prepared;
      const features = elementCount(dataset.inputShape);
      const rowCount = rows.length / features;
      const batch = Math.min(rowCount, fittingRows(snapshot.prepared));
      const found = new Float32Array(rowCount * plan.model.outputCount);
      for (let row = 0; row < rowCount; row += batch) {
        if (row > 0) await pace.waitWithin(signal);
        if (signal.aborted) return undefined;
        const some = rows.subarray(row * features, (row + batch) * features);
        found.set(
          await ask(snapshot, member, batch, (inspector) => inspector.outputs(some)),
          row * plan.model.outputCount,
        );
      }
      return found;
    },
    close() {
      turn = turn.then(release);
    },
  };
}

function fittingRows({ plan, dataset }: Prepared): number {
  const perRow = plan.activations.reduce(
    (sum, { shape }) => sum + elementCount(shape),
    elementCount(dataset.inputShape),
  );
  const quick = Math.max(rowLimits.least, Math.floor(mostMultiplyAdds / Math.max(1, plan.model.multiplyAdds)));
  return Math.max(1, Math.min(rowLimits.most, quick, Math.floor(mostBytes / (4 * perRow))));
}
