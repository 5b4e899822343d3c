import { SluiceError } from "../base/index.ts";
import { LAYERS, type Layer, type StructType } from "../contract/index.ts";
import { quoteIdentifier, type Input, type Relation } from "../engine/index.ts";
import { namedInputs, openNewest, quarantineName, type TablePlace } from "../layers/index.ts";
import type { Lake } from "./open-lake.ts";

export interface PreparedQuery {
  readonly relation: Relation;
  readonly schema: StructType;
}

/**
 * A SELECT over the lake's tables, bound but not run. Tables are named `layer.name`, quoted or not: `silver.orders` (its live
 * rows), `"silver.orders$with_deleted"` (all), `quarantine.silver_orders`, `system.runs`. Only the tables that the text
 * names are opened, each at its newest version. Fails with `query.invalid`, or `table.missing` for a table without a version.
 */
export async function prepareQuery(lake: Lake, sql: string): Promise<PreparedQuery> {
  const known = queryableTables(lake);
  const { text, names } = nameTables(sql, known);
  const inputs: Record<string, Input> = {};
  for (const name of names) {
    const table = await openNewest(known.get(name) ?? missing(name));
    if (table.snapshot === undefined) {
      throw new SluiceError("table.missing", `Cannot query ${name}: it has no version yet`, {
        facts: { table: name },
        advice: "Run `sluice run` first; `sluice status` shows what there is.",
      });
    }
    Object.assign(inputs, namedInputs(new Map([[name, table]])));
  }
  const relation: Relation = { sql: text, inputs };
  try {
    return { relation, schema: await lake.engine.schemaOf(relation) };
  } catch (error) {
    throw unknownTable(sql, known) ?? error;
  }
}

/** A name of a layer that no table has explains a failure better than the engine can, which knows no layers. */
function unknownTable(sql: string, known: ReadonlyMap<string, unknown>): SluiceError | undefined {
  const layered = [...sql.matchAll(PIECES)].map(([piece]) => nameOf(piece));
  const unknown = layered.find(
    (name) => LAYERS.some((layer) => name.startsWith(`${layer}.`)) && !known.has(withoutSuffix(name)),
  );
  if (unknown === undefined) return undefined;
  return new SluiceError("query.invalid", `Cannot query ${unknown}: the lake has no such table`, {
    facts: { table: unknown, tables: [...known.keys()].filter((name) => !name.startsWith("quarantine.")).join(", ") },
  });
}

/** Every table that a query may name. */
function queryableTables(lake: Lake): ReadonlyMap<string, TablePlace> {
  const tables = new Map<string, TablePlace>();
  const add = (layer: Layer, name: string): void => {
    tables.set(`${layer}.${name}`, lake.tables.place(layer, name));
  };
  for (const { layer, name } of lake.definition.tables) {
    add(layer, name.slice(layer.length + 1));
    add("quarantine", quarantineName(name));
  }
  add("system", "runs");
  add("system", "published");
  add("system", "reconciliations");
  return tables;
}

function missing(name: string): never {
  throw new SluiceError("internal.bug", `Only known tables are named: ${name}`);
}

const NAME = String.raw`(?:"(?:[^"]|"")*"|[A-Za-z_][\w$]*)`;
/** Texts and comments are passed over whole; what is left is looked at for `layer.name`. */
const PIECES = new RegExp(
  String.raw`[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|--[^\n]*|\/\*[^]*?\*\/|\$([A-Za-z_]\w*|)\$[^]*?\$\1\$|${NAME}(?:\s*\.\s*${NAME})?`,
  "g",
);

/** Writes `silver.orders` and `"silver"."orders"` as the one quoted name that the engine knows; says which tables are named. */
export function nameTables(
  sql: string,
  known: ReadonlyMap<string, unknown>,
): { readonly text: string; readonly names: ReadonlySet<string> } {
  const names = new Set<string>();
  const text = sql.replaceAll(PIECES, (piece) => {
    const full = nameOf(piece);
    const table = withoutSuffix(full);
    if (!known.has(table)) return piece;
    names.add(table);
    return quoteIdentifier(full);
  });
  return { text: text.replace(/[\s;]+$/, ""), names };
}

/** The name that `a.b`, `"a"."b"` or `"a.b"` stands for; of a text or a comment nothing. */
function nameOf(piece: string): string {
  if (!/^[A-Za-z_"]/.test(piece) || piece.endsWith("'")) return "";
  const parts = [...piece.matchAll(PART)];
  return parts.map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.toLowerCase()).join(".");
}

function withoutSuffix(name: string): string {
  return name.replace(/\$with_deleted$/, "");
}

const PART = /"((?:[^"]|"")*)"|([A-Za-z_][\w$]*)/g;
