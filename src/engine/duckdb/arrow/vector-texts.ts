import { rawVectors } from "../duckdb-api.ts";
import type { RawVector } from "../raw-vector.ts";

/** Bytes of a `duckdb_string_t`: the length, then the text itself up to 12 bytes, else its first 4 and its address. */
const TEXT_BYTES = 16;
const INLINE_MAX = 12;
/** Texts so near each other are copied in one go: in a page of Parquet their lengths stand between them. */
const GAP_MAX = 8;
/** The last of the addresses' low words. */
const HIGH_WORD = 2 ** 32;

/** The texts (or blobs) of some of a vector's rows, one after the other. */
export interface VectorTexts {
  /** Their bytes in all. */
  readonly total: number;
  /** Bytes of a row's text; none for a null. */
  lengthOf(row: number): number;
  /** Copies a row's text to a place. */
  copy(row: number, into: Uint8Array, at: number): void;
}

/** `isValid`: whether a row has a text; of others there is no knowing what is in memory. */
export function vectorTexts(
  vector: RawVector,
  { start, count }: { start: number; count: number },
  isValid: (row: number) => boolean,
): VectorTexts {
  const data = rawVectors.vector_get_data(vector, (start + count) * TEXT_BYTES);
  const words = new Uint32Array(data.buffer, data.byteOffset, (start + count) * 4);
  const lengthOf = (row: number): number => (isValid(row) ? (words[row * 4] ?? 0) : 0);
  const addressOf = (row: number): number => (words[row * 4 + 2] ?? 0) + (words[row * 4 + 3] ?? 0) * HIGH_WORD;
  let total = 0;
  const long = new Map<number, LongText>();
  for (let row = start; row < start + count; row += 1) {
    const length = lengthOf(row);
    total += length;
    if (length <= INLINE_MAX) continue;
    const address = addressOf(row);
    // A dictionary's texts have one address for all rows.
    const known = long.get(address);
    if (known === undefined || known.length < length) long.set(address, { address, row, length });
  }
  const gathered = gather(data, [...long.values()]);
  return {
    total,
    lengthOf,
    copy: (row, into, at) => {
      const length = lengthOf(row);
      const isInline = length <= INLINE_MAX;
      const from = isInline ? data : gathered.bytes;
      const first = isInline ? row * TEXT_BYTES + 4 : (gathered.starts.get(addressOf(row)) ?? 0);
      // A short text is copied sooner than a view is made of it.
      if (length > 64) into.set(from.subarray(first, first + length), at);
      else for (let index = 0; index < length; index += 1) into[at + index] = from[first + index] ?? 0;
    },
  };
}

interface LongText {
  readonly address: number;
  readonly row: number;
  readonly length: number;
}

/** Brings long texts together, neighbours at once: a call for each would take longer than all the rest. */
function gather(
  data: Uint8Array,
  texts: LongText[],
): { readonly bytes: Uint8Array; readonly starts: ReadonlyMap<number, number> } {
  const sorted = isAscending(texts) ? texts : texts.toSorted((left, right) => left.address - right.address);
  const runs: { first: LongText; start: number; end: number }[] = [];
  const starts = new Map<number, number>();
  let total = 0;
  for (const text of sorted) {
    const run = runs.at(-1);
    const end = text.address + text.length;
    if (run === undefined || text.address - run.end > GAP_MAX) {
      starts.set(text.address, total);
      runs.push({ first: text, start: total, end });
      total += text.length;
      continue;
    }
    starts.set(text.address, run.start + (text.address - run.first.address));
    total += Math.max(0, end - run.end);
    run.end = Math.max(run.end, end);
  }
  const bytes = new Uint8Array(total);
  for (const { first, start, end } of runs) {
    const pointer = data.byteOffset + first.row * TEXT_BYTES + 8;
    bytes.set(rawVectors.get_data_from_pointer(data.buffer as ArrayBuffer, pointer, end - first.address), start);
  }
  return { bytes, starts };
}

function isAscending(texts: readonly LongText[]): boolean {
  return texts.every((text, index) => index === 0 || text.address > (texts[index - 1]?.address ?? 0));
}
