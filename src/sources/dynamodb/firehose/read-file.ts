import { SluiceError } from "../../../base/index.ts";
import type { UnreadableLine } from "../../source.ts";
import { eventLine, type EventReading } from "../envelope/event-line.ts";
import { ForeignRecord, NoRecord, readEnvelope } from "../envelope/read-envelope.ts";
import type { RecordSink } from "../envelope/record-cutter.ts";
import { unreadableRecord } from "../envelope/unreadable-record.ts";
import type { Spool } from "../live/spool.ts";
import type { ReadFile } from "./delivered-bytes.ts";
import { readRecords, type DeliveryReading } from "./read-records.ts";

export interface DeliveredRecords extends ReadFile {
  /** Records of whatever table, and what is none. */
  readonly records: number;
  readonly unreadable: readonly UnreadableLine[];
  /** The number in the file, from 1, of the record that each line of the spool stands for. */
  readonly places: readonly number[];
}

export interface FileReading extends DeliveryReading {
  readonly which: EventReading;
}

/** Reads a delivered file: its changes of the table go to the spool as lines of the scanner; those of other tables are passed over. */
export async function readFile(
  path: string,
  spool: Spool,
  { which, ...reading }: FileReading,
): Promise<DeliveredRecords> {
  const places: number[] = [];
  const unreadable: UnreadableLine[] = [];
  let records = 0;
  const sink: RecordSink = {
    record: (bytes, start, end, _offset) => {
      try {
        const envelope = readEnvelope(bytes.subarray(0, end), start);
        records += 1;
        const line = eventLine(bytes, envelope, which);
        if (line === undefined) return undefined;
        spool.line(line);
        places.push(records);
        return undefined;
      } catch (error) {
        if (error instanceof ForeignRecord) throw foreign(error, path);
        if (error instanceof NoRecord) return error.message;
        throw error;
      }
    },
    refuse: (raw, offset, reason) => {
      records += 1;
      unreadable.push(unreadableRecord(path, { number: records, offset, raw, reason }));
    },
  };
  const read = await readRecords(path, sink, { ...reading, onRead: async () => await spool.flush() });
  return { ...read, records, unreadable, places };
}

function foreign({ message, advice }: ForeignRecord, file: string): SluiceError {
  return new SluiceError("source.invalid", `Cannot read changes of a table: the file holds ${message}`, {
    facts: { file },
    advice,
  });
}
