import { field, struct } from "../../contract/index.ts";
import { countOf, textOf, type Engine, type OpenTable } from "../../engine/index.ts";
import type { SourceContents } from "../../sources/index.ts";
import type { LakeRecord } from "./decide-key.ts";
import { HAS_IMAGE } from "./row-digests.ts";

const KEYS = struct([field("_key", "string")]);

/** What a Bronze table has of some keys, rebuilt without loss from its newest events. */
export async function lakeRecords(
  engine: Engine,
  bronze: OpenTable,
  { keys, contents }: { readonly keys: readonly string[]; readonly contents: Pick<SourceContents, "attributesOf"> },
): Promise<ReadonlyMap<string, LakeRecord>> {
  const records = new Map<string, LakeRecord>();
  if (bronze.snapshot === undefined) return records;
  const { schema } = bronze.snapshot.metadata;
  const rows = keys.map((key) => ({ _key: key }));
  await using mine = await engine.scratch({
    sql: "SELECT bronze.* FROM bronze SEMI JOIN wanted ON wanted._key = bronze._key OR bronze._op = 'T'",
    inputs: { bronze: { kind: "table", table: bronze }, wanted: { kind: "rows", schema: KEYS, rows } },
  });
  const inputs = { mine: { kind: "scratch", scratch: mine } } as const;
  const deleted = new Map<string, string>();
  for (const top of await engine.rows({
    sql: `SELECT _key, max(_sequence) FILTER (WHERE _op = 'D') AS deleted, max(_batch_id) AS batch,
      (SELECT max(_sequence) FROM mine WHERE _op = 'T') AS truncated FROM mine WHERE _key IS NOT NULL GROUP BY _key`,
    inputs,
  })) {
    const key = textOf(top, "_key");
    records.set(key, { attributes: undefined, batch: countOf(top, "batch") });
    // A delete as high as an image loses against it, a truncate is never as high as an image.
    deleted.set(key, [textOf(top, "deleted"), textOf(top, "truncated")].toSorted().at(-1) ?? "");
  }
  for await (const batch of engine.query({
    sql: `SELECT * FROM mine WHERE ${HAS_IMAGE} QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _sequence DESC, _batch_id) = 1`,
    inputs,
  })) {
    for (const row of batch) {
      const key = textOf(row, "_key");
      const record = records.get(key);
      if (record === undefined || textOf(row, "_sequence") < (deleted.get(key) ?? "")) continue;
      records.set(key, { ...record, attributes: contents.attributesOf(row, schema) });
    }
  }
  return records;
}
