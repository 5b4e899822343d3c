import type { ColumnRange } from "../../delta/index.ts";
import { countOf, textOf, type OpenTable, type Relation, type Row } from "../../engine/index.ts";
import { field, struct } from "../../contract/index.ts";
import type { StagedBatch } from "../../sources/index.ts";
import type { LayerContext } from "../context.ts";

/** For so long a channel that may deliver a record again is kept from doing so (DESIGN, law 1). */
const WATCHED_MS = 24 * 3_600_000;

const IDS = struct([field("_event_id", "string")]);

/**
 * A staged batch without events that are in Bronze since less than a day, and with each of its own once. Reads the names of the batch's events, and of
 * Bronze those of the day before that lie between the lowest and the highest of them: names begin with the time of the change, so that
 * statistics rule out the files of other times. Where nothing is repeated the batch is as it was.
 */
export async function withoutDoubles(
  { engine, world }: LayerContext,
  table: OpenTable,
  staged: StagedBatch,
): Promise<StagedBatch> {
  if (staged.rows === 0) return staged;
  const batch = { kind: "relation", relation: staged.relation } as const;
  const ids = async (sql: string, inputs: Relation["inputs"] = {}): Promise<readonly Row[]> =>
    await engine.rows({ sql, inputs: { staged: batch, ...inputs } });
  const [span] = await ids("SELECT min(_event_id) AS lowest, max(_event_id) AS highest FROM staged");
  const [lowest, highest] = [span?.["lowest"], span?.["highest"]];
  if (typeof lowest !== "string" || typeof highest !== "string") return staged;
  const since = new Date(world.nowMs() - WATCHED_MS).toISOString();
  const recent = { kind: "table", table, ranges: rangesOf(lowest, highest, since) } as const;
  const taken = await ids(
    `SELECT DISTINCT _event_id FROM staged WHERE _event_id IN (SELECT _event_id FROM recent
      WHERE _ingestion_date >= DATE '${since.slice(0, 10)}' AND _ingestion_timestamp > TIMESTAMPTZ '${since}')`,
    { recent },
  );
  const repeated = await ids("SELECT _event_id FROM staged GROUP BY _event_id HAVING count(*) > 1");
  if (taken.length === 0 && repeated.length === 0) return staged;
  return await counted(staged, once(batch, taken, repeated), ids);
}

/** The partition of the days that matter, and of them the files with events of these times. */
function rangesOf(lowest: string, highest: string, since: string): readonly ColumnRange[] {
  return [
    { path: ["_ingestion_date"], type: "date", min: since.slice(0, 10) },
    { path: ["_event_id"], type: "string", min: lowest, max: highest },
  ];
}

/** Rows that are not repeated go through as they are; of the others, which are few, the first of each is kept. */
function once(batch: Relation["inputs"][string], taken: readonly Row[], repeated: readonly Row[]): Relation {
  return {
    sql: `SELECT * FROM staged WHERE _event_id NOT IN (SELECT _event_id FROM taken UNION ALL SELECT _event_id FROM repeated)
      UNION ALL SELECT * EXCLUDE (__own) FROM (
        SELECT *, row_number() OVER (PARTITION BY _event_id ORDER BY _ingest_file, _source_meta) AS __own FROM staged
        WHERE _event_id IN (SELECT _event_id FROM repeated) AND _event_id NOT IN (SELECT _event_id FROM taken)
      ) WHERE __own = 1`,
    inputs: {
      staged: batch,
      taken: { kind: "rows", schema: IDS, rows: taken },
      repeated: { kind: "rows", schema: IDS, rows: repeated },
    },
  };
}

async function counted(
  staged: StagedBatch,
  relation: Relation,
  ask: (sql: string, inputs: Relation["inputs"]) => Promise<readonly Row[]>,
): Promise<StagedBatch> {
  const kept = await ask("SELECT coalesce(_ingest_file, '') AS f, count(*) AS n FROM kept GROUP BY 1", {
    kept: { kind: "relation", relation },
  });
  const rowsOf = new Map(kept.map((row) => [textOf(row, "f"), countOf(row, "n")]));
  return {
    ...staged,
    relation,
    rows: [...rowsOf.values()].reduce((sum, rows) => sum + rows, 0),
    files: staged.files.map((file) => ({ ...file, rows: rowsOf.get(file.path) ?? 0 })),
  };
}
