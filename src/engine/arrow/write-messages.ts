import type { ArrowField } from "./arrow-field.ts";
import { encodeFlatBuffer, type FlatTable } from "./encode-flat-buffer.ts";
import { schemaTable } from "./schema-message.ts";

/** Rows and nulls of a column, its children's after it (Message.fbs, "FieldNode"). */
export interface ArrowNode {
  readonly length: number;
  readonly nullCount: number;
}

/** A record batch: nodes and buffers of all columns, depth first. */
export interface BatchParts {
  readonly rows: number;
  readonly nodes: readonly ArrowNode[];
  readonly buffers: readonly Uint8Array[];
}

/** Numbers of the union `MessageHeader`. */
export const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const;

/** What begins every message since format version 5 (IPC, "Encapsulated message format"). */
export const CONTINUATION = 0xff_ff_ff_ff;

const METADATA_V5 = 4;
const PREFIX_BYTES = 8;
const ALIGNMENT = 8;

/** The message that begins a stream. */
export function schemaMessage(fields: readonly ArrowField[]): Uint8Array {
  return message(HEADER.schema, schemaTable(fields), []);
}

export function batchMessage({ rows, nodes, buffers }: BatchParts): Uint8Array {
  let at = 0;
  const places = buffers.flatMap(({ length }) => {
    const start = at;
    at += padded(length);
    return [start, length];
  });
  const batch: FlatTable = [
    { bytes: 8, value: rows },
    { longs: nodes.flatMap(({ length, nullCount }) => [length, nullCount]), each: 2 },
    { longs: places, each: 2 },
  ];
  return message(HEADER.batch, batch, buffers);
}

/** The message that ends a stream. */
export function endOfStream(): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  new DataView(bytes.buffer).setUint32(0, CONTINUATION, true);
  return bytes;
}

function message(header: number, table: FlatTable, buffers: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = buffers.reduce((sum, { length }) => sum + padded(length), 0);
  const metadata = encodeFlatBuffer([
    { bytes: 2, value: METADATA_V5 },
    { bytes: 1, value: header },
    { table },
    { bytes: 8, value: bodyBytes },
  ]);
  const bytes = new Uint8Array(PREFIX_BYTES + metadata.length + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, metadata.length, true);
  bytes.set(metadata, PREFIX_BYTES);
  let at = PREFIX_BYTES + metadata.length;
  for (const buffer of buffers) {
    bytes.set(buffer, at);
    at += padded(buffer.length);
  }
  return bytes;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
