import { copyFile, rename, rm } from "node:fs/promises";
import { SluiceError, must } from "../../base/index.ts";
import type { Relation } from "../engine.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../sql-text.ts";
import { deltaSchema } from "./delta-type.ts";
import type { EngineParts } from "./engine-parts.ts";

const FORMATS = {
  parquet: "FORMAT parquet, COMPRESSION zstd",
  csv: "FORMAT csv, HEADER",
  ndjson: "FORMAT json",
} as const;

/** Writes a relation to one file of this machine, which appears whole or not at all. */
export async function exportRows(
  parts: EngineParts,
  relation: Relation,
  { file, format }: { file: string; format: keyof typeof FORMATS },
): Promise<{ readonly rows: number }> {
  const { database } = parts;
  const draft = database.newPath("export");
  await using session = await database.session();
  const source = await parts.source(session, relation);
  const doing = { what: `export to ${file}`, userSql: true, linesBefore: source.linesBefore };
  try {
    const { fields } = deltaSchema(await parts.columns(session, relation, doing.what));
    // The types of tables: DuckDB would write its 128-bit sums as doubles.
    const columns = fields.map(
      ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${sqlTypeOf(type)}) AS ${quoteIdentifier(name)}`,
    );
    const options = format === "parquet" ? `${FORMATS.parquet}, ${database.rowGroups}` : FORMATS[format];
    const [row] = await session.rows(
      `COPY (SELECT ${columns.join(", ")} FROM (${source.sql})) TO ${quoteLiteral(draft)} (${options})`,
      doing,
    );
    await publish(draft, file, database.world.uuid());
    return { rows: Number(must(row, "COPY counts its rows")[0]) };
  } finally {
    await rm(draft, { force: true });
  }
}

async function publish(draft: string, file: string, id: string): Promise<void> {
  const beside = `${file}.${id}.tmp`;
  try {
    await copyFile(draft, beside);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    const reason = error instanceof Error && "code" in error ? String(error.code) : "";
    const code = reason === "ENOSPC" || reason === "EDQUOT" ? "storage.full" : "storage.denied";
    throw new SluiceError(code, `Cannot export to ${file}: ${reason}`, { cause: error });
  }
}
