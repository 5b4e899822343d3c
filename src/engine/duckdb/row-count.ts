import { parseJson, stringifyJson, type JsonObject } from "../../base/index.ts";
import { parseStats, type AddFile } from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import { quoteLiteral } from "../sql-text.ts";
import type { Doing } from "./engine-failure.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { Session } from "./session.ts";

/** The file with its row count in its statistics: one that came without is looked into. */
export async function withRowCount(
  parts: Pick<EngineParts, "files">,
  session: Session,
  { table, file, doing }: { table: Pick<OpenTable, "store">; file: AddFile; doing: Doing },
): Promise<AddFile> {
  if (parseStats(file.stats)?.numRecords !== undefined) return file;
  const { paths, release } = await parts.files.use(table.store, [file]);
  try {
    const sql = `SELECT num_rows FROM parquet_file_metadata(${quoteLiteral(paths[0] ?? "")})`;
    const [row] = await session.rows(sql, doing);
    return { ...file, stats: withCount(file.stats, Number(row?.[0])) };
  } finally {
    release();
  }
}

function withCount(stats: string | undefined, numRecords: number): string {
  const known = parseStats(stats) === undefined ? {} : (parseJson(stats ?? "{}") as JsonObject);
  return stringifyJson({ ...known, numRecords });
}
