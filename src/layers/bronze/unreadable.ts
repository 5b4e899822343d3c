import { arrayOf, field, struct, type StructType } from "../../contract/index.ts";
import type { Row } from "../../engine/index.ts";
import type { UnreadableLine } from "../../sources/index.ts";
import type { LayerContext } from "../context.ts";
import { setAside } from "../quarantine/quarantine.ts";

const LINES: StructType = struct([
  field("_quarantine_id", "string"),
  field("table_name", "string"),
  field("reasons", arrayOf("string")),
  field("_ingest_file", "string"),
  field("line", "long"),
  field("byte_offset", "long"),
  field("raw", "string"),
  field("raw_encoding", "string"),
]);

/** Lines that are no record go to quarantine by file and place, with their bytes. */
export async function setAsideLines(
  context: LayerContext,
  table: string,
  lines: readonly UnreadableLine[],
): Promise<number> {
  const rows = lines.map((line): Row => ({
    _quarantine_id: `${line.file}:${line.byteOffset}`,
    table_name: table,
    reasons: [line.reason],
    _ingest_file: line.file,
    line: BigInt(line.line),
    byte_offset: BigInt(line.byteOffset),
    raw: line.raw,
    raw_encoding: "base64",
  }));
  return await setAside(context, table, {
    sql: `SELECT *, CAST(NULL AS VARCHAR) AS _key, CAST(NULL AS VARCHAR) AS _sequence, CAST(NULL AS VARCHAR) AS _event_id,
      CAST(NULL AS BIGINT) AS _batch_id, CAST(NULL AS TIMESTAMPTZ) AS _source_ts FROM lines`,
    inputs: { lines: { kind: "rows", schema: LINES, rows } },
  });
}
