import { createHash } from "node:crypto";
import { SluiceError } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { fileBytes, inflate } from "../../input/index.ts";

export interface ReadFile {
  readonly md5: string;
  readonly sizeBytes: number;
}

/** Files of other forms, by how they begin. */
const FORMS: readonly (readonly [beginning: Uint8Array, name: string])[] = [
  [Buffer.from("PARE"), "encrypted Parquet"],
  [Buffer.from("PK\u0003\u0004"), "ZIP"],
  [Buffer.of(0xff, 0x06, 0x00, 0x00, 0x73), "Snappy"],
  [Buffer.of(0x28, 0xb5, 0x2f, 0xfd), "Zstandard"],
  [Buffer.from("ORC"), "ORC"],
];

const PARQUET = Buffer.from("PAR1");

export interface OpenDelivery {
  readonly form: "json" | "parquet";
  /** As they were delivered. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A delivered file. By its bytes, not by its name, it is told what it is: Firehose names files without an extension, and people give them any. */
export async function openDelivery(store: ObjectStore, path: string): Promise<OpenDelivery> {
  const { first, all } = await opened(fileBytes(store.localFolder ?? store, path));
  const beginsWith = (beginning: Uint8Array): boolean =>
    Buffer.compare(first.subarray(0, beginning.length), beginning) === 0;
  const form = FORMS.find(([beginning]) => beginsWith(beginning));
  if (form !== undefined) throw unknownForm(path, form[1]);
  return { form: beginsWith(PARQUET) ? "parquet" : "json", bytes: all };
}

/** The uncompressed bytes of JSON, plain or GZIP, chunk by chunk. */
export async function readText(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<ReadFile> {
  const { first, all } = await opened(bytes[Symbol.asyncIterator]());
  if (first[0] === 0x1f && first[1] === 0x8b) return await inflate(path, all, onChunk);
  const hash = createHash("md5");
  let sizeBytes = 0;
  for await (const chunk of all) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    onChunk(chunk);
  }
  return { md5: hash.digest("hex"), sizeBytes };
}

async function opened(
  bytes: AsyncIterator<Uint8Array>,
): Promise<{ readonly first: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const { value, done } = await bytes.next();
  const first = done === true ? new Uint8Array(0) : value;
  const all = async function* (): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => bytes };
  };
  return { first, all: all() };
}

function unknownForm(file: string, form: string): SluiceError {
  return new SluiceError("source.invalid", `Cannot read a file of Firehose: it is ${form}, neither JSON nor Parquet`, {
    facts: { file },
    advice: "Let the delivery stream write JSON, without compression or with GZIP, or Parquet.",
  });
}
