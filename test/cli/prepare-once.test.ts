// Splitting, normalising, planning and hashing take a while on a large set: one run does them once.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { datasetSha256 } from '../../src/data/dataset.ts';
import { prepare } from '../../src/train/session.ts';
import { descent, temporaryFolder } from './run-cli.ts';

vi.mock(import('../../src/data/dataset.ts'), { spy: true });
vi.mock(import('../../src/train/session.ts'), { spy: true });

test('train prepares data and plan once, and hashes the data once', async () => {
  const out = join(temporaryFolder(), 'run');
  const { code, stderr } = await descent(['train', 'spirals', '--device', 'cpu', '--epochs', '1', '--out', out]);
  expect(code, stderr).toBe(0);
  expect(vi.mocked(prepare)).toHaveBeenCalledTimes(1);
  expect(vi.mocked(datasetSha256)).toHaveBeenCalledTimes(1);
});
