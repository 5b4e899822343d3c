import { SluiceError } from "../../../base/index.ts";
import type { AddFile } from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";
import type { DuckDBValue } from "../duckdb-api.ts";
import { literalList } from "../literal-list.ts";
import type { Session } from "../session.ts";

const checked = new WeakSet<AddFile>();

/**
 * Refuses files in which variants lie other than in two binary columns: shredded (Parquet, "Variant Shredding"), a part of a value has a
 * column of its own and would be missing from the text; marked as variants to Parquet itself, the engine would not hand out the two.
 */
export async function assertUnshredded(
  session: Session,
  {
    table,
    files,
    paths,
  }: { readonly table: Pick<OpenTable, "name">; readonly files: readonly AddFile[]; readonly paths: readonly string[] },
): Promise<void> {
  const waiting = files.flatMap((file, index) => {
    const path = paths[index];
    return path === undefined || checked.has(file) ? [] : [{ file, path }];
  });
  if (waiting.length === 0) return;
  const rows = await session.rows(
    `SELECT file_name, name, num_children, logical_type FROM parquet_schema(${literalList(waiting.map(({ path }) => path))})`,
    { what: `read table ${table.name}` },
  );
  const refused = shreddedFiles(rows);
  for (const { file, path } of waiting) {
    if (refused.has(path)) {
      throw new SluiceError(
        "table.unsupported",
        `Cannot read table ${table.name}: variants are shredded in file ${file.path} (feature variantShredding)`,
      );
    }
    checked.add(file);
  }
}

/** Files with a group that has a `typed_value` beside its `metadata` or `value`, or that is marked; columns come depth first. */
function shreddedFiles(rows: readonly (readonly DuckDBValue[])[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open: { left: number; names: Set<string> }[] = [];
  for (const [path, name, children, logicalType] of rows) {
    const group = open.at(-1);
    group?.names.add(String(name));
    if (group !== undefined) group.left -= 1;
    if (/variant/i.test(String(logicalType ?? ""))) found.add(String(path));
    if (Number(children ?? 0) > 0) open.push({ left: Number(children), names: new Set() });
    for (let last = open.at(-1); last?.left === 0; last = open.at(-1)) {
      const { names } = last;
      if (names.has("typed_value") && (names.has("value") || names.has("metadata"))) found.add(String(path));
      open.pop();
    }
  }
  return found;
}
