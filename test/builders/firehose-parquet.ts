import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteLiteral } from "../../src/engine/index.ts";

/** A value's types as a Glue table declares them, names in lower case, as Hive keeps them. */
const VALUE =
  "STRUCT(s VARCHAR, n VARCHAR, b VARCHAR, bool BOOLEAN, null BOOLEAN, ss VARCHAR[], ns VARCHAR[], bs VARCHAR[], l VARCHAR[], m MAP(VARCHAR, VARCHAR))".replaceAll(/\b(null|bool)\b(?= )/g, '"$1"'); // prettier-ignore
const AROUND =
  "awsregion VARCHAR, eventid VARCHAR, eventname VARCHAR, useridentity VARCHAR, recordformat VARCHAR, tablename VARCHAR, eventsource VARCHAR";
const changeOf = (image: string, keys = image): string =>
  `approximatecreationdatetime BIGINT, approximatecreationdatetimeprecision VARCHAR, keys ${keys}, newimage ${image}, oldimage ${image}, sizebytes BIGINT`;
const nested = (image: string, keys?: string): string => `${AROUND}, dynamodb STRUCT(${changeOf(image, keys)})`;

/** How record format conversion may lay out a change: columns of the Glue table, and how the SerDe spells the record's names. */
export const LAYOUTS = {
  structs: { columns: nested(`STRUCT(id ${VALUE}, total ${VALUE}, tags ${VALUE}, note ${VALUE}, raw ${VALUE}, list ${VALUE}, deep ${VALUE}, flag ${VALUE}, nothing ${VALUE})`, `STRUCT(id STRUCT(s VARCHAR))`), spelling: "structs" }, // prettier-ignore
  maps: { columns: nested(`MAP(VARCHAR, ${VALUE})`), spelling: "maps" },
  texts: { columns: nested("MAP(VARCHAR, VARCHAR)"), spelling: "texts" },
  tags: { columns: nested("MAP(VARCHAR, MAP(VARCHAR, VARCHAR))"), spelling: "texts" },
  images: { columns: nested("VARCHAR"), spelling: "texts" },
  change: { columns: `${AROUND}, dynamodb VARCHAR`, spelling: "record" },
  flat: { columns: `${AROUND}, ${changeOf("VARCHAR")}, shard VARCHAR`, spelling: "flat" },
  record: { columns: "line VARCHAR", spelling: "line" },
} as const;
export type Layout = keyof typeof LAYOUTS;

/** Writes records as Firehose does with this layout. */
export async function writeParquet(
  duckdb: DuckDBConnection,
  file: string,
  records: readonly object[],
  layout: Layout,
): Promise<void> {
  const rows = records.map((record) => `(${quoteLiteral(JSON.stringify(spelt(record, LAYOUTS[layout].spelling)))})`);
  const type = quoteLiteral(JSON.stringify(`STRUCT(${LAYOUTS[layout].columns})`));
  const sql = `SELECT unnest(from_json(j, ${type})) FROM (VALUES ${rows.join(", ")}) AS rows(j)`;
  await duckdb.run(`COPY (${sql}) TO ${quoteLiteral(file)} (FORMAT parquet)`);
}

type Json = unknown;
type Names = Readonly<Record<string, Json>>;

/** What the SerDe makes of names before it looks for columns. */
function spelt(record: object, spelling: (typeof LAYOUTS)[Layout]["spelling"]): Json {
  if (spelling === "line") return { line: record };
  const around = lowered(record as Names);
  if (spelling === "record") return around;
  const inner = lowered(around["dynamodb"] as Names);
  const named = spelling === "texts" || spelling === "flat" ? inner : withTags(inner, spelling === "structs");
  if (spelling === "flat") {
    const { dynamodb: _, ...rest } = around;
    return { ...rest, ...named, shard: "shardId-0" };
  }
  return { ...around, dynamodb: named };
}

function withTags(change: Names, isStruct: boolean): Names {
  const images = ["keys", "newimage", "oldimage"].filter((name) => change[name] !== undefined);
  const image = (one: Names): Names => Object.fromEntries(Object.entries(one).map(([name, value]) => [isStruct ? name.toLowerCase() : name, lowered(value as Names)])); // prettier-ignore
  return { ...change, ...Object.fromEntries(images.map((name) => [name, image(change[name] as Names)])) };
}

function lowered(names: Names): Names {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [name.toLowerCase(), value]));
}
