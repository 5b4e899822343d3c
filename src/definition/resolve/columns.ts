import { isReservedName, type DataType } from "../../contract/index.ts";
import type { Origin } from "../builders/column.ts";
import { contentsOf } from "../builders/mark.ts";
import type { ColumnMeaning } from "../model.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readEntries } from "../reading/read-object.ts";
import { originTitle, readColumnMeaning } from "./column-meaning.ts";
import { readType } from "./data-type.ts";

/** A declared column, before it is known what its origin leads to. */
export interface ReadColumn {
  readonly name: string;
  readonly place: Place;
  readonly type: DataType;
  readonly meaning: ColumnMeaning;
  readonly origin: Origin | undefined;
}

export interface ReadColumns {
  /** Those without a mistake. */
  readonly columns: readonly ReadColumn[];
  /** The names of all, so that a column with a mistake is not reported as missing too. */
  readonly declared: ReadonlySet<string>;
}

const TYPE_NAMES = "string long integer short byte double float boolean decimal date timestamp binary".split(" ");
/** Delta forbids these in names of columns without column mapping (PROTOCOL, "Column Mapping"; Parquet's own rule). */
const FORBIDDEN_CHARACTERS = /[ ,;{}()\n\t=]/;
const NAME_MAX = 255; // longest name that other readers are known to accept

/** Columns by name. `purpose` ends the sentence that refuses an origin: undefined where origins are allowed. */
export function readColumns(place: Place, value: unknown, noOrigins?: string): ReadColumns {
  const columns: ReadColumn[] = [];
  const names = new Map<string, string>();
  for (const [name, one] of readEntries(place, value, "columns by name") ?? []) {
    const at = place.at(name);
    const twin = names.get(name.toLowerCase());
    if (twin !== undefined)
      at.refuse("names that differ in more than case", `${shownName(twin)} and ${shownName(name)}`);
    names.set(name.toLowerCase(), name);
    const column = readColumn(at, name, one);
    if (column === undefined || !isColumnName(at, name) || twin !== undefined) continue;
    if (noOrigins !== undefined && column.origin !== undefined) at.refuse(noOrigins, originTitle(column.origin));
    else columns.push(column);
  }
  return { columns, declared: new Set(names.values()) };
}

/** Notes a name that no column can have. */
export function isColumnName(place: Place, name: string): boolean {
  const fault = nameFault(name);
  if (fault !== undefined) place.refuse("another name for the column", fault);
  return fault === undefined;
}

function nameFault(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (name.trim() === "") return "an empty name";
  if (name.length > NAME_MAX) return `a name of ${name.length} characters (at most ${NAME_MAX})`;
  if (isReservedName(lower)) return `${shownName(name)}, which is a name of Sluice's own`;
  const forbidden = FORBIDDEN_CHARACTERS.exec(name)?.[0];
  return forbidden === undefined ? undefined : `${shownName(name)} with the character ${JSON.stringify(forbidden)}`;
}

function readColumn(place: Place, name: string, value: unknown): ReadColumn | undefined {
  const contents = contentsOf(value, "column");
  if (contents === undefined) return place.expected("a column such as s.string()", value, columnHint(value));
  const type = readType(place, contents.type);
  const meaning = readColumnMeaning(place, contents);
  const [origin, ...more] = contents.origins;
  if (more.length > 0) return place.refuse("one of from(), sql() and joined()", `${contents.origins.length} of them`);
  return type === undefined ? undefined : { name, place, type, meaning, origin };
}

function columnHint(value: unknown): string {
  if (typeof value === "function") return "did you forget the parentheses, as in s.string()?";
  if (typeof value !== "string") return "";
  if (TYPE_NAMES.includes(value)) return `write s.${value}(${value === "decimal" ? "18, 2" : ""})`;
  return nearMiss(value, TYPE_NAMES).replace(/"(\w+)"/, "s.$1()");
}

function shownName(name: string): string {
  return JSON.stringify(name);
}
