// `descent train --profile`: the table for people, the field in the JSON, the trace file, and what is said when there is nothing to show.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { descent, readText, temporaryFolder } from './run-cli.ts';

const quick = ['train', 'digits', '--device', 'cpu', '--epochs', '1'];

test('--profile prints a table of kernels after the result', async () => {
  const { code, stdout } = await descent([...quick, '--out', join(temporaryFolder(), 'run'), '--profile']);
  expect(code).toBe(0);
  const [result, table = ''] = stdout.split('\n\n');
  expect(result).toContain('test accuracy');
  const [header, ...lines] = table.trimEnd().split('\n');
  expect(header).toMatch(/^kernel +layer +variant +calls +us\/call +share +GFLOP\/s +GB\/s$/);
  const first = lines.map((line) => line.split(/ {2,}/)[0]);
  expect(first.slice(0, 3)).toEqual(['gather_bytes', 'dense_forward', 'dropout']);
  expect(lines.find((line) => line.startsWith('dropout'))).toMatch(
    /^dropout +dropout1 +2 +\d+\.\d +\d+\.\d\d % +\d+\.\d\d$/,
  );
  expect(lines.find((line) => line.startsWith('dense_forward'))).toMatch(/%( +\d+\.\d\d){2}$/);
  expect(first.slice(-4, -1)).toEqual(['between kernels', 'step, each call timed', 'step as it trains']);
  expect(lines.at(-1)).toMatch(/^Medians of \d+ steps?, by the clock\.$/);
});

test('--json has the profile under its name, result.json does not, and the weights are those of a plain run', async () => {
  const folder = join(temporaryFolder(), 'run');
  const { stdout } = await descent([...quick, '--out', folder, '--profile', '--json']);
  const { profile, ...result } = JSON.parse(stdout) as Record<string, unknown>;
  expect(JSON.parse(readText(folder, 'result.json'))).toEqual(result);
  expect(profile).toEqual({
    clock: 'wall',
    steps: expect.any(Number),
    kernels: expect.arrayContaining([
      {
        kernel: 'dense_forward',
        layer: 'dense1',
        callsPerStep: 1,
        microseconds: expect.any(Number),
        share: expect.any(Number),
        gigaflopsPerSecond: expect.any(Number),
        gigabytesPerSecond: expect.any(Number),
      },
    ]),
    gapMicroseconds: expect.any(Number),
    stepMicroseconds: expect.any(Number),
    plainStepMicroseconds: expect.any(Number),
  });
  const plain = await descent([...quick, '--out', join(temporaryFolder(), 'run'), '--json']);
  const { weightsSha256, ...others } = JSON.parse(plain.stdout) as Record<string, unknown>;
  expect(result['weightsSha256']).toBe(weightsSha256);
  expect(others).not.toHaveProperty('profile');
});

test('--profile-trace writes a Chrome trace with a row for each layer', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'trace.json');
  const { code, stdout, stderr } = await descent([...quick, '--out', join(folder, 'run'), '--profile-trace', file]);
  expect(code).toBe(0);
  expect(stdout).toContain('us/call');
  expect(stderr).toContain(`The trace is in ${file}\n`);
  const { traceEvents } = JSON.parse(readText(file)) as { traceEvents: Record<string, unknown>[] };
  const rows = traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => (args as { name: string }).name);
  expect(rows).toEqual(['data', 'dense1', 'dropout1', 'dense2', 'loss', 'update']);
  expect(traceEvents.find(({ ph }) => ph === 'X')).toEqual({
    ph: 'X',
    name: 'gather_bytes',
    pid: 1,
    tid: 1,
    ts: 0,
    dur: expect.any(Number),
    args: { step: 1 },
  });
});

test('a trace that cannot be written is refused before the run', async () => {
  const folder = temporaryFolder();
  const out = join(folder, 'run');
  const away = await descent([...quick, '--out', out, '--profile-trace', join(folder, 'away', 'trace.json')]);
  expect(away.code).toBe(2);
  expect(away.stderr).toContain('this folder is not there. Correct --profile-trace.');
  const onFolder = await descent([...quick, '--out', out, '--profile-trace', folder]);
  expect(onFolder.code).toBe(2);
  expect(onFolder.stderr).toContain('is a folder, expected a file.');
  expect(existsSync(out)).toBe(false);
});

test('on a finished run nothing is profiled, and that is said', async () => {
  const folder = temporaryFolder();
  const out = join(folder, 'run');
  await descent([...quick, '--out', out]);
  const trace = join(folder, 'trace.json');
  const again = await descent([...quick, '--out', out, '--resume', '--profile-trace', trace]);
  expect(again).toMatchObject({ code: 0, stderr: 'Nothing was profiled: no step was left to train.\n' });
  expect(existsSync(trace)).toBe(false);
});
