import { join, resolve } from "node:path";
import type { TableName } from "../../contract/index.ts";
import { contentsOf } from "../builders/mark.ts";
import type { TableContents } from "../builders/table.ts";
import type { BronzeDefinition, GoldDefinition, LakeDefinition, TableDefinition } from "../model.ts";
import { Place } from "../reading/place.ts";
import { ConfigError, type Problem } from "../reading/problem.ts";
import { readFields, readList } from "../reading/read-object.ts";
import { readBronze } from "./bronze.ts";
import { readEngineSettings, thisMachine, type Environment, type Machine } from "./engine-settings.ts";
import { readRoots } from "./locations.ts";
import { readGold } from "./gold.ts";
import { checkJoins } from "./joins.ts";
import { readName } from "./meaning.ts";
import { readSilver, type SilverDraft } from "./silver.ts";
import { checkSource } from "./silver-source.ts";
import { orderTables, type Reader } from "./table-order.ts";
import type { ListedTables } from "./table-reference.ts";

export interface ResolveOptions {
  /** The configuration's folder, absolute: relative paths start there. */
  readonly folder: string;
  /** `SLUICE_MEMORY`, `SLUICE_THREADS` and `SLUICE_HTTPFS` go before what the configuration says. */
  readonly env?: Environment;
  readonly machine?: Machine;
  /** For messages. */
  readonly file?: string;
}

/**
 * What `defineLake` was given, checked whole, with every default filled in.
 * Throws one `ConfigError` (`config.invalid`) with all mistakes; touches no file.
 */
export function resolveLake(lake: unknown, options: ResolveOptions): LakeDefinition {
  const problems: Problem[] = [];
  const definition = readLake(new Place(problems), lake, options);
  if (definition === undefined || problems.length > 0) throw new ConfigError(problems, options.file);
  freeze(definition);
  return definition;
}

function readLake(place: Place, lake: unknown, options: ResolveOptions): LakeDefinition | undefined {
  const written = contentsOf(lake, "lake");
  if (written === undefined) return place.expected("defineLake({ … }) as the default export", lake);
  const fields = readFields(place, written, { known: ["name", "storage", "engine", "tables"] });
  if (fields === undefined) return undefined;
  const folder = resolve(options.folder);
  const name = readName(place.at("name"), fields.name);
  const roots = readRoots(place.at("storage"), fields.storage, folder);
  const system = roots?.system ?? folder;
  const engine = readEngineSettings(place.at("engine"), fields.engine, {
    folder,
    spillDefault: join(typeof system === "string" ? system : join(folder, ".sluice"), "spill"),
    env: options.env ?? {},
    machine: options.machine ?? thisMachine(),
    environmentPlace: place.at("env"),
  });
  const tables = readTables(place.at("tables"), fields.tables, folder);
  return name === undefined || roots === undefined || engine === undefined
    ? undefined
    : { name, roots, engine, tables };
}

interface ListedTable {
  readonly name: string;
  readonly contents: TableContents;
  readonly place: Place;
}

function readTables(place: Place, value: unknown, folder: string): readonly TableDefinition[] {
  const list = readList(place, value, "a list of tables") ?? [];
  if (Array.isArray(value) && list.length === 0) place.refuse("at least one table", "an empty list");
  const { tables, listed } = readHandles(place, list);
  const drafts = readDrafts(tables, listed, folder);
  for (const draft of drafts.silver.values()) {
    checkSource(draft, draft.from === undefined ? undefined : drafts.bronze.get(draft.from));
    checkJoins(draft, drafts.silver);
  }
  const derived = orderTables([...drafts.silver.values(), ...drafts.gold]).flatMap((draft) => draft.definition ?? []);
  return [...drafts.bronze.values(), ...derived];
}

interface Drafts {
  readonly bronze: ReadonlyMap<TableName, BronzeDefinition>;
  readonly silver: ReadonlyMap<TableName, SilverDraft>;
  readonly gold: readonly GoldDraft[];
}

/** Each table as far as its own options tell. */
function readDrafts(tables: readonly ListedTable[], listed: ListedTables, folder: string): Drafts {
  const bronze = new Map<TableName, BronzeDefinition>();
  const silver = new Map<TableName, SilverDraft>();
  const gold: GoldDraft[] = [];
  for (const { name, contents, place } of tables) {
    const { options } = contents;
    if (contents.layer === "bronze") {
      const definition = readBronze(place, name, { options, folder });
      if (definition !== undefined) bronze.set(definition.name, definition);
    } else if (contents.layer === "silver") {
      const draft = readSilver(place, name, { options, listed });
      if (draft !== undefined) silver.set(draft.name, draft);
    } else {
      const definition = readGold(place, name, { options, listed });
      if (definition !== undefined) gold.push({ name: definition.name, place, reads: definition.reads, definition });
    }
  }
  return { bronze, silver, gold };
}

interface GoldDraft extends Reader {
  readonly definition: GoldDefinition;
}

/** The listed tables with usable names, and the way from a handle to a name. */
function readHandles(
  place: Place,
  list: readonly unknown[],
): { readonly tables: readonly ListedTable[]; readonly listed: ListedTables } {
  const tables: ListedTable[] = [];
  const byHandle = new Map<unknown, TableName>();
  const names = new Set<string>();
  for (const [index, value] of list.entries()) {
    const contents = contentsOf(value, "table");
    if (contents === undefined) {
      place.item(index).expected("a table made by bronze(), silver() or gold()", value);
      continue;
    }
    const name = readName(place.item(index).at("name"), contents.name);
    if (name === undefined) continue;
    const full: TableName = `${contents.layer}.${name}`;
    const at = place.at(full);
    if (byHandle.has(value)) at.refuse("each table once", `it again at tables[${index}]`);
    else if (names.has(full)) at.refuse("a name of its own", `another table of that name at tables[${index}]`);
    else {
      names.add(full);
      byHandle.set(value, full);
      tables.push({ name, contents, place: at });
    }
  }
  return { tables, listed: { byHandle, names } };
}

/** The definition is shared by everything that runs; nothing of it is the user's own object. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}
