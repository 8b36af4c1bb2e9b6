// A stored run takes the place of the model that is looked at, unless something newer is there by the time it is read.
import { expect, test, vi } from 'vitest';
import type { CallContext } from '../../web/protocol/calls.ts';
import { openLiveModel } from '../../web/worker/live-model.ts';
import type { Snapshot } from '../../web/worker/live-model.ts';
import type { Workplace } from '../../web/worker/workplace.ts';

const read = vi.hoisted(() => [] as ((snapshot: Snapshot) => void)[]);
vi.mock('../../web/worker/looking/stored-run.ts', () => ({
  readSnapshot: () => new Promise<Snapshot>((resolve) => read.push(resolve)),
}));
const { lookingHandlers } = await import('../../web/worker/looking.ts');

const snapshotOf = (runId: string) => ({ runId }) as Snapshot;
const context = {} as CallContext<never>;

test('a stored run is shown once it is read, but not in the place of what was trained meanwhile', async () => {
  const live = openLiveModel();
  const { lookAt } = lookingHandlers({ live, isWorking: () => false } as unknown as Workplace);
  const [first, stored, trained] = ['first', 'stored', 'trained'].map(snapshotOf);
  const calm = lookAt({ runId: 'first' }, context);
  read[0]!(first!);
  await calm;
  expect(live.latest()).toBe(first);
  const overtaken = lookAt({ runId: 'stored' }, context);
  live.show(trained!);
  read[1]!(stored!);
  await overtaken;
  expect(live.latest()).toBe(trained);
});
