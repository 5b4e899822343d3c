import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../../base/index.ts";
import { arrayOf, decimal, field, struct } from "../../../contract/index.ts";
import { duckdbEngine, type Engine } from "../../index.ts";
import { engineExpression } from "./spark-expression.ts";

const SCHEMA = struct([
  field("id", "long"),
  field("amount", decimal(10, 2)),
  field("Name", "string"),
  field("a b", "string"),
  field("at", "timestamp"),
  field("s", struct([field("x", "long")])),
  field("l", arrayOf("long")),
]);
const ROW = `SELECT 7::BIGINT AS id, 1.75::DECIMAL(10,2) AS amount, 'it''s' AS "Name", 'a_b' AS "a b",
  TIMESTAMPTZ '2020-02-03 04:05:06+00' AS at, {'x': 3} AS s, [1]::BIGINT[] AS l`;

describe("an expression in Spark's SQL", () => {
  let folder = "";
  let engine: Engine;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-expressions-"));
    engine = await duckdbEngine({ world: realWorld(), memoryBytes: 2 ** 28, threads: 1, spillFolder: folder });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ["id = 7 AND amount >= 1.5", true],
    ['ID == 7L and `name` <=> "it\'s"', true],
    ["NOT (id IN (1, 2, 3)) AND id BETWEEN 5 AND 9", true],
    ["`a b` LIKE 'a\\_b' AND name = 'it\\'s'", true],
    ["`a b` like '%z%'", false],
    ["CAST(amount AS INT)", 1],
    ["concat(name, NULL) IS NULL", true],
    ["concat(name, '-', upper(`a b`))", "it's-A_B"],
    ["CASE WHEN s.x > 2 THEN 'big' ELSE 'small' END", "big"],
    ["cast(at as date) = date '2020-02-03'", true],
    ["year(at) * 100 + month(at)", 202002n],
    ["date_format(at, 'yyyy-MM')", "2020-02"],
    ["substring(name, 1, 2) || 'x'", "itx"],
    ["isnull(l) OR if(id > 1, true, false)", true],
    ["coalesce(NULL, `s`.`X`) -- the end", 3],
    ["current_timestamp() > at", true],
    ["-id + 10", 3n],
    ["1.5D", 1.5],
  ])("means the same here: %s", async (expression, value) => {
    const sql = engineExpression(expression, { schema: SCHEMA, row: "r", nowMicros: 1_700_000_000_000_000n });
    expect(await engine.rows({ sql: `SELECT ${sql} AS value FROM (${ROW}) r`, inputs: {} })).toEqual([{ value }]);
  });

  test.each([
    "no_such_column > 1",
    "id / 2 > 1",
    "l[0] = 1",
    "rand() > 0.5",
    "read_text('/etc/passwd') = ''",
    "id = 1; DROP TABLE x",
    "(SELECT 1) = 1",
    "id = 1) OR (1 = 1",
    "EXISTS (SELECT 1)",
    "CAST(at AS STRING) = ''",
    "name RLIKE 'a'",
    "name LIKE `a b`",
    "substring(name, -1)",
    "date_format(at, 'EEE')",
    "id > {x}",
    "'open",
    "",
    "()",
    "CAST(id AS",
    "coalesce(id",
  ])("is refused where it does not: %s", (expression) => {
    const evaluate = (): string => engineExpression(expression, { schema: SCHEMA, row: "r", nowMicros: 0n });
    expect(evaluate).toThrow(expect.objectContaining({ code: "table.unsupported" }));
  });
});
