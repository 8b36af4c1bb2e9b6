// What the calls of the worker share.
import { expect, test } from 'vitest';
import type { ChunkBudget } from '../../src/train/chunks.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import { openWorkplace } from '../../web/worker/workplace.ts';

const millisecondsOf = (budget: ChunkBudget): number => (typeof budget === 'number' ? budget : budget());

test('chunks leave the GPU to the page while it is seen; on the CPU path they are long, since every pause costs some ms', () => {
  const { chunkBudget, setVisible } = openWorkplace({ dataUrl: undefined, hooks: false });
  const gpu = { kind: 'gpu' } as Device;
  using cpu = cpuDevice();
  const [onGpu, onCpu] = [chunkBudget(gpu), chunkBudget(cpu)];
  expect(millisecondsOf(onGpu)).toBeLessThan(16);
  expect(millisecondsOf(onCpu)).toBe(50);
  setVisible(false);
  expect(millisecondsOf(onGpu)).toBe(100);
  expect(millisecondsOf(onCpu)).toBe(50);
});
