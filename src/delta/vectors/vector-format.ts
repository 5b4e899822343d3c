import type { Container } from "./container.ts";
import { BitmapFormatError, decodeBitmap32, decodeBitmap64, encodeBitmap64 } from "./roaring-format.ts";
import { RowSet } from "./row-set.ts";

// Delta PROTOCOL, "Deletion Vector Format".
const PORTABLE_MAGIC = 1_681_511_377;
/** Of the encoding before the protocol was written: big-endian lengths around 32-bit bitmaps. Spark still reads it. */
const NATIVE_MAGIC = 1_681_511_376;

/** Rows as the data of a deletion vector: magic number and portable 64-bit bitmap. */
export function encodeVector(rows: RowSet): Uint8Array {
  const bitmap = encodeBitmap64(rows);
  const bytes = new Uint8Array(4 + bitmap.length);
  new DataView(bytes.buffer).setUint32(0, PORTABLE_MAGIC, true);
  bytes.set(bitmap, 4);
  return bytes;
}

/** Throws `BitmapFormatError` for bytes that are no deletion vector. */
export function decodeVector(bytes: Uint8Array): RowSet {
  if (bytes.length < 8) throw new BitmapFormatError("the bytes end too early");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) === PORTABLE_MAGIC) return decodeBitmap64(bytes.subarray(4));
  if (view.getUint32(0, false) === NATIVE_MAGIC) return decodeNative(bytes, view);
  throw new BitmapFormatError(`the magic number ${view.getUint32(0, true)} is unknown`);
}

function decodeNative(bytes: Uint8Array, view: DataView): RowSet {
  const containers: (readonly [number, Container])[] = [];
  const count = view.getUint32(4, false);
  let at = 8;
  for (let high = 0; high < count; high += 1) {
    if (at + 4 > bytes.length) throw new BitmapFormatError("the bytes end too early");
    const sizeBytes = view.getUint32(at, false);
    containers.push(...decodeBitmap32(bytes.subarray(at + 4, at + 4 + sizeBytes), high));
    at += 4 + sizeBytes;
  }
  return RowSet.ofContainers(containers);
}
