import { crc32 } from "node:zlib";
import { STORAGE_RETRY, SluiceError, isFailure, withRetry, type World } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { DeletionVectorDescriptor } from "../actions.ts";
import { decodeFilePath, type TableRoot } from "../log/file-path.ts";
import { BitmapFormatError } from "./roaring-format.ts";
import type { RowSet } from "./row-set.ts";
import { decodeVector, encodeVector } from "./vector-format.ts";
import { decodeZ85, encodeZ85 } from "./z85.ts";

/** A real one has at most an eighth of a byte a row, so this is a file of two billion rows; more is an attack. */
const VECTOR_BYTES_MAX = 256 * 2 ** 20;

/** More rows than any file has; a few bytes of runs can claim them. */
const ROWS_MAX = 2 ** 32;

/** Delta PROTOCOL, "Deletion Vector File Storage Format": a version byte, then vectors between size and checksum. */
const FILE_VERSION = 1;
const FRAME_BYTES = 8;

/**
 * The deleted rows of a file. Fails with `table.corrupt`, naming the vector, when it is missing, garbled or not what the descriptor
 * says; an absolute path is read only below the table's own folder.
 */
export async function readDeletionVector(store: ObjectStore, vector: DeletionVectorDescriptor): Promise<RowSet> {
  if (vector.sizeInBytes > VECTOR_BYTES_MAX) throw corrupt(vector, `${vector.sizeInBytes} bytes are too many`);
  if (vector.cardinality > ROWS_MAX) throw corrupt(vector, `${vector.cardinality} rows are too many`);
  const bytes = vector.storageType === "i" ? inlineBytes(vector) : await storedBytes(store, vector);
  const rows = decoded(bytes, vector);
  if (rows.size !== vector.cardinality)
    throw corrupt(vector, `it holds ${rows.size} rows instead of ${vector.cardinality}`);
  return rows;
}

/** Writes many vectors into one new file of the table's root. Returns one descriptor a set, in the same order. */
export async function writeDeletionVectors(
  store: ObjectStore,
  sets: readonly RowSet[],
  world: World,
): Promise<readonly DeletionVectorDescriptor[]> {
  if (sets.length === 0) return [];
  const vectors = sets.map(encodeVector);
  const file = vectorFile(vectors);
  const uuid = await createVectorFile(store, file.body, world);
  return sets.map((rows, index) => ({
    storageType: "u",
    pathOrInlineDv: encodeZ85(uuidBytes(uuid)),
    offset: file.offsets[index] ?? 0,
    sizeInBytes: vectors[index]?.length ?? 0,
    cardinality: rows.size,
  }));
}

/** Where a stored vector is, as a path of the table's store; undefined for an inline one. */
export function vectorPath(vector: DeletionVectorDescriptor, root: TableRoot): string | undefined {
  switch (vector.storageType) {
    case "i":
      return undefined;
    case "p":
      return decodeFilePath(vector.pathOrInlineDv, root);
    case "u": {
      const text = vector.pathOrInlineDv;
      const bytes = text.length < 20 ? undefined : decodeZ85(text.slice(-20));
      if (bytes?.length !== 16) throw corrupt(vector, "its name is no identifier");
      const folder = text.slice(0, -20);
      return decodeFilePath(`${folder === "" ? "" : `${folder}/`}${fileName(uuidText(bytes))}`, root);
    }
  }
}

function vectorFile(vectors: readonly Uint8Array[]): { body: Uint8Array; offsets: number[] } {
  const body = new Uint8Array(vectors.reduce((sum, vector) => sum + vector.length + FRAME_BYTES, 1));
  const view = new DataView(body.buffer);
  body[0] = FILE_VERSION;
  const offsets: number[] = [];
  let at = 1;
  for (const vector of vectors) {
    offsets.push(at);
    view.setUint32(at, vector.length, false);
    body.set(vector, at + 4);
    view.setUint32(at + 4 + vector.length, crc32(vector), false);
    at += vector.length + FRAME_BYTES;
  }
  return { body, offsets };
}

/** Under a new name each time: a lost answer leaves a file that nothing refers to, never one that something does twice. */
async function createVectorFile(store: ObjectStore, body: Uint8Array, world: World): Promise<string> {
  return await withRetry(world, STORAGE_RETRY, async () => {
    const uuid = world.uuid();
    if ((await store.create(fileName(uuid), body)) === "created") return uuid;
    throw new SluiceError("storage.unavailable", `Cannot create ${fileName(uuid)}: a random name is taken`);
  });
}

async function storedBytes(store: ObjectStore, vector: DeletionVectorDescriptor): Promise<Uint8Array> {
  const path = vectorPath(vector, store) ?? "";
  const start = vector.offset ?? 0;
  const end = start + vector.sizeInBytes + FRAME_BYTES;
  let frame: Uint8Array;
  try {
    frame = await store.read(path, { start, end });
  } catch (error) {
    if (!isFailure(error, "storage.missing")) throw error;
    throw new SluiceError("table.corrupt", `Cannot read deletion vector ${path}: it is missing`, { cause: error });
  }
  if (frame.length !== end - start) throw corrupt(vector, `${path} ends too early`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, false) !== vector.sizeInBytes) throw corrupt(vector, `${path} holds another size`);
  const bytes = frame.subarray(4, 4 + vector.sizeInBytes);
  if (view.getUint32(4 + vector.sizeInBytes, false) !== crc32(bytes))
    throw corrupt(vector, `${path} fails its checksum`);
  return bytes;
}

function inlineBytes(vector: DeletionVectorDescriptor): Uint8Array {
  const bytes = decodeZ85(vector.pathOrInlineDv);
  if (bytes === undefined) throw corrupt(vector, "the inline text is no Z85");
  if (bytes.length < vector.sizeInBytes || bytes.length >= vector.sizeInBytes + 4) {
    throw corrupt(vector, `the inline text holds ${bytes.length} bytes instead of ${vector.sizeInBytes}`);
  }
  return bytes.subarray(0, vector.sizeInBytes);
}

function decoded(bytes: Uint8Array, vector: DeletionVectorDescriptor): RowSet {
  try {
    return decodeVector(bytes);
  } catch (error) {
    if (error instanceof BitmapFormatError) throw corrupt(vector, error.message);
    throw error;
  }
}

function fileName(uuid: string): string {
  return `deletion_vector_${uuid}.bin`;
}

function uuidBytes(uuid: string): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid.replaceAll("-", ""), "hex"));
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function corrupt(vector: DeletionVectorDescriptor, why: string): SluiceError {
  const name = `${vector.storageType}:${vector.pathOrInlineDv.slice(0, 60)}`;
  return new SluiceError("table.corrupt", `Cannot read deletion vector ${name}: ${why}`);
}
