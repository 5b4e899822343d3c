import type { World } from "../../src/base/index.ts";
import type { BronzeDefinition, SilverDefinition } from "../../src/definition/index.ts";
import { openLog } from "../../src/delta/index.ts";
import type { Engine, Row } from "../../src/engine/index.ts";
import {
  foldSilver,
  foldTarget,
  ingestBronze,
  openNewest,
  placeOf,
  type LakeTables,
  type LayerContext,
  type TablePlace,
} from "../../src/layers/index.ts";
import type { Source } from "../../src/sources/index.ts";
import type { ObjectStore } from "../../src/storage/index.ts";
import type { ChangeEvent } from "./change-events.ts";
import { eventSource } from "./change-events.ts";
import type { ModelRow, Policies } from "./silver-model.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";

/** The tables of a lake below one store, as one process sees them. */
export function simulatedTables(root: ObjectStore, world: World, engine: Engine): LakeTables {
  const places = new Map<string, TablePlace>();
  return {
    systemStore: root.below("system"),
    place: (layer, name) => {
      const full = `${layer}.${name}`;
      const known = places.get(full);
      if (known !== undefined) return known;
      const store = root.below(`${layer}/${name}`);
      const place: TablePlace = { name: full, store, log: openLog(store, { world, checkpoints: engine.checkpoints }) };
      places.set(full, place);
      return place;
    },
  };
}

const NOTHING_SAID = { pii: false, tags: {} };

export const EVENTS_BRONZE: BronzeDefinition = {
  layer: "bronze",
  name: "bronze.events",
  meaning: { tags: {} },
  source: {
    kind: "dynamodb",
    table: "events",
    keys: ["id"],
    exports: { folder: "/nowhere", requireFull: false },
    stream: false,
    ttlAttribute: "expires_at",
  },
  hints: [],
  unreadableAtMost: 0.01,
  properties: {},
  autoCompact: false,
};

export function eventsSilver(
  policies: Policies,
  merge: SilverDefinition["merge"] = "deletion-vectors",
): SilverDefinition {
  return {
    layer: "silver",
    name: "silver.events",
    meaning: { tags: {} },
    from: "bronze.events",
    keys: ["id"],
    columns: [
      { name: "id", type: "string", meaning: NOTHING_SAID, from: { kind: "attribute", path: ["id"] } },
      { name: "amount", type: "decimal(18,2)", meaning: NOTHING_SAID, from: { kind: "attribute", path: ["amount"] } },
      { name: "doubled", type: "decimal(20,2)", meaning: NOTHING_SAID, from: { kind: "sql", sql: "amount * 2" } },
    ],
    ...policies,
    rules: [{ name: "positive", condition: "amount is null or amount > 0", action: "quarantine" }],
    joins: [],
    partitionBy: [],
    merge,
    properties: {},
    clusterBy: [],
    autoCompact: false,
  };
}

/** One run of a simulated process: everything new into Bronze, then into Silver. */
export async function simulatedRun(
  context: LayerContext,
  silver: SilverDefinition,
  batches: readonly (readonly ChangeEvent[])[],
  chunkBytes?: number,
): Promise<void> {
  const source: Source = eventSource(batches);
  await ingestBronze(context, EVENTS_BRONZE, source, { openFolder: openTemporaryFolder });
  await foldSilver(context, {
    ...foldTarget(context, silver, EVENTS_BRONZE),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
}

/** What the Silver table holds, in the words of the model. */
export async function silverRows(
  context: LayerContext,
  silver: SilverDefinition,
): Promise<ReadonlyMap<string, ModelRow>> {
  const table = await openNewest(placeOf(context, silver.name));
  if (table.snapshot === undefined) return new Map();
  const rows = await context.engine.rows({
    sql: "SELECT _key, CAST(amount AS VARCHAR) AS amount, _image_sequence, _sequence, _is_deleted FROM silver ORDER BY _key",
    inputs: { silver: { kind: "table", table } },
  });
  return new Map(rows.map((row) => [String(row["_key"]), modelRow(row)]));
}

function modelRow(row: Row): ModelRow {
  return {
    key: String(row["_key"]),
    amount: row["amount"] === null ? undefined : String(row["amount"]),
    imageSequence: String(row["_image_sequence"]),
    sequence: String(row["_sequence"]),
    isDeleted: row["_is_deleted"] === true,
  };
}
