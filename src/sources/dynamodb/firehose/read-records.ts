import type { Engine } from "../../../engine/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { RecordCutter, type RecordSink } from "../envelope/record-cutter.ts";
import { openDelivery, readText, type ReadFile } from "./delivered-bytes.ts";
import type { LayoutOptions } from "./parquet/record-members.ts";

/** What it takes to read a delivered file, whatever its form. */
export interface DeliveryReading {
  readonly store: ObjectStore;
  /** Reads Parquet. */
  readonly engine: Engine;
  readonly layout: LayoutOptions;
  /** Where a file lies while it is read, on this machine. */
  readonly local: string;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then. */
  readonly onRead?: () => Promise<void>;
}

/** Gives the records of a delivered file, JSON or Parquet, to `sink`, in their order. */
export async function readRecords(path: string, sink: RecordSink, reading: DeliveryReading): Promise<ReadFile> {
  const { store, engine, layout, local, signal, onRead } = reading;
  const { form, bytes } = await openDelivery(store, path);
  if (form === "parquet") {
    const { readRows } = await import("./parquet/read-rows.ts");
    return await readRows(path, bytes, sink, { engine, layout, local, signal, onRead });
  }
  const cutter = new RecordCutter(sink);
  const read = await readText(path, bytes, (chunk) => {
    signal?.throwIfAborted();
    cutter.push(chunk);
    // What goes wrong here is told at the end.
    onRead?.().catch(() => undefined);
  });
  cutter.end();
  return read;
}
