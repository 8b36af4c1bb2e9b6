// Zip files made here and by the system's own notion of them, sound, damaged and hostile.
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readZip, writeZip } from '../../src/formats/zip.ts';

const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 7) % 251);
const text = new TextEncoder().encode('step '.repeat(2000));
const files = new Map([
  ['run/a.safetensors', noise],
  ['run/metrics.jsonl', text],
  ['run/empty.json', new Uint8Array()],
]);
const isStored = (path: string): boolean => path.endsWith('.safetensors');
const packed = writeZip(files, isStored, 'run');

/** The zip with one byte of it changed. */
function changed(at: number, value: (old: number) => number): Uint8Array {
  const bytes = packed.slice();
  bytes[at] = value(bytes[at] ?? 0);
  return bytes;
}

/** Offset of the entry in the directory at the end. */
function directoryEntry(path: string): number {
  const name = new TextEncoder().encode(path);
  const at = packed.findLastIndex((_, start) => name.every((byte, i) => packed[start + i] === byte));
  return at - 46;
}

test('a zip gives back what was packed, the same bytes each time, weights stored and text deflated', () => {
  expect(readZip(packed, 'x.zip')).toEqual(files);
  expect(writeZip(files, isStored, 'run')).toEqual(packed);
  expect(packed.length).toBeGreaterThan(noise.length);
  expect(packed.length).toBeLessThan(noise.length + 1000);
});

test('a zip is read out of a larger buffer, and what comes out of it shares no memory with it', () => {
  const shifted = Buffer.alloc(packed.length + 5);
  shifted.set(packed, 5);
  const read = readZip(shifted.subarray(5), 'x.zip');
  shifted.fill(0);
  expect(read).toEqual(files);
});

test('folders in a zip and a comment at its end are passed over', () => {
  const withFolder = zipSync({ 'run/': new Uint8Array(), 'run/a.txt': text });
  const comment = new TextEncoder().encode('a comment');
  const bytes = new Uint8Array(withFolder.length + comment.length);
  bytes.set(withFolder);
  bytes.set(comment, withFolder.length);
  bytes[withFolder.length - 2] = comment.length;
  expect(readZip(bytes, 'x.zip')).toEqual(new Map([['run/a.txt', text]]));
});

test('a zip cut short anywhere is refused', () => {
  for (let length = 0; length < packed.length; length += 37) {
    expect(() => readZip(packed.slice(0, length), 'x.zip'), String(length)).toThrow(
      'x.zip: is no zip file, or is cut short. Copy or export it again.',
    );
  }
});

test('a flipped bit in any file of a zip is found', () => {
  const starts = [60, 2000, 30 + noise.length + 80];
  for (const at of starts) {
    expect(() =>
      readZip(
        changed(at, (old) => old ^ 4),
        'x.zip',
      ),
    ).toThrow(/^x\.zip: is a damaged zip file: ".*" is not/);
  }
});

test.each([
  ['../evil.json', '"../evil.json"'],
  ['run/../../evil.json', '"run/../../evil.json"'],
  ['/etc/evil.json', '"/etc/evil.json"'],
  ['C:/evil.json', '"C:/evil.json"'],
  ['run\\..\\evil.json', '"run\\\\..\\\\evil.json"'],
  ['run//evil.json', '"run//evil.json"'],
])('a path that leads out of the folder is refused: %s', (path, told) => {
  expect(() => readZip(zipSync({ [path]: text }), 'x.zip')).toThrow(
    `x.zip: holds ${told}, a path that leads out of its folder.`,
  );
});

test.each([
  ['a size that is too small', 24, () => 1, '"run/metrics.jsonl" is not what was packed'],
  ['a size that is too large', 25, () => 0xff, '"run/metrics.jsonl" is not what was packed'],
  ['a size of gigabytes', 27, () => 0xf0, 'holds more than 2 GiB'],
  ['another checksum', 16, (old: number) => old ^ 1, '"run/metrics.jsonl" is not what was packed'],
  ['an offset beyond the end', 44, () => 0xff, '"run/metrics.jsonl" is not where its directory says'],
  ['a password', 8, (old: number) => old | 1, '"run/metrics.jsonl" is encrypted'],
  ['an unknown method', 10, () => 12, '"run/metrics.jsonl" is packed by method 12'],
  ['no entry', 0, () => 0, 'its directory is broken'],
])('a directory that tells %s is refused', (_, field, value, sentence) => {
  const bytes = changed(directoryEntry('run/metrics.jsonl') + field, value);
  expect(() => readZip(bytes, 'x.zip')).toThrow(sentence);
});

test('a file that is there twice is refused', () => {
  const twice = zipSync({ 'run/a.txt': text, 'run/b.txt': text });
  for (const [at, byte] of twice.entries()) if (byte === 0x62 && twice[at + 1] === 0x2e) twice[at] = 0x61;
  expect(() => readZip(twice, 'x.zip')).toThrow('it holds "run/a.txt" twice');
});
