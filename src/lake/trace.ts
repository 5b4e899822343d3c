import { SluiceError } from "../base/index.ts";
import { encodeKey, type BatchManifest, type KeyTag, type TableName } from "../contract/index.ts";
import type { BronzeDefinition, GoldDefinition, SilverDefinition } from "../definition/index.ts";
import { quoteIdentifier, quoteLiteral, type OpenTable, type Row, countOf, textOf } from "../engine/index.ts";
import { batchLog, namedInputs, openNewest, placeOf } from "../layers/index.ts";
import { bronzeOf } from "../orchestration/index.ts";
import type { Source } from "../sources/index.ts";
import { goldLineage, groupCondition } from "./gold-lineage.ts";
import type { Lake } from "./open-lake.ts";

/** Where a row of the lake comes from, down to the record as the source delivered it. */
export interface Trace {
  readonly table: TableName;
  readonly key: string;
  /** The row as it stands; undefined when the table has none (a deleted key still has a history in Bronze). */
  readonly row: Row | undefined;
  /** Behind a Gold row: the Silver rows it was computed from, cut at `ROWS_MAX`. */
  readonly silver: readonly { readonly table: string; readonly keys: readonly string[]; readonly total: number }[];
  readonly bronze: readonly TracedEvent[];
  readonly batches: readonly BatchManifest[];
}

export interface TracedEvent {
  readonly table: TableName;
  readonly key: string;
  readonly eventId: string;
  readonly operation: string;
  readonly sequence: string;
  /** Microseconds since the epoch, UTC. */
  readonly sourceMicros: bigint | null;
  readonly batchId: number;
  readonly file: string | null;
  /** Line of the uncompressed source file, from 1; undefined where the file is gone. */
  readonly line: number | undefined;
  /** The record in the source's own form, rebuilt from Bronze; only where asked for. */
  readonly record: string | undefined;
}

/** Silver rows of one table that are followed behind one Gold row. */
const ROWS_MAX = 20;

export interface TraceOptions {
  readonly record?: boolean;
}

/** Follows a Silver or Gold row (or the key of a Bronze record) to its Bronze rows, batches, source files and places. */
export async function traceRow(
  lake: Lake,
  name: string,
  key: string,
  { record = false }: TraceOptions = {},
): Promise<Trace> {
  const definition = lake.find(name);
  switch (definition.layer) {
    case "gold":
      return await traceGold(lake, definition, key, record);
    case "silver":
      return await traceSilver(lake, definition, key, record);
    case "bronze":
      return await withBatches(lake, definition.name, key, {
        events: await eventsOf(lake, definition, { keys: [key], record }),
      });
  }
}

async function traceGold(lake: Lake, definition: GoldDefinition, key: string, record: boolean): Promise<Trace> {
  const lineage = await goldLineage(lake.engine, definition.query);
  if (lineage === undefined) {
    throw new SluiceError(
      "trace.not-found",
      `Cannot follow a row of ${definition.name}: its query is not one plain SELECT`,
      {
        facts: { table: definition.name, reads: definition.reads.join(", ") },
        advice: `Trace the rows of ${definition.reads.join(" or ")} instead.`,
      },
    );
  }
  const condition = groupCondition(lineage, key.split("|"));
  const tables = new Map<string, OpenTable>();
  for (const name of definition.reads) tables.set(name, await openNewest(placeOf(lake, name)));
  const gold = await openNewest(placeOf(lake, definition.name));
  const [row] = await lake.engine.rows({
    sql: `SELECT * FROM gold WHERE ${condition} LIMIT 1`,
    inputs: { gold: { kind: "table", table: gold } },
  });
  const silver: { table: string; keys: string[]; total: number }[] = [];
  const events: TracedEvent[] = [];
  for (const source of lineage.sources) {
    const name = quoteIdentifier(source.keyColumn);
    const keys = await lake.engine.rows({
      sql: `SELECT ${name} AS key, count(*) OVER () AS total FROM (SELECT DISTINCT ${name} FROM (${lineage.sql}) AS rows
        WHERE ${condition} AND ${name} IS NOT NULL) ORDER BY 1 LIMIT ${ROWS_MAX}`,
      inputs: namedInputs(tables),
    });
    const found = keys.map((one) => textOf(one, "key"));
    silver.push({ table: source.table, keys: found, total: countOf(keys[0], "total") });
    const input = lake.find(source.table.replace(/\$with_deleted$/, ""));
    if (input.layer === "silver" && found.length > 0) {
      events.push(...(await eventsOf(lake, bronzeOf(lake.definition, input), { keys: found, record, silver: input })));
    }
  }
  if (row === undefined && events.length === 0) throw notFound(definition.name, key);
  return await withBatches(lake, definition.name, key, { row, silver, events });
}

async function traceSilver(lake: Lake, definition: SilverDefinition, key: string, record: boolean): Promise<Trace> {
  const bronze = bronzeOf(lake.definition, definition);
  const table = await openNewest(placeOf(lake, definition.name));
  const candidates = keyCandidates(key);
  // Bronze has the longer log: it is read while the key is looked for.
  const [place, bronzeTable] = await Promise.all([
    placeOfRow(lake, table, candidates),
    openNewest(placeOf(lake, bronze.name)),
  ]);
  const keys = place === undefined ? candidates : [place.key];
  const [row, events] = await Promise.all([
    place === undefined ? undefined : rowAt(lake, table, place),
    eventsOf(lake, bronze, { keys, record, silver: definition, table: bronzeTable }),
  ]);
  if (row === undefined && events.length === 0) throw notFound(definition.name, key);
  return await withBatches(lake, definition.name, key, { row, events });
}

/** Which of some keys a Silver table has, and in which file. */
interface RowPlace {
  readonly key: string;
  readonly path: string;
}

/** Looks with narrow columns first: for a list of values the engine would read every column of every file. */
async function placeOfRow(lake: Lake, table: OpenTable, keys: readonly string[]): Promise<RowPlace | undefined> {
  if (table.snapshot === undefined) return undefined;
  const [found] = await lake.engine.rows({
    sql: `SELECT _key, __file FROM silver WHERE _key IN (${keys.map((one) => quoteLiteral(one)).join(", ")}) LIMIT 1`,
    inputs: { silver: { kind: "table", table, positions: true } },
  });
  return found === undefined ? undefined : { key: textOf(found, "_key"), path: textOf(found, "__file") };
}

async function rowAt(lake: Lake, table: OpenTable, { key, path }: RowPlace): Promise<Row | undefined> {
  const files = [...(table.snapshot?.files.values() ?? [])].filter((file) => file.path === path);
  const [row] = await lake.engine.rows({
    sql: `SELECT * FROM silver WHERE _key = ${quoteLiteral(key)}`,
    inputs: { silver: { kind: "files", table, files } },
  });
  return row;
}

/**
 * The encoded keys that a text typed by a person may mean: itself, or its parts (`part|part`) under each tag. Numbers and
 * strings look alike on a command line.
 */
function keyCandidates(text: string): readonly string[] {
  let encoded: string[][] = [[]];
  for (const part of text.split("|")) {
    const tags: KeyTag[] = ["S", "N", "B"];
    const next = tags.map((tag) => encodeKey([{ tag, value: part }]));
    encoded = encoded.flatMap((before) => next.map((one) => [...before, one]));
    // Keys have one or two parts; anything longer is an encoded key or one text.
    if (encoded.length > 27) break;
  }
  return [
    text,
    ...encoded.map((parts) => parts.join("|")),
    ...(["S"] as const).map((tag) => encodeKey([{ tag, value: text }])),
  ];
}

interface EventQuery {
  /** Encoded keys, or keys as a person types them where `silver` is not given. */
  readonly keys: readonly string[];
  readonly record: boolean;
  /** The Silver table whose keys they are. */
  readonly silver?: SilverDefinition;
  /** The Bronze table, where it is open already. */
  readonly table?: OpenTable;
}

async function eventsOf(
  lake: Lake,
  bronze: BronzeDefinition,
  { keys, record, silver, ...open }: EventQuery,
): Promise<TracedEvent[]> {
  const table = open.table ?? (await openNewest(placeOf(lake, bronze.name)));
  if (table.snapshot === undefined) return [];
  const all = silver === undefined ? [...new Set(keys.flatMap((key) => keyCandidates(key)))] : keys;
  // One value is looked for much faster than a list of one.
  const wanted = all.length === 1 ? `= ${quoteLiteral(all[0] ?? "")}` : `IN (${all.map((key) => quoteLiteral(key)).join(", ")})`; // prettier-ignore
  const rows = await lake.engine.rows({
    sql: `SELECT ${record ? "*" : TRACED_COLUMNS} FROM bronze WHERE ${keyExpression(bronze, silver)} ${wanted} ORDER BY _key, _sequence, _batch_id`,
    inputs: { bronze: { kind: "table", table } },
  });
  const source = lake.source(bronze);
  const schema = table.snapshot.metadata.schema;
  const events: TracedEvent[] = [];
  for (let first = 0; first < rows.length; first += FILES_READ_MAX) {
    const some = rows.slice(first, first + FILES_READ_MAX);
    const traced = some.map(async (row) => ({
      ...(await tracedEvent(bronze.name, source, row)),
      record: record ? source.rebuild(row, schema) : undefined,
    }));
    events.push(...(await Promise.all(traced)));
  }
  return events;
}

/** Source files that are searched for their lines at a time. */
const FILES_READ_MAX = 4;

async function tracedEvent(table: TableName, source: Source, row: Row): Promise<Omit<TracedEvent, "record">> {
  const file = typeof row["_ingest_file"] === "string" ? row["_ingest_file"] : null;
  const key = textOf(row, "_key");
  return {
    table,
    key,
    eventId: textOf(row, "_event_id"),
    operation: textOf(row, "_op"),
    sequence: textOf(row, "_sequence"),
    sourceMicros: typeof row["_source_ts"] === "bigint" ? row["_source_ts"] : null,
    batchId: countOf(row, "_batch_id"),
    file,
    line: file === null ? undefined : await source.locate(file, key),
  };
}

const TRACED_COLUMNS = "_event_id, _op, _key, _sequence, _source_ts, _batch_id, _ingest_file";

/** Silver keyed by some of the source's key attributes: those parts of Bronze's key. */
function keyExpression(bronze: BronzeDefinition, silver: SilverDefinition | undefined): string {
  if (silver === undefined || silver.keys.length === bronze.source.keys.length) return "_key";
  const positions = silver.keys.map((key) => bronze.source.keys.indexOf(key) + 1);
  return positions.map((position) => `split_part(_key, '|', ${position})`).join(" || '|' || ");
}

async function withBatches(
  lake: Lake,
  table: TableName,
  key: string,
  found: { row?: Row | undefined; silver?: Trace["silver"]; events: readonly TracedEvent[] },
): Promise<Trace> {
  const wanted = new Map(found.events.map((event) => [`${event.table}/${event.batchId}`, event]));
  const batches: BatchManifest[] = [];
  for (const event of wanted.values()) {
    const log = batchLog(lake.tables.systemStore, event.table.slice("bronze.".length));
    batches.push(await log.read(event.batchId));
  }
  if (found.row === undefined && found.events.length === 0) throw notFound(table, key);
  return { table, key, row: found.row, silver: found.silver ?? [], bronze: found.events, batches };
}

function notFound(table: string, key: string): SluiceError {
  return new SluiceError("trace.not-found", `Cannot find the row in ${table}: nothing has that key`, {
    facts: { table, key },
  });
}
