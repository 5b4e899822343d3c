import type { StructField } from "../../../contract/index.ts";
import { quoteLiteral, sqlTypeOf } from "../../sql-text.ts";
import type { Doing } from "../engine-failure.ts";
import { fileList } from "../literal-list.ts";
import type { Session } from "../session.ts";
import type { LeafStatistics } from "../written-file.ts";

/** Of which the footer of another writer tells no bounds that would hold for every reader: NaN may be among the values. */
const WITHOUT_BOUNDS: ReadonlySet<unknown> = new Set(["boolean", "binary", "float", "double"]);

/** Rows of each file, by its path on this machine. */
export async function rowsInFooters(
  session: Session,
  paths: readonly string[],
  doing: Doing,
): Promise<ReadonlyMap<string, number>> {
  const rows = await session.rows(`SELECT file_name, num_rows FROM parquet_file_metadata(${fileList(paths)})`, doing);
  return new Map(rows.map(([file, count]) => [String(file), Number(count)]));
}

/** The types of each file's leaf columns, by path, as text: files of equal text can be read as one table. */
export async function leafTypes(
  session: Session,
  paths: readonly string[],
  doing: Doing,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const rows = await session.rows(
    `SELECT file_name, name, num_children, type || ' ' || duckdb_type FROM parquet_schema(${fileList(paths)}) ORDER BY file_name, column_id`,
    doing,
  );
  const files = new Map<string, Map<string, string>>();
  let open: { name: string; left: number }[] = [];
  for (const [file, name, children, type] of rows) {
    let leaves = files.get(String(file));
    if (leaves === undefined) {
      leaves = new Map();
      files.set(String(file), leaves);
      open = [{ name: "", left: Number(children ?? 0) }];
      continue;
    }
    const path = [...open.slice(1).map((one) => one.name), String(name)].join(".");
    const parent = open.at(-1);
    if (parent !== undefined) parent.left -= 1;
    if (Number(children ?? 0) > 0) open.push({ name: String(name), left: Number(children) });
    else leaves.set(path, String(type));
    while ((open.at(-1)?.left ?? 1) === 0) open.pop();
  }
  return files;
}

/** Statistics of columns, by file, out of those of its row groups; what a row group does not tell is not told. */
export async function footerStatistics(
  session: Session,
  { paths, columns }: { readonly paths: readonly string[]; readonly columns: readonly StructField[] },
  doing: Doing,
): Promise<ReadonlyMap<string, readonly LeafStatistics[]>> {
  const plain = columns.filter((column) => typeof column.type === "string");
  if (plain.length === 0) return new Map();
  const selects = plain.map(({ name, type }) => {
    const bound = (which: "min" | "max"): string =>
      WITHOUT_BOUNDS.has(type)
        ? "NULL"
        : `CASE WHEN count(*) FILTER (stats_${which}_value IS NULL AND num_values > coalesce(stats_null_count, 0)) = 0
            THEN CAST(${which}(TRY_CAST(stats_${which}_value AS ${sqlTypeOf(type)})) AS VARCHAR) END`;
    return `SELECT file_name, ${quoteLiteral(name)}, ${bound("min")}, ${bound("max")},
      CASE WHEN count(stats_null_count) = count(*) THEN sum(stats_null_count)::BIGINT END
      FROM footers WHERE path_in_schema = ${quoteLiteral(name)} GROUP BY file_name`;
  });
  const rows = await session.rows(
    `WITH footers AS MATERIALIZED (SELECT * FROM parquet_metadata(${fileList(paths)})) ${selects.join(" UNION ALL ")}`,
    doing,
  );
  const found = new Map<string, LeafStatistics[]>();
  for (const [file, name, min, max, nulls] of rows) {
    const leaf: LeafStatistics = {
      path: [String(name)],
      min: typeof min === "string" ? min : undefined,
      max: typeof max === "string" ? max : undefined,
      nullCount: nulls === null ? undefined : Number(nulls),
      hasNan: false,
    };
    const all = found.get(String(file));
    if (all === undefined) found.set(String(file), [leaf]);
    else all.push(leaf);
  }
  return found;
}
