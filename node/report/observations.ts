/**
 * What a run has observed of itself: observations.jsonl, one line each. A long run has more lines than a page has columns, so that only
 * as many are read as can be drawn, at even distances, the first and the last among them.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseObservationLine } from '../../src/train/observation-lines.ts';
import type { TensorRecord } from '../../src/train/observation-lines.ts';

/** One observation of one member. */
export interface MemberRecord {
  readonly step: number;
  readonly epoch: number;
  readonly tensors: readonly TensorRecord[];
  readonly deadUnits: readonly { readonly layer: string; readonly share: number | null }[];
}

/** At most `most` observations of a member, in order; undefined where the file is not there. A torn last line is dropped. */
export async function readObservations(
  path: string,
  member: number,
  most: number,
): Promise<MemberRecord[] | undefined> {
  if (!existsSync(path)) return undefined;
  const count = await countLines(path);
  const wanted = new Set(
    Array.from({ length: Math.min(most, count) }, (_, index) =>
      count <= most ? index : Math.round((index * (count - 1)) / (most - 1)),
    ),
  );
  const records: MemberRecord[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line < count && wanted.has(line)) {
      const record = parseLine(text, path, line, member);
      if (record !== undefined) records.push(record);
    }
    line++;
  }
  return records;
}

function parseLine(text: string, path: string, line: number, member: number): MemberRecord | undefined {
  const { step, epoch, members } = parseObservationLine(text, path, line + 1);
  const own = members[member];
  return own && { step, epoch, ...own };
}

/** Lines that end with a line break. */
async function countLines(path: string): Promise<number> {
  const lineBreak = 0x0a;
  let count = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(lineBreak); at >= 0; at = chunk.indexOf(lineBreak, at + 1)) count++;
  }
  return count;
}
