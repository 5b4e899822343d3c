import { SluiceError } from "../../base/index.ts";
import type { SilverDefinition, SilverJoin } from "../../definition/index.ts";
import { isOnlyRearranged, type TxnClaim } from "../../delta/index.ts";
import { quoteIdentifier, type OpenTable, type Relation } from "../../engine/index.ts";
import { openNewest, type LayerContext, type TablePlace } from "../context.ts";

/** The live rows of a joined table at the version that a fold uses. */
export interface PinnedJoin {
  readonly alias: string;
  readonly live: Relation;
  /** Records with every fold which version of the joined table its rows have; refused when that has changed meanwhile. */
  readonly claims: readonly TxnClaim[];
}

export interface JoinsOutcome {
  readonly pinned: readonly PinnedJoin[];
  readonly changed: boolean;
  readonly version: number | undefined;
}

/**
 * Brings the joined columns of a Silver table to the newest versions of the tables it joins: rows whose partner changed
 * are rewritten, no others. The version in use stands in the table's `txn` (`<joined table id>/join/<alias>`), so the fold
 * that follows reads exactly that version and rows never mix two of them.
 */
export async function refreshJoins(
  context: LayerContext,
  definition: SilverDefinition,
  place: TablePlace,
): Promise<JoinsOutcome> {
  const pinned: PinnedJoin[] = [];
  let version: number | undefined;
  let changed = false;
  for (const join of definition.joins) {
    const joined = await openNewest(context.tables.place("silver", join.table.slice("silver.".length)));
    const silver = await openNewest(place);
    if (joined.snapshot === undefined) {
      throw new SluiceError("table.missing", `Cannot fold into ${definition.name}: ${join.table} has no version yet`, {
        facts: { table: definition.name, joins: join.table },
        advice: `${definition.name} waits until ${join.table} has been built: \`sluice status\` says why it was not.`,
      });
    }
    const appId = joinAppId(joined.snapshot.metadata.id, join.alias);
    const before = silver.snapshot?.txns.get(appId)?.version ?? -1;
    let inUse = joined.snapshot.version;
    if (silver.snapshot !== undefined && before < inUse) {
      if (await isOnlyRearranged(joined.log, before, inUse)) {
        inUse = before; // the same rows in other files
      } else {
        version = await rewriteJoined(context, definition, { join, silver, joined, appId, before });
        changed = true;
      }
    }
    const expected = silver.snapshot === undefined ? -1 : inUse;
    pinned.push({ alias: join.alias, live: liveRows(joined), claims: [{ appId, version: inUse, expected }] });
  }
  return { pinned, changed, version };
}

export function joinAppId(joinedTableId: string, alias: string): string {
  return `${joinedTableId}/join/${alias}`;
}

function liveRows(table: OpenTable): Relation {
  return { sql: "SELECT * FROM joined WHERE NOT _is_deleted", inputs: { joined: { kind: "table", table } } };
}

interface JoinWork {
  readonly join: SilverJoin;
  readonly silver: OpenTable;
  readonly joined: OpenTable;
  readonly appId: string;
  readonly before: number;
}

async function rewriteJoined(
  context: LayerContext,
  definition: SilverDefinition,
  work: JoinWork,
): Promise<number | undefined> {
  const { join, silver, joined, appId, before } = work;
  const columns = definition.columns.flatMap((column) =>
    column.from.kind === "joined" && column.from.join === join.alias
      ? [{ name: column.name, from: column.from.column }]
      : [],
  );
  const on = Object.entries(join.on).map(([own, theirs]) => `t.${quoteIdentifier(own)} = j.${quoteIdentifier(theirs)}`);
  const values = columns.map((column) => `j.${quoteIdentifier(column.from)} AS ${quoteIdentifier(column.name)}`);
  const differs = columns.map(
    (column) => `t.${quoteIdentifier(column.name)} IS DISTINCT FROM j.${quoteIdentifier(column.from)}`,
  );
  const outcome = await context.engine.merge(
    silver,
    {
      source: {
        sql: `SELECT t._key${values.map((value) => `, ${value}`).join("")} FROM silver t LEFT JOIN joined j ON ${on.join(" AND ")} WHERE ${differs.join(" OR ")}`,
        inputs: { silver: { kind: "table", table: silver }, joined: { kind: "relation", relation: liveRows(joined) } },
      },
      keys: ["_key"],
      matched: {
        set: Object.fromEntries([
          ...columns.map((column) => [column.name, `source.${quoteIdentifier(column.name)}`]),
          ["_processed_timestamp", `CAST('${new Date(context.world.nowMs()).toISOString()}' AS TIMESTAMPTZ)`],
        ]),
      },
      notMatched: { insertWhen: false },
    },
    {
      txns: [{ appId, version: joined.snapshot?.version ?? 0, expected: before }],
      operationParameters: { join: join.alias, run: context.run },
    },
  );
  return outcome.kind === "nothing" ? undefined : outcome.version;
}
