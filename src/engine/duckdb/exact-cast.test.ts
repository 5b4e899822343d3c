import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { arrayOf, decimal, field, mapOf, struct, type DataType } from "../../contract/index.ts";
import { sqlTypeOf } from "../sql-text.ts";
import { Database } from "./database.ts";
import { lossIn } from "./exact-cast.ts";
import type { Session } from "./session.ts";

const DOING = { what: "try" };

/** Values at the edges of each of the engine's types. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ["-128", "127"],
  SMALLINT: ["-32768", "32767"],
  INTEGER: ["-2147483648", "2147483647", "16777217"],
  BIGINT: ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
  HUGEINT: ["-170141183460469231731687303715884105727", "170141183460469231731687303715884105727", "5"],
  UTINYINT: ["255"],
  USMALLINT: ["65535"],
  UINTEGER: ["4294967295", "16777217"],
  UBIGINT: ["18446744073709551615", "9007199254740993"],
  UHUGEINT: ["340282366920938463463374607431768211455"],
  FLOAT: ["0.1", "3.4e38", "'nan'", "'-inf'", "16777216"],
  DOUBLE: ["0.1", "1e308", "'nan'", "9007199254740993"],
  "DECIMAL(4,2)": ["99.99", "-0.01", "1.50"],
  "DECIMAL(38,10)": ["9999999999999999999999999999.9999999999", "0.0000000001", "1"],
  "DECIMAL(38,0)": ["99999999999999999999999999999999999999"],
  VARCHAR: ["'1'", "'true'", "'2024-01-01'", "''"],
  UUID: ["'6ecd8c99-4036-403d-bf84-cf8400f67836'"],
  BLOB: ["'\\xFF\\x00'", "'a'"],
  BOOLEAN: ["true"],
  DATE: ["'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
  TIMESTAMP: ["'2024-02-29 12:34:56.789012'", "'1969-12-31 23:59:59.999999'"],
  TIMESTAMP_S: ["'2024-02-29 12:34:56'"],
  TIMESTAMP_MS: ["'2024-02-29 12:34:56.789'"],
  TIMESTAMP_NS: ["'2024-02-29 12:34:56.789012345'"],
  "TIMESTAMP WITH TIME ZONE": ["'2024-02-29 12:34:56.789012+00'"],
  TIME: ["'12:34:56'"],
  INTERVAL: ["'1 day'"],
};

const TARGETS: readonly DataType[] = [
  ...(["string", "long", "integer", "short", "byte", "float", "double", "boolean", "binary"] as const),
  ...(["date", "timestamp", "timestamp_ntz"] as const),
  decimal(4, 2),
  decimal(18, 0),
  decimal(38, 10),
];

let folder: string;
let database: Database;
let session: Session;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cast-"));
  database = await Database.open({ memoryBytes: 2 ** 27, threads: 1, spillFolder: folder, world: simulatedWorld(1) });
  session = await database.session();
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

test("a cast that is let pass keeps every value or fails", { timeout: 60_000 }, async () => {
  let kept = 0;
  for (const [type, values] of Object.entries(VALUES)) {
    for (const target of TARGETS) {
      const [column] = await session.columns(`SELECT NULL::${type} AS x`, DOING);
      if (column === undefined || lossIn(column.type, target) !== undefined) continue;
      for (const value of values) {
        const there = `CAST(CAST(${value} AS ${type}) AS ${sqlTypeOf(target)})`;
        const sql = `SELECT CAST(${there} AS ${type}) IS NOT DISTINCT FROM CAST(${value} AS ${type})`;
        const answer = await session.rows(sql, DOING).catch(() => "failed");
        if (answer === "failed") continue;
        expect({ type, target, value, answer }).toEqual({ type, target, value, answer: [[true]] });
        kept += 1;
      }
    }
  }
  expect(kept).toBeGreaterThan(80);
});

test.for<[string, DataType, boolean]>([
  ["INTEGER[]", arrayOf("long"), true],
  ["DOUBLE[]", arrayOf("long"), false],
  ["INTEGER[3]", arrayOf("long"), true],
  ["STRUCT(a INTEGER)", struct([field("A", "long"), field("b", "string")]), true],
  ["STRUCT(a INTEGER, c INTEGER)", struct([field("a", "long")]), false],
  ["STRUCT(a DOUBLE)", struct([field("a", "long")]), false],
  ["MAP(VARCHAR, INTEGER)", mapOf("string", "long"), true],
  ["MAP(INTEGER, INTEGER)", mapOf("string", "long"), false],
  ["INTEGER", arrayOf("integer"), false],
  ["INTEGER[]", "string", false],
  ["JSON", "string", true],
  ["ENUM('a')", "string", true],
])("%s into %j: %s", async ([from, to, isExact]) => {
  const [column] = await session.columns(`SELECT NULL::${from} AS x`, DOING);
  expect(column === undefined ? "nothing" : lossIn(column.type, to) === undefined).toBe(isExact);
});
