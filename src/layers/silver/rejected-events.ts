import { SluiceError } from "../../base/index.ts";
import { decimalParts, type StructField } from "../../contract/index.ts";
import type { SilverDefinition } from "../../definition/index.ts";
import { quoteIdentifier, quoteLiteral, type Relation, type Scratch } from "../../engine/index.ts";
import { EVENT_PLACE } from "./shape.ts";

/** The events that a fold sets aside, in the columns of quarantine; `raw` is the Bronze row, whole, as JSON. */
export function rejectedEvents(definition: SilverDefinition, narrow: Scratch, shaped: Relation): Relation {
  const events = shaped.inputs["events"];
  if (events?.kind !== "files") throw new SluiceError("internal.bug", "A fold reads the files of a Bronze table");
  const columns = events.table.snapshot?.metadata.schema.fields ?? [];
  return {
    sql: `SELECT e._event_id || '@' || e._batch_id AS _quarantine_id,
      ${quoteLiteral(definition.name)} AS table_name, n.__reasons AS reasons, n._key, e._sequence, e._event_id, e._batch_id, e._ingest_file,
      CAST(NULL AS BIGINT) AS line, CAST(NULL AS BIGINT) AS byte_offset, e._source_ts,
      CAST(to_json({${columns.map((column) => member(column)).join(", ")}}) AS VARCHAR) AS raw, 'json' AS raw_encoding
      FROM events e JOIN (SELECT * FROM narrow WHERE __fate = 'quarantine') n ON n.__at = ${EVENT_PLACE}`,
    inputs: { narrow: { kind: "scratch", scratch: narrow }, events },
  };
}

/** JSON has no decimals beyond a double and no bytes: those go as text and as base64. */
function member(column: StructField): string {
  const value = `e.${quoteIdentifier(column.name)}`;
  const name = quoteLiteral(column.name);
  if (decimalParts(column.type) !== undefined) return `${name}: CAST(${value} AS VARCHAR)`;
  return column.type === "binary" ? `${name}: to_base64(${value})` : `${name}: ${value}`;
}
