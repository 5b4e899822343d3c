import { SluiceError } from "../../base/index.ts";
import type { BronzeDefinition, SilverDefinition } from "../../definition/index.ts";
import type { AddFile } from "../../delta/index.ts";
import { textOf, type OpenTable } from "../../engine/index.ts";
import type { LayerContext } from "../context.ts";
import type { Truncate } from "./tombstones.ts";

/** What a stream's event says of its image in `_source_meta`, where it has none of its own ("none", "later", "gone", "own", "fetched"). */
const IMAGE = "json_extract_string(_source_meta, '/image')";
/** Cheap, and false for nearly every event: JSON is parsed for the others only. */
const MAY_SAY = `coalesce(contains(_source_meta, '"image":"'), false)`;

/** Whether an event tells that something changed, but not what of it came: its attributes are those of the key alone. */
const IS_BARE = `(${MAY_SAY} AND coalesce(${IMAGE} <> 'fetched', false))`;

/**
 * What an event is to a row. A `bare` one takes no part: it would overwrite what it does not know, and another event has the image. Of an
 * `imageless` one nobody has it.
 */
export function kindSql(): string {
  return `CASE WHEN _op = 'D' THEN 'delete' WHEN _op = 'T' THEN 'truncate'
    WHEN ${IS_BARE} THEN CASE WHEN ${IMAGE} = 'none' THEN 'imageless' ELSE 'bare' END ELSE 'image' END`;
}

/**
 * Asked where a fold has met an `imageless` event. Fails where a change came without its image, and nobody fetched it: the rows would stay as they were, and be wrong. A complete snapshot
 * that is newer makes up for it.
 */
export async function refuseMissingImages(
  { engine }: Pick<LayerContext, "engine">,
  { definition, bronze }: { readonly definition: SilverDefinition; readonly bronze: BronzeDefinition },
  { events, files, truncates }: { events: OpenTable; files: readonly AddFile[]; truncates: readonly Truncate[] },
): Promise<void> {
  const [row] = await engine.rows({
    sql: `SELECT max(_sequence) FILTER (WHERE _op NOT IN ('D', 'T') AND ${MAY_SAY} AND ${IMAGE} = 'none') AS missing,
      max(_sequence) FILTER (WHERE _op = 'T') AS truncated FROM events`,
    inputs: { events: { kind: "files", table: events, files, positions: "index" } },
  });
  const missing = row?.["missing"];
  if (typeof missing !== "string") return;
  const snapshots = [...truncates.map(({ sequence }) => sequence), textOf(row, "truncated")];
  if (snapshots.some((sequence) => sequence > missing)) return;
  throw new SluiceError("source.invalid", `Cannot fold into ${definition.name}: changes came without their images`, {
    facts: { table: definition.name, from: bronze.name, source: bronze.source.table },
    advice:
      bronze.source.kind === "dynamodb" && bronze.source.stream
        ? `Set \`fetchItems: true\` beside \`stream\` of ${bronze.name}; what it lacks so far a scan or an export fills.`
        : "Deliver records of a stream with NEW_AND_OLD_IMAGES; what is lacking so far a scan or an export fills.",
  });
}
