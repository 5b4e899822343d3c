import { SluiceError } from "../../base/index.ts";
import { stringifyJson, type JsonValue } from "../../base/index.ts";
import { textOf, type Engine, type Row, type Value } from "../../engine/index.ts";
import { isUnfit, type OpenTarget, type UnfitRow } from "../../targets/index.ts";
import { rowsOf, type FoundChanges, type VersionedRows } from "./find-changes.ts";

/** Shown of what is wrong. */
const SHOWN_MAX = 5;
const ROW_TEXT_MAX = 300;

/** Fails with `publish.refused` where two rows have one key, or a row has none: what the target would show of them depends on chance. */
export async function checkKeysOfRows(engine: Engine, name: string, versioned: VersionedRows): Promise<void> {
  const { keyColumns: keys } = versioned.rows;
  const inputs = { now: rowsOf(versioned) };
  const isNull = keys.map((key) => `${key} IS NULL`).join(" OR ");
  const [found] = await engine.rows({
    sql: `SELECT ${keys.join(", ")}, count(*) AS rows FROM now GROUP BY ${keys.join(", ")} HAVING count(*) > 1 OR ${isNull}
      ORDER BY ${keys.join(", ")} LIMIT 1`,
    inputs,
  });
  if (found === undefined) return;
  const same = keys.map((key) => `n.${key} IS NOT DISTINCT FROM f.${key}`).join(" AND ");
  const rows = await engine.rows({
    sql: `WITH f AS (SELECT ${keys.join(", ")} FROM now GROUP BY ${keys.join(", ")} HAVING count(*) > 1 OR ${isNull}
      ORDER BY ${keys.join(", ")} LIMIT 1) SELECT n.* FROM now n, f WHERE ${same} ORDER BY ALL LIMIT 2`,
    inputs,
  });
  const key = keys.map((one) => found[one] ?? null);
  const hasNull = key.includes(null);
  throw new SluiceError(
    "publish.refused",
    hasNull
      ? `Cannot publish ${name}: a row has a NULL in its key`
      : `Cannot publish ${name}: ${Number(found["rows"])} rows have the key ${keyText(key as string[])}`,
    {
      facts: {
        table: name,
        ...Object.fromEntries(rows.slice(0, hasNull ? 1 : 2).map((row, index) => [`row${index + 1}`, rowText(row)])),
      },
      advice: hasNull
        ? "Give the key a value in the query (coalesce), leave such rows out, or name another column in `publish.keys`."
        : "Name more columns in `publish.keys`, so that every row has a key of its own; nothing was written.",
    },
  );
}

/** Fails with `publish.refused` where a row that is to be written cannot be an item. */
export async function checkItems(
  engine: Engine,
  name: string,
  {
    changes,
    versioned,
    target,
  }: { readonly changes: FoundChanges; readonly versioned: VersionedRows; readonly target: OpenTarget },
): Promise<void> {
  const unfit: UnfitRow[] = [];
  let count = 0;
  const { keyColumns, schema } = versioned.rows;
  for await (const batch of engine.query({
    sql: "SELECT * FROM changes WHERE __put",
    inputs: { changes: { kind: "scratch", scratch: changes.scratch } },
  })) {
    for (const row of batch) {
      const encoded = target.encode(row, keyOf(row, keyColumns), schema);
      if (!isUnfit(encoded)) continue;
      count += 1;
      if (unfit.length < SHOWN_MAX) unfit.push(encoded);
    }
  }
  if (count === 0) return;
  const told = unfit.map(({ key, flaw }) => `\n  ${keyText(key)}: ${flaw}`).join("");
  const rest = count > unfit.length ? `\n  and ${count - unfit.length} more` : "";
  throw new SluiceError(
    "publish.refused",
    `Cannot publish ${name}: ${count === 1 ? "a row" : `${count} rows`} cannot be items of the target${told}${rest}`,
    { facts: { table: name, rows: count } },
  );
}

export function keyOf(row: Row, keyColumns: readonly string[]): readonly string[] {
  return keyColumns.map((column) => textOf(row, column));
}

/** A key for people: `"2026-01-31#books" "north"`. */
export function keyText(key: readonly string[]): string {
  return key.map((part) => JSON.stringify(part.length > 100 ? `${part.slice(0, 100)}…` : part)).join(" ");
}

function rowText(row: Row): string {
  const shown = Object.entries(row).filter(([name]) => !name.startsWith("__"));
  const text = stringifyJson(Object.fromEntries(shown.map(([name, value]) => [name, jsonOf(value)])));
  return text.length > ROW_TEXT_MAX ? `${text.slice(0, ROW_TEXT_MAX)}…` : text;
}

function jsonOf(value: Value): JsonValue {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((one: Value) => jsonOf(one));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonOf(one)]));
}
