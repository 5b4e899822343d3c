import { SluiceError } from "../../../base/index.ts";
import type { UnreadableLine } from "../../source.ts";
import { inflate } from "../../input/index.ts";
import { LineBuffer } from "./line-buffer.ts";
import { LineScanner, type LineScannerOptions } from "./line-scanner.ts";
import type { Shape } from "../columns/shapes.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";
import { StagedFileWriter, type ColumnKind, type ConstantColumn, type StagedFile } from "../../staged/index.ts";

/** One data file to be scanned. Plain data: it goes to a worker as it is. */
export interface ScanTask extends LineScannerOptions {
  /** Where the staged file is written. */
  readonly staged: string;
  /** What all rows of the file have in common. */
  readonly constants: EventConstants;
  /** As the manifest says: lower-case hex, lines. Without a checksum the file is plain text that we wrote ourselves. */
  readonly md5: string | undefined;
  /** The file that its records were delivered in, where we wrote the lines ourselves. */
  readonly delivered?: string;
  readonly records: number;
  /** As it lies there. */
  readonly sizeBytes: number;
}

export interface EventConstants {
  /** `_event_id` without the key; undefined where each line says its own. */
  readonly event: string | undefined;
  readonly meta: string;
  /** Of a snapshot: what varies by line in a window. */
  readonly snapshot?: { readonly operation: "R" | "T"; readonly sequence: string; readonly timeMicros: number };
}

export interface ScannedFile {
  readonly staged: StagedFile;
  /** The columns that the file knows after it: those known before, and its own. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly rows: number;
  readonly unreadable: readonly UnreadableLine[];
  /** Raw bytes that `unreadable` carries. */
  readonly unreadableBytes: number;
}

/** Told of each chunk, and of the rows so far. */
export type OnScanned = (inflatedBytes: number, rows: number) => void;

/** Bounds the memory of the columns under way, and is what the engine reads at a time. */
const GROUP_ROWS_MAX = 122_880;
const GROUP_BYTES_MAX = 32 * 1_048_576;

/** No line of an export comes near; only a decompression bomb does. */
const ENDLESS_LINE_BYTES = 1_073_741_824;

/** Raw bytes of unreadable lines that are held for the quarantine of one batch. */
export const UNREADABLE_BYTES_MAX = 64 * 1_048_576;

/**
 * Inflates, checks and scans one data file in a single pass, and writes its rows to a staged file.
 * Fails with `source.corrupt` when the bytes are not what the manifest says.
 */
export async function scanFile(
  task: ScanTask,
  compressed: AsyncIterable<Uint8Array>,
  onProgress: OnScanned = () => undefined,
): Promise<ScannedFile> {
  const scan = new FileScan(task);
  try {
    const take = (chunk: Uint8Array): void => {
      scan.push(chunk);
      onProgress(chunk.length, scan.scanner.rows);
    };
    if (task.md5 === undefined) {
      for await (const chunk of compressed) take(chunk);
      return scan.finish();
    }
    const { md5 } = await inflate(task.file, compressed, take);
    if (md5 !== task.md5) fail(task, "its bytes are not those of the manifest", { md5, expected: task.md5 });
    return scan.finish();
  } catch (error) {
    scan.abandon();
    throw error;
  }
}

class FileScan {
  readonly scanner: LineScanner;
  readonly #task: ScanTask;
  readonly #lines: LineBuffer;
  readonly #writer: StagedFileWriter;
  readonly #constants: readonly ConstantColumn[];
  #groupBytes = 0;

  constructor(task: ScanTask) {
    this.#task = task;
    this.scanner = new LineScanner(task);
    this.#lines = new LineBuffer(this.scanner);
    // A row is traced to a file that somebody delivered, not to what we kept for a moment.
    this.#constants = constantColumns(task.md5 === undefined ? task.delivered : task.file, task.constants);
    this.#writer = new StagedFileWriter(task.staged);
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
    this.#groupBytes += chunk.length;
    if (this.scanner.groupRows >= GROUP_ROWS_MAX || this.#groupBytes >= GROUP_BYTES_MAX) this.#writeGroup();
    if (this.#lines.pendingBytes > ENDLESS_LINE_BYTES) fail(this.#task, "it has a line without an end", {});
    if (this.scanner.rows + this.scanner.unreadable.length > this.#task.records) this.#failCount("more");
    if (this.scanner.unreadableBytes > UNREADABLE_BYTES_MAX) fail(this.#task, "most of it is no record", {});
  }

  finish(): ScannedFile {
    this.#lines.end();
    this.#writeGroup();
    const { rows, unreadable, unreadableBytes, shapes } = this.scanner;
    if (rows + unreadable.length !== this.#task.records) {
      this.#failCount(rows + unreadable.length > this.#task.records ? "more" : "fewer");
    }
    return { staged: this.#writer.close(), shapes, rows, unreadable, unreadableBytes };
  }

  abandon(): void {
    this.#writer.close();
  }

  #writeGroup(): void {
    const rows = this.scanner.groupRows;
    this.#groupBytes = 0;
    if (rows === 0) return;
    this.#writer.writeGroup(rows, this.scanner.columns(), this.#constants);
    this.scanner.startGroup();
  }

  #failCount(difference: "more" | "fewer"): never {
    fail(this.#task, `it has ${difference} lines than the manifest says`, {
      lines: this.scanner.rows + this.scanner.unreadable.length,
      expected: this.#task.records,
    });
  }
}

/** `file` is undefined for an event that no line stands for. */
export function constantColumns(
  file: string | undefined,
  { event, meta, snapshot }: EventConstants,
): readonly ConstantColumn[] {
  const columns = [
    ...(event === undefined ? [] : [text(EVENT_COLUMNS.event, event)]),
    ...(file === undefined ? [] : [text(EVENT_COLUMNS.file, file)]),
    text(EVENT_COLUMNS.meta, meta),
  ];
  if (snapshot === undefined) return columns;
  const time = Buffer.alloc(8);
  time.writeBigInt64LE(BigInt(snapshot.timeMicros));
  return [
    ...columns,
    text(EVENT_COLUMNS.operation, snapshot.operation),
    text(EVENT_COLUMNS.sequence, snapshot.sequence),
    { kind: EVENT_COLUMNS.time, value: time },
  ];
}

function text(kind: ColumnKind, content: string): ConstantColumn {
  const bytes = Buffer.from(content, "utf8");
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes.length);
  return { kind, value: Buffer.concat([length, bytes]) };
}

function fail(task: ScanTask, why: string, facts: Readonly<Record<string, string | number>>): never {
  throw new SluiceError("source.corrupt", `Cannot read an export file: ${why}`, {
    facts: { file: task.file, ...facts },
  });
}
