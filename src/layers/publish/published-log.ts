import { createHash } from "node:crypto";
import { field, struct, type StructType } from "../../contract/index.ts";
import { sqlTypeOf } from "../../engine/index.ts";
import { isOnlyRearranged } from "../../delta/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { publishFlaw, publishedRows, type PublishedDefinition, type PublishedRows } from "./published-rows.ts";
import type { WriteReport } from "./write-changes.ts";

/** `system.published`: what was brought into targets, and in its `txn`s how far. */
const PUBLISHED_SCHEMA: StructType = struct([
  field("run", "string"),
  field("table_name", "string"),
  field("target", "string"),
  field("version", "long", { comment: "of the table" }),
  field("items_put", "long"),
  field("items_deleted", "long"),
  field("items_present", "long", { comment: "of these, there already by an earlier attempt" }),
  field("write_units", "double"),
  field("published_at", "timestamp"),
]);

/** Equal while the same rows make the same items in the same place: a column that goes, goes from every item. */
export function publishFingerprint({ publish }: PublishedDefinition, { schema }: PublishedRows): string {
  const { table, region = null, endpoint = null, keys } = publish;
  const columns = schema.fields.map(({ name, type }) => [name, sqlTypeOf(type)]);
  const meaning = [1, table, region, endpoint, keys.map(({ attribute, parts }) => [attribute, parts]), columns];
  return createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 32);
}

/** What the lake remembers of a table's target. */
export interface TargetState {
  /** `dynamodb daily` */
  readonly target: string;
  /** The version that was brought there last by the present definition; undefined: none. */
  readonly version: number | undefined;
  /** Whether it has what the newest version has. */
  readonly isCurrent: boolean;
}

/**
 * How far a table is in its target, as far as the lake remembers: by heads alone, without engine or network. What others do to the target
 * it does not see.
 */
export async function targetState(
  context: Pick<LayerContext, "tables">,
  definition: PublishedDefinition,
  lake: string,
): Promise<TargetState> {
  const target = `dynamodb ${definition.publish.table}`;
  const { log } = placeOf(context, definition.name);
  const head = await log.head();
  if (head === undefined) return { target, version: undefined, isCurrent: true };
  if (publishFlaw(definition, head.metadata.schema) !== undefined) {
    return { target, version: undefined, isCurrent: false };
  }
  const fingerprint = publishFingerprint(definition, publishedRows(definition, head.metadata.schema));
  const published = await context.tables.place("system", "published").log.head();
  const version = published?.txns.get(publishedAppId(head.metadata.id, lake, fingerprint))?.version;
  return { target, version, isCurrent: await isOnlyRearranged(log, version ?? -1, head.version) };
}

/** Whether the newest version of a table is in its target, as far as the lake remembers. */
export async function isPublished(
  context: Pick<LayerContext, "tables">,
  definition: PublishedDefinition,
  lake: string,
): Promise<boolean> {
  return (await targetState(context, definition, lake)).isCurrent;
}

function publishedAppId(tableId: string, lake: string, fingerprint: string): string {
  return `${tableId}/publish/${lake}/${fingerprint}`;
}

export async function recordPublished(
  context: LayerContext,
  definition: PublishedDefinition,
  {
    tableId,
    version,
    written,
    lake,
    fingerprint,
  }: {
    readonly tableId: string;
    readonly version: number;
    readonly written: WriteReport;
    readonly lake: string;
    readonly fingerprint: string;
  },
): Promise<void> {
  const row = {
    run: context.run,
    table_name: definition.name,
    target: `dynamodb ${definition.publish.table}`,
    version: BigInt(version),
    items_put: BigInt(written.put),
    items_deleted: BigInt(written.deleted),
    items_present: BigInt(written.present),
    write_units: written.units,
    published_at: BigInt(context.world.nowMs()) * 1000n,
  };
  const place = context.tables.place("system", "published");
  await context.engine.append(
    await openNewest(place),
    { sql: "SELECT * FROM published", inputs: { published: { kind: "rows", schema: PUBLISHED_SCHEMA, rows: [row] } } },
    {
      schema: PUBLISHED_SCHEMA,
      create: { name: place.name, description: "What was brought into targets", schema: PUBLISHED_SCHEMA },
      txns: [{ appId: publishedAppId(tableId, lake, fingerprint), version }],
    },
  );
}
