import { join } from "node:path";
import { isFailure } from "../../src/base/index.ts";
import { field, struct } from "../../src/contract/index.ts";
import type { Engine } from "../../src/engine/index.ts";
import type { DeltaTable } from "../../src/lake/delta-door.ts";
import type { DeltaStruct } from "../services/canonical-rows.ts";
import type { DeltaRsJudge, SparkJudge } from "../services/judges.ts";

/** A row that one writer alone writes, and no two of them under the same id. */
export type MixedRow = { readonly id: string; readonly note: string };

export const MIXED_SCHEMA: DeltaStruct = {
  type: "struct",
  fields: [
    { name: "id", type: "string" },
    { name: "note", type: "string" },
  ],
};
const SCHEMA = struct([field("id", "string"), field("note", "string")]);

/** A writer of one engine. Each is one commit, or a failure that says that others were faster. */
export interface MixedWriter {
  readonly name: string;
  append(rows: readonly MixedRow[]): Promise<unknown>;
  merge(rows: readonly MixedRow[]): Promise<unknown>;
  delete(ids: readonly string[]): Promise<unknown>;
  /** Whether the failure says that nothing was written because of another writer. */
  lost(error: unknown): boolean;
}

export interface MixedAccount {
  /** Rows that must be there in the end, from every commit that was told of. */
  readonly rows: readonly MixedRow[];
  readonly committed: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
}

/** Lets the writers write one table at once for a while. */
export async function writeTogether(writers: readonly MixedWriter[], forMs: number): Promise<MixedAccount> {
  const endsAtMs = performance.now() + forMs;
  const accounts = await Promise.all(writers.map(async (writer) => await writeOn(writer, endsAtMs)));
  return {
    rows: accounts.flatMap(({ rows }) => [...rows].map(([id, note]) => ({ id, note }))),
    committed: Object.fromEntries(accounts.map(({ name, committed }) => [name, committed])),
    lost: Object.fromEntries(accounts.map(({ name, lost }) => [name, lost])),
  };
}

const ROUND = ["append", "merge", "append", "delete"] as const;

async function writeOn(writer: MixedWriter, endsAtMs: number) {
  const rows = new Map<string, string>();
  let committed = 0;
  let lost = 0;
  for (let n = 0; performance.now() < endsAtMs || committed < ROUND.length; n += 1) {
    const kind = ROUND[n % ROUND.length] ?? "append";
    const fresh = [0, 1].map((index) => ({ id: `${writer.name}-${n}-${index}`, note: `new ${n}` }));
    const known = [...rows.keys()].slice(-3);
    try {
      if (kind === "append") {
        await writer.append(fresh);
        for (const { id, note } of fresh) rows.set(id, note);
      } else if (kind === "merge") {
        const source = [...known.map((id) => ({ id, note: `merged ${n}` })), ...fresh];
        await writer.merge(source);
        for (const { id, note } of source) rows.set(id, note);
      } else {
        await writer.delete(known.slice(0, 2));
        for (const id of known.slice(0, 2)) rows.delete(id);
      }
      committed += 1;
    } catch (error) {
      if (!writer.lost(error)) throw error;
      lost += 1;
    }
  }
  return { name: writer.name, rows, committed, lost };
}

export function ourWriter(table: DeltaTable): MixedWriter {
  return {
    name: "sluice",
    append: async (rows) => await table.append(rows),
    merge: async (rows) => {
      await table.merge(rows, { keys: ["id"] });
      await table.optimize();
    },
    delete: async (ids) => await table.delete(`id in (${texts(ids)})`),
    lost: (error) => isFailure(error, "table.conflict"),
  };
}

export function sparkWriter(spark: SparkJudge, path: string): MixedWriter {
  const name = `delta.\`${path}\``;
  return {
    name: "spark",
    append: async (rows) => await spark.sql(`INSERT INTO ${name} VALUES ${values(rows)}`),
    merge: async (rows) =>
      await spark.sql(
        `MERGE INTO ${name} AS target USING (SELECT * FROM VALUES ${values(rows)} AS given(id, note)) AS source ` +
          `ON target.id = source.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
      ),
    delete: async (ids) => await spark.sql(`DELETE FROM ${name} WHERE id IN (${texts(ids)})`),
    lost: (error) => /DELTA_CONCURRENT_|Concurrent\w+Exception/.test(String(error)),
  };
}

/** `folder` takes the files that it merges from. */
export function deltaRsWriter(
  judge: DeltaRsJudge,
  path: string,
  { engine, folder }: { engine: Engine; folder: string },
): MixedWriter {
  let files = 0;
  return {
    name: "delta-rs",
    append: async (rows) => await judge.append(path, rows),
    merge: async (rows) => {
      const file = join(folder, `source-${(files += 1)}.parquet`);
      const inputs = { r: { kind: "rows", schema: SCHEMA, rows } } as const;
      await engine.export({ sql: "select * from r", inputs }, file, "parquet");
      return await judge.merge(path, file, "id");
    },
    delete: async (ids) => await judge.delete(path, `id in (${texts(ids)})`),
    lost: (error) => /Commit failed|CommitFailed|concurrent|conflict/i.test(String(error)),
  };
}

function values(rows: readonly MixedRow[]): string {
  return rows.map(({ id, note }) => `('${id}', '${note}')`).join(", ");
}

function texts(ids: readonly string[]): string {
  return ids.map((id) => `'${id}'`).join(", ");
}
