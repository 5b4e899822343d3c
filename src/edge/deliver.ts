import { jitteredDelayMs, messageOf, type RetryPolicy, type World } from "../base/index.ts";

/** Takes records in, and says of each why it did not; undefined for one that is in. */
export type Deliver = (records: readonly Uint8Array[]) => Promise<readonly (string | undefined)[]>;

/** AWS, "PutRecordBatch": so many records, and so many bytes of them, a request. */
const RECORDS_MOST = 500;
const BYTES_MOST = 4 * 1_048_576;
/** A function has its time, and Lambda calls it again. */
const PATIENCE: RetryPolicy = { attemptsMax: 6, baseDelayMs: 100, maxDelayMs: 5_000 };

export interface Undelivered {
  /** The record's place in the list. */
  readonly index: number;
  readonly why: string;
}

/** Delivers records, those that were refused again, with pauses that grow. Gives those that were not taken in the end. */
export async function deliverAll(
  records: readonly Uint8Array[],
  deliver: Deliver,
  world: World,
): Promise<readonly Undelivered[]> {
  let left: readonly Undelivered[] = records.map((_, index) => ({ index, why: "" }));
  for (let tried = 1; left.length > 0; tried += 1) {
    const refused: Undelivered[] = [];
    for (const chunk of chunksOf(left, records)) refused.push(...(await attempt(chunk, records, deliver)));
    if (tried >= PATIENCE.attemptsMax) return refused;
    left = refused;
    if (left.length > 0) await world.sleep(jitteredDelayMs(world, PATIENCE, tried));
  }
  return [];
}

async function attempt(
  chunk: readonly Undelivered[],
  records: readonly Uint8Array[],
  deliver: Deliver,
): Promise<readonly Undelivered[]> {
  const outcomes = await answers(chunk.map(({ index }) => records[index] ?? new Uint8Array(0)), deliver); // prettier-ignore
  return chunk.flatMap(({ index }, at) => {
    // Who says nothing of a record has not taken it.
    const why = at < outcomes.length ? outcomes[at] : "no answer for this record";
    return why === undefined ? [] : [{ index, why }];
  });
}

async function answers(records: readonly Uint8Array[], deliver: Deliver): Promise<readonly (string | undefined)[]> {
  try {
    return await deliver(records);
  } catch (error) {
    return records.map(() => messageOf(error));
  }
}

function chunksOf(left: readonly Undelivered[], records: readonly Uint8Array[]): readonly Undelivered[][] {
  const chunks: Undelivered[][] = [];
  let bytes = 0;
  for (const one of left) {
    const size = records[one.index]?.length ?? 0;
    const open = chunks.at(-1);
    if (open === undefined || open.length >= RECORDS_MOST || bytes + size > BYTES_MOST) {
      chunks.push([one]);
      bytes = size;
    } else {
      open.push(one);
      bytes += size;
    }
  }
  return chunks;
}
