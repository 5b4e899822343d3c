import { join } from "node:path";
import type { StructType } from "../../../contract/index.ts";
import type { StagedBatch } from "../../source.ts";
import type { Shape } from "../columns/shapes.ts";
import { COLUMNS_MAX } from "../options.ts";
import { constantColumns, type EventConstants, type ScanTask } from "../scan/scan-file.ts";
import type { LineKind } from "../scan/record-check.ts";
import { snapshotConstants, type Snapshot } from "../snapshot-events.ts";
import { stageLines, type Staging } from "../stage-lines.ts";
import { StagedFileWriter, type StagedFile } from "../../staged/index.ts";
import type { Spooled } from "./spool.ts";

/** Items of a scan as Bronze rows, and the `T` that ends it. */
export async function stageSnapshot(
  staging: Staging,
  spooled: Spooled,
  { snapshot, isWhole }: { readonly snapshot: Snapshot; readonly isWhole: boolean },
): Promise<StagedBatch> {
  const work = { spooled, kind: "full", epoch: snapshot.epoch, constants: snapshotConstants(snapshot, "R") } as const;
  return await stageSpool(staging, work, [truncateFile(staging, isWhole ? [snapshotConstants(snapshot, "T")] : [])]);
}

export interface SpoolWork {
  readonly spooled: Spooled;
  readonly kind: LineKind;
  readonly epoch: number;
  readonly constants: EventConstants;
}

/** Lines that we wrote ourselves as Bronze rows. */
export async function stageSpool(
  staging: Staging,
  { spooled, kind, epoch, constants }: SpoolWork,
  more: readonly StagedFile[],
): Promise<StagedBatch> {
  const task = (known: ReadonlyMap<string, Shape>): ScanTask =>
    spoolTask(staging, { spooled, kind, epoch, constants, staged: "rows.parquet", known });
  const { scanned: _, ...staged } = await stageLines(staging, (known) => [task(known)], more);
  return { ...staged, files: [] };
}

/** Nothing came: nothing is to be written, nor read again. */
export function noRows(schema: StructType): StagedBatch {
  return { relation: { sql: "SELECT NULL WHERE false", inputs: {} }, schema, files: [], rows: 0, unreadable: [] };
}

export interface SpoolTask extends SpoolWork {
  /** The name of the staged file. */
  readonly staged: string;
  readonly known: ReadonlyMap<string, Shape>;
  readonly delivered?: string;
}

/** How lines that we wrote ourselves are scanned. */
export function spoolTask({ options, context }: Staging, { spooled, staged, ...work }: SpoolTask): ScanTask {
  return {
    ...work,
    file: spooled.path,
    staged: join(context.folder, staged),
    keys: options.keys,
    ...(options.ttlAttribute === undefined ? {} : { ttlAttribute: options.ttlAttribute }),
    hasOldImages: false,
    columnsMax: options.columnsMax ?? COLUMNS_MAX,
    md5: undefined,
    records: spooled.lines,
    sizeBytes: spooled.sizeBytes,
  };
}

/** Events that no line stands for; without one a file without rows, so that the engine has columns to read. */
export function truncateFile({ context }: Staging, events: readonly EventConstants[]): StagedFile {
  const writer = new StagedFileWriter(join(context.folder, "truncates.parquet"));
  for (const constants of events) writer.writeGroup(1, [], constantColumns(undefined, constants));
  return writer.close();
}
