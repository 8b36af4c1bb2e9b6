// `descent datasets fetch NAME --json` against a server on 127.0.0.1, with a catalogue of one small set.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { descent, temporaryFolder } from './run-cli.ts';

vi.mock(import('../../src/data/catalogue.ts'), async (original) => {
  const { datasetCatalogue } = await original();
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'; // of "abc"
  const downloads = [{ file: 'set/data.bin', url: 'http://127.0.0.1:1/data.bin', sha256, sizeBytes: 3 }];
  return { datasetCatalogue: datasetCatalogue.map((entry) => ({ ...entry, downloads })) };
});

async function serve(content: string): Promise<void> {
  const server = createServer((_, response) => response.end(content));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  vi.stubEnv('DESCENT_MIRROR', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test('datasets fetch --json prints one object with the files, and progress only on a terminal', async () => {
  const cache = temporaryFolder();
  await serve('abc');
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('LOCALAPPDATA', cache);
  const file = join(cache, 'descent', 'datasets', 'set', 'data.bin');
  const fetched = await descent(['datasets', 'fetch', 'cifar10', '--json']);
  expect(fetched).toEqual({ code: 0, stdout: `${JSON.stringify({ files: [file] })}\n`, stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe('abc');
  const again = await descent(['datasets', 'fetch', 'cifar10'], { terminalColumns: 80 });
  expect(again).toMatchObject({ code: 0, stdout: `${file}\n` });
});

test('datasets fetch --json of a file that is not the official one prints nothing there and exits with 2', async () => {
  const cache = temporaryFolder();
  await serve('abd');
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('LOCALAPPDATA', cache);
  const { code, stdout, stderr } = await descent(['datasets', 'fetch', 'cifar10', '--json']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^descent: .*the download was removed.*\n$/);
});
