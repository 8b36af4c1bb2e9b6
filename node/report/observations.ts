/**
 * What a run has observed of itself: observations.jsonl, one line each. A long run has more lines than a page has columns, so that only
 * as many are read as can be drawn, at even distances, the first and the last among them.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { DataError } from '../../src/errors.ts';

/** null where a number was not finite. */
const number = v.nullable(v.number());

const tensorSchema = v.object({
  name: v.string(),
  layer: v.string(),
  kind: v.picklist(['weight', 'gradient', 'update', 'activation']),
  mean: number,
  rms: number,
  min: number,
  max: number,
  zeros: number,
  bins: v.array(v.number()),
});

const observationSchema = v.object({
  step: v.number(),
  epoch: v.number(),
  members: v.array(
    v.object({
      tensors: v.array(tensorSchema),
      deadUnits: v.array(v.object({ layer: v.string(), share: number })),
    }),
  ),
});

export type TensorRecord = Readonly<v.InferOutput<typeof tensorSchema>>;

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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataError(path, `line ${line + 1} is no JSON. Delete the line, or copy the run again.`);
  }
  const parsed = v.safeParse(observationSchema, json);
  if (!parsed.success) {
    const place = v.getDotPath(parsed.issues[0]) ?? 'the top';
    throw new DataError(
      path,
      `line ${line + 1} is no observation: ${place}: ${parsed.issues[0].message}. Copy it again.`,
    );
  }
  const { step, epoch, members } = parsed.output;
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
