/** Every kernel on every launch variant: GPU equals CPU, to the bit where the adapter's arithmetic is exact. */
import { expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import { runConformance } from '../../src/verify/conformance.ts';
import { create, globals } from 'webgpu';
Object.assign(globalThis, globals);
const gpu = create([]);
test('every kernel agrees with its CPU twin on every launch variant', async () => {
  const adapter = (await gpu.requestAdapter())!;
  const device = await openGpuDevice({
    adapter,
    name: adapter.info.description,
    software: true,
    shaders: shaderLibrary,
  });
  console.log(device.name, device.arithmetic);
  const rows = await runConformance(device);
  for (const r of rows)
    console.log(
      r.name.padEnd(24),
      r.variant.padEnd(10),
      r.elements,
      r.bitEqual,
      r.maxUlp,
      r.bound,
      r.bitEqual < 1 ? JSON.stringify(r.firstDifference) : '',
    );
  expect(rows.filter((r) => r.maxUlp > r.bound)).toEqual([]);
}, 100000);
