import { sameType, type TableName } from "../../contract/index.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readEntries, readFields } from "../reading/read-object.ts";
import { mentionedNames } from "../sql/mentioned-names.ts";
import { readName } from "./meaning.ts";
import type { SilverDraft } from "./silver.ts";
import { readTableReference, type ListedTables } from "./table-reference.ts";

export interface ReadJoin {
  readonly alias: string;
  readonly place: Place;
  readonly table: TableName | undefined;
  /** Undefined where there is none to check (and noted). */
  readonly on: Readonly<Record<string, string>> | undefined;
}

/** Joins by alias, as far as they can be read without looking at the other tables. */
export function readJoins(place: Place, value: unknown, listed: ListedTables): readonly ReadJoin[] {
  if (value === undefined) return [];
  return (readEntries(place, value, "joins by name") ?? []).flatMap(([alias, one]) => {
    const at = place.at(alias);
    const name = readName(at, alias);
    const fields = readFields(at, one, { known: ["table", "on"] });
    if (fields === undefined) return name === undefined ? [] : [{ alias, place: at, table: undefined, on: undefined }];
    const table = readTableReference(at.at("table"), fields.table, { listed, layers: ["silver"] });
    return [{ alias, place: at, table, on: readOn(at.at("on"), fields.on) }];
  });
}

function readOn(place: Place, value: unknown): Readonly<Record<string, string>> | undefined {
  const entries = readEntries(place, value, "own columns to the other table's keys");
  if (entries === undefined) return undefined;
  const pairs = entries.flatMap(([own, other]): [string, string][] => {
    if (typeof other === "string" && other !== "") return [[own, other]];
    return place.at(own).expected("a key of the other table", other) ?? [];
  });
  return Object.fromEntries(pairs);
}

/** What a join needs from the table on its other side, and what it forbids to the rules. */
export function checkJoins(draft: SilverDraft, drafts: ReadonlyMap<TableName, SilverDraft>): void {
  for (const join of draft.joins) {
    const other = join.table === undefined ? undefined : drafts.get(join.table);
    if (other !== undefined) checkOn(draft, join, other);
    if (other !== undefined) checkJoinedColumns(draft, join, other);
  }
  checkRules(draft);
}

/** At most one row may match: `on` has every key of the other table once, with the same type. */
function checkOn(draft: SilverDraft, join: ReadJoin, other: SilverDraft): void {
  if (join.on === undefined) return;
  const place = join.place.at("on");
  const met = new Set<string>();
  for (const [own, key] of Object.entries(join.on)) {
    const column = readOwnColumn(place.at(own), own, draft);
    if (!other.keys.includes(key)) {
      place.at(own).refuse(`a key of ${other.name} (${other.keys.join(", ")})`, JSON.stringify(key));
      continue;
    }
    if (met.has(key)) place.at(own).refuse("each key once", `${JSON.stringify(key)} again`);
    met.add(key);
    const theirs = other.columns.find((one) => one.name === key);
    if (column !== undefined && theirs !== undefined && !sameType(column.type, theirs.type)) {
      const types = `${typeTitle(column.type)} and ${typeTitle(theirs.type)}`;
      place.at(own).refuse(`the same type on both sides`, types);
    }
  }
  const missing = other.keys.filter((key) => !met.has(key));
  if (missing.length > 0) place.refuse(`every key of ${other.name}`, `none for ${missing.join(", ")}`);
}

function readOwnColumn(place: Place, own: string, draft: SilverDraft) {
  const column = draft.columns.find((one) => one.name === own);
  if (column === undefined) {
    if (draft.declared.declared.has(own)) return undefined;
    return place.refuse("an own column", JSON.stringify(own), nearMiss(own, draft.declared.declared));
  }
  if (column.from.kind !== "joined") return column;
  return place.refuse("a column that is not joined itself", JSON.stringify(own));
}

function checkJoinedColumns(draft: SilverDraft, join: ReadJoin, other: SilverDraft): void {
  for (const { name, type, from } of draft.columns) {
    if (from.kind !== "joined" || from.join !== join.alias) continue;
    const place = draft.place.at("columns").at(name).at("joined");
    const theirs = other.columns.find((one) => one.name === from.column);
    if (theirs === undefined) {
      if (other.declared.declared.has(from.column)) continue;
      const hint = nearMiss(from.column, other.declared.declared);
      place.refuse(`a column of ${other.name}`, JSON.stringify(from.column), hint);
    } else if (!sameType(type, theirs.type)) {
      place.refuse(`${typeTitle(theirs.type)}, the type that ${other.name} gives it`, typeTitle(type));
    }
  }
}

/** A joined value may change after the row was judged, so it can count but not decide. */
function checkRules(draft: SilverDraft): void {
  const joined = new Map(
    draft.declared.columns
      .filter((column) => column.origin?.kind === "joined")
      .map((column) => [column.name.toLowerCase(), column.name]),
  );
  for (const { place, rule, tokens } of draft.rules) {
    if (rule.action === "warn") continue;
    const name = [...mentionedNames(tokens)].map((one) => joined.get(one)).find((one) => one !== undefined);
    if (name === undefined) continue;
    const got = `${rule.action} on ${JSON.stringify(name)}`;
    place.refuse("orWarn() on a joined column", got, "a joined value can change after the row was judged");
  }
}

function typeTitle(type: SilverDraft["columns"][number]["type"]): string {
  return typeof type === "string" ? type : type.type;
}
