import type { SilverColumn } from "../model.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readText } from "../reading/read-scalar.ts";
import { checkSql } from "../sql/check-sql.ts";
import { mentionedNames } from "../sql/mentioned-names.ts";
import type { ReadColumn, ReadColumns } from "./columns.ts";

/** The columns with where each value comes from; those with a mistake are noted and left out. */
export function readOrigins(declared: ReadColumns, aliases: ReadonlySet<string>): readonly SilverColumn[] {
  const derived = new Map(
    declared.columns
      .filter((column) => column.origin !== undefined && column.origin.kind !== "attribute")
      .map((column) => [column.name.toLowerCase(), column]),
  );
  return declared.columns.flatMap((column) => {
    const from = readOrigin(column, aliases, derived);
    return from === undefined ? [] : [{ name: column.name, type: column.type, meaning: column.meaning, from }];
  });
}

function readOrigin(
  column: ReadColumn,
  aliases: ReadonlySet<string>,
  derived: ReadonlyMap<string, ReadColumn>,
): SilverColumn["from"] | undefined {
  const { place, origin } = column;
  switch (origin?.kind) {
    case undefined:
      return { kind: "attribute", path: [column.name] };
    case "attribute": {
      const path = readPath(place.at("from"), origin.value);
      return path === undefined ? undefined : { kind: "attribute", path };
    }
    case "sql":
      return readExpression(place.at("sql"), origin.value, derived);
    case "joined":
      return readJoined(place.at("joined"), origin.value, aliases);
  }
}

function readPath(place: Place, value: unknown): readonly string[] | undefined {
  const what = 'an attribute by path, such as "product.code"';
  const steps: readonly unknown[] = Array.isArray(value) ? Array.from<unknown>(value) : [];
  const path = typeof value === "string" ? value.split(".") : steps.filter((step) => typeof step === "string");
  const isWhole =
    path.length > 0 && path.every((step) => step !== "") && (steps.length === 0 || path.length === steps.length);
  return isWhole ? path : place.expected(what, value);
}

/** SQL sees the columns that come from attributes, and no others. */
function readExpression(
  place: Place,
  value: unknown,
  derived: ReadonlyMap<string, ReadColumn>,
): SilverColumn["from"] | undefined {
  const sql = checkSql(place, value, "an expression in SQL");
  if (sql === undefined) return undefined;
  for (const name of mentionedNames(sql.tokens)) {
    const column = derived.get(name);
    if (column === undefined) continue;
    const kind = column.origin?.kind === "joined" ? "is joined" : "has SQL of its own";
    place.refuse("SQL over columns that come from attributes", `${JSON.stringify(column.name)}, which ${kind}`);
  }
  return { kind: "sql", sql: sql.text };
}

function readJoined(place: Place, value: unknown, aliases: ReadonlySet<string>): SilverColumn["from"] | undefined {
  const what = 'a joined table\'s column, such as "customers.segment"';
  const text = readText(place, value, what);
  if (text === undefined) return undefined;
  const dot = text.indexOf(".");
  if (dot < 1 || dot === text.length - 1) return place.expected(what, text);
  const [join, column] = [text.slice(0, dot), text.slice(dot + 1)];
  if (aliases.has(join)) return { kind: "joined", join, column };
  return place.refuse("a name under `join`", JSON.stringify(join), nearMiss(join, aliases));
}
